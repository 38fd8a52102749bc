#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Addresses as text "local@domain": no angle brackets, local part as it was
 * written (quotes kept), never changed in case except by address_normal.
 */

/* One mailbox of a From, To or Reply-To field. */
struct mailbox {
	struct span display; /* verbatim: quotes and encoded-words kept */
	const char *address; /* "local@domain"; "" when there is none */
	struct span spot;    /* where the addr-spec stands in the value */
};

struct mailbox_list {
	struct mailbox *items;
	size_t count;
	size_t room;
	bool has_group; /* RFC 5322 group syntax, RFC 6854 empty group too */
	bool is_broken; /* something in it is not a mailbox */
};

/*
 * Reads a mailbox-list or address-list: folds, comments, quoted strings,
 * groups, obsolete routes, bare addresses. Never fails: what cannot be read
 * sets is_broken. Stops at limit mailboxes. Spans point into value.
 */
void mailbox_read(struct arena *arena, const char *value, size_t limit,
                  struct mailbox_list *list_r);

/*
 * The address in an SMTP path (MLT-7): "<a@b>", "a@b", "<>", "",
 * "<@route:a@b>", and anything after a space left out (sendmail 8.17.1).
 * The null sender gives "".
 */
char *address_from_path(struct arena *arena, const char *path);

struct span address_local(const char *address);  /* all before the last @ */
struct span address_domain(const char *address); /* "" without an @ */

/*
 * For matching and hashing only (GDPR-7): the whole in lower case by ASCII,
 * a domain in UTF-8 left as it is, a trailing dot dropped; tags and dots of
 * the local part kept.
 */
char *address_normal(struct arena *arena, const char *address);

/* Local part byte-equal, domain without case (F-2, MDN-2). */
bool address_same(const char *a, const char *b);

/*
 * Splits "recu+TOKEN@example.fr" by the base address "recu@example.fr" and a
 * delimiter: true with the extension (may be empty when there is none).
 * Local part and domain are compared without case: some systems fold it.
 */
bool address_extension(const char *address, const char *base, char delimiter,
                       struct span *extension_r);

/* "recu@example.fr", '+', "TOKEN" -> "recu+TOKEN@example.fr" */
char *address_with_extension(struct arena *arena, const char *base,
                             char delimiter, const char *extension);

/*
 * ADR-5: by the local part, lower-cased, without +tag and trailing digits
 * and the separators - _ . : noreply, donotreply, nereply, nepasrepondre,
 * nonrispondere, keineantwort, norespond*. Never a substring (monoreply).
 */
bool address_is_no_reply(const char *address);

/* A few bytes of it for the log (GDPR-15): "a***@example.com". */
char *address_mask(struct arena *arena, const char *address);

/* Could stand in an SMTP path: one @, sizes of RFC 5321 4.5.3.1, no CTL. */
bool address_is_valid(const char *address);

#endif
