#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "web/client.h"
#include "web/rate.h"

/*
 * The HTTP server. web/http.c is the adapter for libmicrohttpd and its only
 * user. One thread talks to all clients; a request that is whole and within
 * its limits goes to one of the workers, so a slow client costs no thread
 * and a worker may wait for the disk. Absent text is "".
 */
struct http;

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OPTIONS,
	HTTP_POST,
	HTTP_OTHER
};

struct http_field {
	const char *name;
	const char *value;
};
struct http_fields {
	struct http_field *items;
	size_t count;
	size_t room;
};

/* Cookies and Authorization are not in it: nothing may depend on them. */
struct http_request {
	enum http_method method;
	const char *path; /* "/u/TOKEN", without the query */
	struct http_fields query;
	struct http_fields form; /* of a POST, either content type (LST-7) */
	const char *accept_language;
	const char *user_agent; /* for a label, never recorded */
	const char *purpose;    /* Sec-Purpose, Purpose, X-Moz: "prefetch" */
	const char *client; /* network, for the log: "192.0.2.0/24" (GDPR-11) */
};

/* What every answer carries beside (CSP and the like) is added by routes. */
struct http_answer {
	unsigned status;
	const char *type; /* "text/html; charset=utf-8" */
	struct span body;
	struct http_fields headers;
	bool is_guess; /* a wrong token: costs its client more (web/rate.h) */
};

/* The value of the first field of that name, or "". */
const char *http_value(const struct http_fields *fields, const char *name);
/* Is there a field of that name with that value? */
bool http_has(const struct http_fields *fields, const char *name,
              const char *value);
void http_add(struct arena *arena, struct http_fields *fields, const char *name,
              const char *value);

/* Called by the workers, many at once. answer is zeroed. */
typedef void http_handle(void *context, struct arena *arena,
                         const struct http_request *request,
                         struct http_answer *answer);

struct http_options {
	const char *listen;      /* 127.0.0.1:8893, [::1]:8893, unix:/path */
	const char *certificate; /* PEM, with its chain; "": no TLS */
	const char *key;
	struct client_trust trust; /* borrowed */
	unsigned rate_count;       /* requests of one client network... */
	int64_t rate_ms;           /* ...in that time; 0: no limit */
	unsigned connections;      /* of one client network at a time */
	int64_t timeout_ms;        /* for a request to be whole */
	http_handle *handle;
	void *context;
};

/*
 * Listens, or takes the socket that systemd hands over. BAD: the address is
 * taken or not ours, the certificate does not fit its key.
 */
enum result http_open(const struct http_options *options, struct http **http_r,
                      struct error *err) MUST_CHECK;

/*
 * Other options on the same socket: what is under way is answered by the old
 * ones, what comes meanwhile waits. BAD: the old ones stay.
 */
enum result http_change(struct http *http, const struct http_options *options,
                        struct error *err) MUST_CHECK;

/* No new requests; those under way are answered, at most wait_ms. */
void http_close(struct http **http, int64_t wait_ms);

#endif
