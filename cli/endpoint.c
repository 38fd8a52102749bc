#include "cli/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define GREET_S 3

static bool
read_port(struct span text, unsigned *port_r)
{
	unsigned port = 0;

	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	*port_r = port;
	return port > 0 && port < 65536;
}

static struct span
without_brackets(struct span host)
{
	if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		return span_make(host.at + 1, host.len - 2);
	return host;
}

static bool
take_kind(struct span *text, bool *is_unix_r)
{
	static const struct {
		const char *name;
		bool is_unix;
	} kinds[] = { { "unix:", true },
		      { "local:", true },
		      { "inet:", false },
		      { "inet6:", false } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_starts(*text, kinds[i].name)) {
			*text = span_skip(*text, strlen(kinds[i].name));
			*is_unix_r = kinds[i].is_unix;
			return true;
		}
	return false;
}

bool
endpoint_of_libmilter(struct arena *arena, struct span text,
                      struct endpoint *endpoint_r)
{
	struct endpoint found = { 0 };
	size_t at;

	if (!take_kind(&text, &found.is_unix)) {
		/* libmilter takes a bare path for a Unix socket. */
		found.is_unix = text.len > 0 && text.at[0] == '/';
		if (!found.is_unix)
			return false;
	}
	at = span_find(text, '@', 0);
	if (!found.is_unix && !read_port(span_take(text, at), &found.port))
		return false;
	if (!found.is_unix)
		text = without_brackets(span_skip(text, at + 1));
	found.path = arena_strndup(arena, text.at, text.len);
	*endpoint_r = found;
	return !found.is_unix || text.len > 0;
}

static size_t
last_colon(struct span text)
{
	size_t at = text.len;

	while (at > 0 && text.at[at - 1] != ':')
		at--;
	return at;
}

bool
endpoint_of_postfix(struct arena *arena, struct span text, const char *queue,
                    struct endpoint *endpoint_r)
{
	struct endpoint found = { 0 };
	struct span host;
	size_t colon;

	if (!take_kind(&text, &found.is_unix) || text.len == 0)
		return false;
	if (found.is_unix) {
		found.path = text.at[0] == '/'
		                     ? arena_strndup(arena, text.at, text.len)
		                     : arena_printf(arena, "%s/%.*s", queue,
		                                    SPAN_ARG(text));
		*endpoint_r = found;
		return true;
	}
	colon = last_colon(text);
	if (colon == 0 || !read_port(span_skip(text, colon), &found.port))
		return false;
	host = without_brackets(span_take(text, colon - 1));
	found.path = arena_strndup(arena, host.at, host.len);
	*endpoint_r = found;
	return true;
}

static bool
is_this_host(const char *host)
{
	static const char *const names[] = { "",    "localhost", "127.0.0.1",
		                             "::1", "0.0.0.0",   "::" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_is(host, names[i]))
			return true;
	return false;
}

/* Slashes that stand twice, and a trailing one, mean nothing. */
static bool
same_path(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		while (a[0] == '/' && (a[1] == '/' || a[1] == '\0'))
			a++;
		while (b[0] == '/' && (b[1] == '/' || b[1] == '\0'))
			b++;
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return true;
}

bool
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	if (a->is_unix != b->is_unix || a->port != b->port)
		return false;
	if (a->is_unix)
		return same_path(a->path, b->path);
	return text_is(a->path, b->path) ||
	       (is_this_host(a->path) && is_this_host(b->path));
}

char *
endpoint_for_postfix(struct arena *arena, const struct endpoint *endpoint)
{
	const char *host = endpoint->path;

	if (endpoint->is_unix)
		return arena_printf(arena, "unix:%s", endpoint->path);
	if (is_this_host(host))
		host = strchr(host, ':') != NULL ? "::1" : "127.0.0.1";
	return arena_printf(arena,
	                    strchr(host, ':') != NULL ? "inet:[%s]:%u"
	                                              : "inet:%s:%u",
	                    host, endpoint->port);
}

/* --- asking it ------------------------------------------------------- */

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static int
connect_inet(const char *host, unsigned port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char service[8];
	int fd;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(is_this_host(host) && strchr(host, ':') == NULL
	                        ? "127.0.0.1"
	                        : host,
	                service, &hints, &found) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		int why = errno;

		close(fd);
		errno = why;
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* Version 6, all actions, no step left out. */
static const unsigned char offer[] = { 0, 0, 0, 13,   'O', 0,    0,    0,   6,
	                               0, 0, 1, 0xff, 0,   0x1f, 0xff, 0xff };
static const unsigned char quit[] = { 0, 0, 0, 1, 'Q' };

enum result
endpoint_greet(const struct endpoint *endpoint, struct error *err)
{
	const struct timeval patience = { .tv_sec = GREET_S };
	unsigned char answer[5] = { 0 };
	ssize_t n;
	int fd = endpoint->is_unix
	                 ? connect_unix(endpoint->path)
	                 : connect_inet(endpoint->path, endpoint->port);

	if (fd < 0) {
		error_errno(err, errno, "connect");
		return RESULT_RETRY;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	                 sizeof(patience));
	n = send(fd, offer, sizeof(offer), MSG_NOSIGNAL);
	if (n == (ssize_t)sizeof(offer))
		n = recv(fd, answer, sizeof(answer), MSG_WAITALL);
	(void)send(fd, quit, sizeof(quit), MSG_NOSIGNAL);
	close(fd);
	if (n == (ssize_t)sizeof(answer) && answer[4] == 'O')
		return RESULT_OK;
	error_set(err, "it does not answer as a filter does");
	return RESULT_BAD;
}
