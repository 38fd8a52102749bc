/*
 * bare_web PORT: the least that a libmicrohttpd can do with a POST: take the
 * body, answer 200. What avis-web is measured beside.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

/* NOLINTBEGIN(readability-function-size): libmicrohttpd's parameters. */
static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *size, void **place)
{
	static char seen;
	static char body[] = "ok\n";
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)context, (void)url, (void)method, (void)version, (void)data;
	if (*place == NULL || *size > 0) {
		*place = &seen;
		*size = 0;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(sizeof(body) - 1, body,
	                                           MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}
/* NOLINTEND(readability-function-size) */

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct MHD_Daemon *daemon;

	if (argc != 2) {
		fputs("usage: bare_web PORT\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
	                          on_request, NULL, MHD_OPTION_SOCK_ADDR, &at,
	                          MHD_OPTION_LISTENING_ADDRESS_REUSE, 1,
	                          MHD_OPTION_END);
	if (daemon == NULL)
		return 1;
	for (;;)
		pause();
}
