#ifndef MAIL_ATTACH_H
#define MAIL_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Has a message an attachment? Fed the body in chunks of any size, so that
 * no body has to be kept for this question; memory is bounded. An attachment
 * is a part with Content-Disposition: attachment, or one that is not text
 * and has a file name. Signatures (S/MIME, PGP) are none. It looks into
 * forwarded messages; deeper than BODY-12 it sees nothing.
 */
struct attach;

/* The message's own fields; "" when it has none. */
struct attach *attach_new(const char *content_type, const char *disposition);
void attach_free(struct attach **attach);

void attach_add(struct attach *attach, const void *at, size_t len);

/* True from the moment the part's header was seen. */
bool attach_is_found(const struct attach *attach);

#endif
