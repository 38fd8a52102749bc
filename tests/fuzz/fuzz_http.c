#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/token.h"
#include "web/http.h"
#include "web/language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATIENCE_US 20000
#define BODY_BYTES  4096
#define FIELDS      64

/* What the server promises its handlers, whatever comes. */
static void
check_fields(const struct http_fields *fields)
{
	size_t bytes = 0;

	if (fields->count > FIELDS)
		abort();
	for (size_t i = 0; i < fields->count; i++)
		bytes += strlen(fields->items[i].name) +
		         strlen(fields->items[i].value);
	if (bytes > (size_t)4 * BODY_BYTES)
		abort();
}

static void
handle(void *context, struct arena *arena, const struct http_request *request,
       struct http_answer *answer)
{
	const struct language_wishes wishes = {
		http_value(&request->query, "lang"), "",
		request->accept_language, "en"
	};
	struct message_id id;

	(void)arena;
	check_fields(&request->query);
	check_fields(&request->form);
	if (request->method != HTTP_POST && request->form.count > 0)
		abort();
	if (strlen(request->client) < 4 || strchr(request->client, '/') == NULL)
		abort();
	/* Fresh keys: nothing that comes can be of ours. */
	if (strlen(request->path) > 3 &&
	    token_check_url(context, TOKEN_UNSUBSCRIBE,
	                    span_of(request->path + 3), &id))
		abort();
	if (language_choose(&wishes) >= LANGUAGES)
		abort();
	answer->status = 200;
	answer->type = "text/plain";
	answer->body = span_of(request->path);
}

static char path[64];

static void
remove_socket(void)
{
	unlink(path);
}

/* A Unix socket: its peer is a proxy, so X-Forwarded-For is read. */
static void
start_server(void)
{
	static struct http *http;
	char listen[80];
	struct http_options options = {
		.listen = listen,
		.certificate = "",
		.key = "",
		.connections = 100,
		.timeout_ms = 200,
		.handle = handle,
	};
	struct error err;

	if (http != NULL)
		return;
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "/tmp/avis-fuzz-%d", (int)getpid());
	snprintf(listen, sizeof(listen), "unix:%s", path);
	options.context = keyring_passing();
	if (http_open(&options, &http, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	atexit(remove_socket);
}

/* The bytes of a connection; whatever the answer, it ends. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_usec = PATIENCE_US };
	char got[4096];
	int fd;

	start_server();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(to.sun_path, path, strlen(path));
	/* Half a request is waited for; we do not wait with it. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		abort();
	if (send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size)
		shutdown(fd, SHUT_WR);
	while (recv(fd, got, sizeof(got), 0) > 0)
		continue;
	close(fd);
	return 0;
}
