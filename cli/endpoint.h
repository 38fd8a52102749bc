#ifndef CLI_ENDPOINT_H
#define CLI_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Where a filter listens. libmilter and Sendmail write inet:PORT@HOST,
 * Postfix inet:HOST:PORT, and all write unix:PATH (MLT-29).
 */
struct endpoint {
	bool is_unix;
	const char *path; /* or the host, without brackets */
	unsigned port;    /* 0 for a Unix socket */
};

/* False: not of that form. */
bool endpoint_of_libmilter(struct arena *arena, struct span text,
                           struct endpoint *endpoint_r);
/* A path without a leading slash is below queue. */
bool endpoint_of_postfix(struct arena *arena, struct span text,
                         const char *queue, struct endpoint *endpoint_r);

/* "localhost", "127.0.0.1" and "" for any are the same host here. */
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

/* As it would stand in smtpd_milters. */
char *endpoint_for_postfix(struct arena *arena,
                           const struct endpoint *endpoint);

/*
 * Connects and offers milter protocol 6. RETRY: nobody listens there; BAD:
 * what answers is no milter.
 */
enum result endpoint_greet(const struct endpoint *endpoint,
                           struct error *err) MUST_CHECK;

#endif
