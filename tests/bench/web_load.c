/*
 * web_load [--connections N] [--keep] [--get] [--log FILE] PORT <PATHS
 *
 * Posts List-Unsubscribe=One-Click to each path of standard input, once, on
 * 127.0.0.1, N at a time; a fresh connection for each, or with --keep one
 * for many. Prints JSON: how many of each status, rate, times in
 * microseconds. --log: a line "STATUS PATH" as each answer comes, so that
 * what was answered is known although a server is killed.
 */
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define THREADS_MAX 512
#define LINE_BYTES  256
#define ANSWER_MAX  65536
#define STATUS_MAX  600

static const char body[] = "List-Unsubscribe=One-Click";

struct load {
	char (*paths)[LINE_BYTES];
	long count;
	_Atomic long next;
	unsigned short port;
	bool keeps;
	bool is_get;
	FILE *log;
	_Atomic long statuses[STATUS_MAX]; /* 0: no answer */
	int64_t *took_us;
};

static int
dial(const struct load *load)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	to.sin_port = htons(load->port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The whole of one answer; its status, or 0. */
static int
read_answer(int fd)
{
	static _Thread_local char got[ANSWER_MAX + 1];
	size_t len = 0, want = 0;

	while (want == 0 || len < want) {
		ssize_t more = recv(fd, got + len, ANSWER_MAX - len, 0);
		const char *end, *size;

		if (more <= 0)
			return 0;
		len += (size_t)more;
		got[len] = '\0';
		end = strstr(got, "\r\n\r\n");
		if (end == NULL || want != 0)
			continue;
		size = strstr(got, "Content-Length: ");
		want = (size_t)(end + 4 - got) +
		       (size != NULL && size < end
		                ? strtoul(size + 16, NULL, 10)
		                : 0);
	}
	return len > 12 ? (int)strtol(got + 9, NULL, 10) : 0;
}

static int
ask(const struct load *load, int fd, const char *path)
{
	char text[LINE_BYTES * 2];
	int len =
		load->is_get
			? snprintf(text, sizeof(text),
	                           "GET %s HTTP/1.1\r\nHost: t.example\r\n\r\n",
	                           path)
			: snprintf(text, sizeof(text),
	                           "POST %s HTTP/1.1\r\nHost: t.example\r\n"
	                           "Content-Type: application/"
	                           "x-www-form-urlencoded\r\n"
	                           "Content-Length: %zu\r\n\r\n%s",
	                           path, sizeof(body) - 1, body);

	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		return 0;
	return read_answer(fd);
}

static void *
run(void *context)
{
	struct load *load = context;
	int fd = -1;
	long i;

	while ((i = load->next++) < load->count) {
		int64_t start_us = clock_steady_us();
		int status = 0;

		if (fd < 0)
			fd = dial(load);
		if (fd >= 0)
			status = ask(load, fd, load->paths[i]);
		load->took_us[i] = clock_steady_us() - start_us;
		load->statuses[status >= 0 && status < STATUS_MAX ? status
		                                                  : 0]++;
		if (load->log != NULL)
			fprintf(load->log, "%d %s\n", status, load->paths[i]);
		if (fd >= 0 && (!load->keeps || status == 0)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void
read_paths(struct load *load)
{
	long room = 1024;
	char line[LINE_BYTES];

	load->paths = memory_get((size_t)room * LINE_BYTES);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, " \n")] = '\0';
		if (load->count == room) {
			room *= 2;
			load->paths = memory_resize(load->paths,
			                            (size_t)room * LINE_BYTES);
		}
		memcpy(load->paths[load->count++], line, sizeof(line));
	}
	load->took_us = memory_zeroed((size_t)load->count + 1, sizeof(int64_t));
}

static int
compare(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void
report(struct load *load, int64_t took_us)
{
	const char *comma = "";

	qsort(load->took_us, (size_t)load->count, sizeof(int64_t), compare);
	printf("{\"count\": %ld, \"rate\": %.1f, \"median_us\": %lld, "
	       "\"p99_us\": %lld, \"max_us\": %lld, \"statuses\": {",
	       load->count, (double)load->count / (double)took_us * 1e6,
	       (long long)load->took_us[load->count / 2],
	       (long long)load->took_us[load->count * 99 / 100],
	       (long long)load->took_us[load->count > 0 ? load->count - 1 : 0]);
	for (int i = 0; i < STATUS_MAX; i++)
		if (load->statuses[i] > 0) {
			printf("%s\"%d\": %ld", comma, i, load->statuses[i]);
			comma = ", ";
		}
	puts("}}");
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' },
		{ "keep", no_argument, NULL, 'k' },
		{ "get", no_argument, NULL, 'g' },
		{ "log", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	static struct load load;
	pthread_t threads[THREADS_MAX];
	size_t count = 10;
	int64_t start_us;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 'c')
			count = strtoul(optarg, NULL, 10);
		else if (option == 'k')
			load.keeps = true;
		else if (option == 'g')
			load.is_get = true;
		else if (option == 'l')
			load.log = fopen(optarg, "w");
		else
			return 2;
	if (optind + 1 != argc || count == 0 || count > THREADS_MAX) {
		fputs("usage: web_load [--connections N] [--keep] [--get] "
		      "[--log FILE] PORT <PATHS\n",
		      stderr);
		return 2;
	}
	load.port = (unsigned short)strtoul(argv[optind], NULL, 10);
	if (load.log != NULL)
		setvbuf(load.log, NULL, _IOLBF, 0);
	read_paths(&load);
	start_us = clock_steady_us();
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run, &load) != 0)
			return 1;
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	report(&load, clock_steady_us() - start_us);
	return 0;
}
