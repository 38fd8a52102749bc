#ifndef BASE_TRANSFER_H
#define BASE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Something goes to another machine, or comes from there: by HTTP or by
 * SMTP. base/transfer.c is the adapter for libcurl and its only user.
 * Certificates are checked; a site's own authority is named in SSL_CERT_FILE.
 * No redirect is followed, no proxy is used, no user's files are read.
 */
struct transfer; /* a connection kept for the next one; one user at a time */

struct transfer *transfer_new(void);
void transfer_free(struct transfer **transfer);

struct transfer_request {
	const char *url;            /* http: or https: */
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	bool is_post;
	struct span body;
	int64_t timeout_ms;
	size_t answer_limit; /* bytes; 0: the answer's body is not kept */
};
struct transfer_answer {
	long status; /* 200... */
	struct span body;
	time_ms_t certificate_ends; /* of the server; 0: it showed none */
};
/*
 * OK: there is an answer, whatever its status. RETRY: there is none (no
 * connection, too slow, answer over its limit). BAD: the URL cannot be used.
 */
enum result transfer_run(struct arena *arena, struct transfer *transfer,
                         const struct transfer_request *request,
                         struct transfer_answer *answer_r,
                         struct error *err) MUST_CHECK;

struct transfer_mail {
	const char *url;  /* smtp://127.0.0.1:25 */
	const char *from; /* envelope sender, "" for the null sender */
	const char *const *to;
	size_t to_count;
	struct span message; /* header and body, CRLF line ends */
	int64_t timeout_ms;
};
/*
 * OK: the server took it for all of them. RETRY: 4xx or no answer. BAD: 5xx.
 * The text has the server's words.
 */
enum result transfer_send(struct transfer *transfer,
                          const struct transfer_mail *mail,
                          struct error *err) MUST_CHECK;

#endif
