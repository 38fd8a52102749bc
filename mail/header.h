#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The header fields of one message in order, as the MTA gave them: values
 * verbatim, with folds as LF + white space and, where the MTA hands it over,
 * the space after the colon (HDR-7).
 */
struct header {
	const char *name;
	const char *value;
};

struct header_list {
	struct header *items;
	size_t count;
	size_t room;
	size_t bytes; /* names and values together, for the limit */
};

void header_add(struct arena *arena, struct header_list *list, struct span name,
                struct span value);

/*
 * Reads a header block (LF or CRLF, up to and without the empty line) from
 * the start of a message; *used_r is where the body starts. Lines that are
 * no field are skipped. Stops at limit fields.
 */
void header_read(struct arena *arena, struct span message, size_t limit,
                 struct header_list *list_r, size_t *used_r);

/* The n-th (from 1) of that name, without case; NULL when there is none. */
const struct header *header_find(const struct header_list *list,
                                 const char *name, size_t nth);
size_t header_count(const struct header_list *list, const char *name);

/* The first one's value unfolded and trimmed; "" when there is none. */
const char *header_text(struct arena *arena, const struct header_list *list,
                        const char *name);

/* Folds removed (RFC 5322, 2.2.3), white space at both ends trimmed. */
char *header_unfold(struct arena *arena, const char *value);

/*
 * Unfolded, with encoded-words (RFC 2047) decoded to UTF-8, control
 * characters made spaces: for people's eyes, never for another header.
 */
char *header_decode(struct arena *arena, const char *value);

/* First token in lower case with comments left out: "auto-replied". */
char *header_token(struct arena *arena, const char *value);

/*
 * Every value we write passes here (HDR-1, HDR-2): NONE, with the reason,
 * for NUL, CR, an LF that is not a fold, a line of only white space, or a
 * line over 998 octets, and for non-ASCII unless is_utf8 (I18N-4). The text
 * comes back without leading white space; the caller adds what HDR_LEADSPC
 * wants.
 */
enum result header_emit(struct arena *arena, const char *value, bool is_utf8,
                        const char **safe_r, struct error *err) MUST_CHECK;

/*
 * UTF-8 text as a phrase: plain atoms, a quoted-string, or encoded-words of
 * at most 75 characters folded with LF SP (HDR-3).
 */
char *header_phrase(struct arena *arena, const char *text);

/* UTF-8 text as unstructured text: plain ASCII or encoded-words. */
char *header_unstructured(struct arena *arena, const char *text);

#endif
