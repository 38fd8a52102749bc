#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes in place, not ours and not ended by NUL: what parsers hand around.
 * Letters are compared by ASCII, never by locale.
 */
struct span {
	const char *at;
	size_t len;
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })
#define SPAN_FMT      "%.*s"
#define SPAN_ARG(s)   (int)(s).len, (s).at

struct span span_of(const char *text);
struct span span_make(const char *at, size_t len);
struct span span_skip(struct span s, size_t count); /* count > len: empty */
struct span span_take(struct span s, size_t count);
struct span span_trim(struct span s); /* SP, HTAB, CR, LF at both ends */

bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b);
bool span_is(struct span s, const char *text);     /* without case */
bool span_starts(struct span s, const char *text); /* without case */
bool span_ends(struct span s, const char *text);   /* without case */

/* Position of byte or of text (without case) from start; len when absent. */
size_t span_find(struct span s, char byte, size_t start);
size_t span_find_text(struct span s, const char *text, size_t start);

/*
 * Takes the next line off *rest, without its CRLF or LF. False at the end.
 */
bool span_line(struct span *rest, struct span *line_r);

/* ASCII only; every other byte comes back unchanged. */
char ascii_lower(char c);
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);
bool ascii_is_space(char c); /* SP HTAB CR LF VT FF */
/* The value of a hex digit, or -1. */
int ascii_hex(char c);
/* Whole strings without case; as strcasecmp in the C locale. */
bool text_is(const char *a, const char *b);
bool text_starts(const char *text, const char *start);

#endif
