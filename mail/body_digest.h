#ifndef MAIL_BODY_DIGEST_H
#define MAIL_BODY_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

/*
 * SHA-256 over a body, fed in chunks of any size (EVD-7a): every line end
 * (CRLF, LF or a lone CR) counts as CRLF, empty lines at the end are left
 * out, and a body that is not empty ends in one CRLF, as in DKIM "simple"
 * (RFC 6376, 3.4.3); an empty body counts as one CRLF.
 */
struct body_digest;

struct body_digest *body_digest_new(void);
void body_digest_free(struct body_digest **body);
void body_digest_add(struct body_digest *body, const void *at, size_t len);

/* Gives the sum and starts again from nothing. */
void body_digest_take(struct body_digest *body, uint8_t sum_r[DIGEST_BYTES]);

/* Forgets what was added; free of cost when nothing was. */
void body_digest_reset(struct body_digest *body);

#endif
