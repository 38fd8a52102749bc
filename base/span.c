#include "base/span.h"

#include <string.h>

struct span
span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

struct span
span_make(const char *at, size_t len)
{
	return (struct span){ at, len };
}

struct span
span_skip(struct span s, size_t count)
{
	if (count > s.len)
		count = s.len;
	return (struct span){ s.at + count, s.len - count };
}

struct span
span_take(struct span s, size_t count)
{
	return (struct span){ s.at, count < s.len ? count : s.len };
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && ascii_is_space(s.at[0]))
		s = span_skip(s, 1);
	while (s.len > 0 && ascii_is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

bool
span_is(struct span s, const char *text)
{
	return span_equal_nocase(s, span_of(text));
}

bool
span_starts(struct span s, const char *text)
{
	return span_is(span_take(s, strlen(text)), text);
}

bool
span_ends(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && span_is(span_skip(s, s.len - len), text);
}

size_t
span_find(struct span s, char byte, size_t start)
{
	if (start >= s.len)
		return s.len;

	const char *at = memchr(s.at + start, byte, s.len - start);

	return at == NULL ? s.len : (size_t)(at - s.at);
}

size_t
span_find_text(struct span s, const char *text, size_t start)
{
	size_t len = strlen(text);

	if (len == 0)
		return start < s.len ? start : s.len;
	for (size_t i = start; i + len <= s.len; i++)
		if (ascii_lower(s.at[i]) == ascii_lower(text[0]) &&
		    span_is(span_make(s.at + i, len), text))
			return i;
	return s.len;
}

bool
span_line(struct span *rest, struct span *line_r)
{
	if (rest->len == 0)
		return false;

	size_t end = span_find(*rest, '\n', 0);

	*line_r = span_take(*rest, end);
	*rest = span_skip(*rest, end + 1);
	if (line_r->len > 0 && line_r->at[line_r->len - 1] == '\r')
		line_r->len--;
	return true;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
ascii_is_alpha(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool
ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int
ascii_hex(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
text_is(const char *a, const char *b)
{
	return span_equal_nocase(span_of(a), span_of(b));
}

bool
text_starts(const char *text, const char *start)
{
	return span_starts(span_of(text), start);
}
