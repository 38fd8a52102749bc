#ifndef MAIL_PART_DIGESTS_H
#define MAIL_PART_DIGESTS_H

#include "base/buf.h"
#include "mail/outline.h"
#include "mail/splice.h"

/*
 * What each part of a message is, for the record: one line a part, in their
 * order, of those that hold no others:
 *
 *     1.2 application/pdf 48123 BASE64URL Facture.pdf
 *
 * its path (IMAP's, RFC 3501, 6.4.5), type, size and SHA-256 of the bytes
 * behind its transfer encoding (what one gets who saves the attachment), and
 * its file name, when it has one. Nothing for a message that is not well
 * formed: its body's digest stands for it. Memory is bounded.
 */
#define PART_DIGESTS_LIMIT ((size_t)48 * 1024)

void part_digests(const struct outline_head *head,
                  const struct body_source *body, struct buf *lines);

#endif
