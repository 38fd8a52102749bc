#include "mail/header.h"

#include <string.h>

#include "base/encode.h"
#include "mail/mime.h"

#define LINE_LIMIT  998 /* RFC 5322, 2.1.1: without CRLF */
#define PLAIN_LIMIT 900 /* leaves room for the field's name */

/* Base64 of 45 bytes and "=?utf-8?B??=" make 72; the first shares a line. */
#define WORD_BYTES       45
#define FIRST_WORD_BYTES 30

void
header_add(struct arena *arena, struct header_list *list, struct span name,
           struct span value)
{
	struct header *header =
		arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*header));
	char *text = arena_strndup(arena, value.at, value.len);

	for (size_t i = 0; i < value.len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	header->name = arena_strndup(arena, name.at, name.len);
	header->value = text;
	list->bytes += name.len + value.len;
}

/* The next line without its end, however many CR stand before the LF. */
static bool
next_line(struct span *rest, struct span *line_r)
{
	if (!span_line(rest, line_r))
		return false;
	while (line_r->len > 0 && line_r->at[line_r->len - 1] == '\r')
		line_r->len--;
	return true;
}

static bool
is_name_byte(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

/* Length of the field name a line starts with; 0 when it is no field. */
static size_t
name_length(struct span line)
{
	size_t len = 0;

	while (len < line.len && is_name_byte(line.at[len]))
		len++;

	size_t colon = len;

	while (colon < line.len &&
	       (line.at[colon] == ' ' || line.at[colon] == '\t'))
		colon++;
	return colon < line.len && line.at[colon] == ':' ? len : 0;
}

static bool
is_fold(struct span rest)
{
	return rest.len > 0 && (rest.at[0] == ' ' || rest.at[0] == '\t');
}

/* A line of white space is the end, unless a fold or a field follows. */
static bool
is_end(struct span line, struct span rest)
{
	if (line.len == 0)
		return true;
	return span_trim(line).len == 0 && !is_fold(rest);
}

/* Copies the value without CR, so that folds are LF + white space. */
static struct span
without_cr(struct arena *arena, struct span value)
{
	if (span_find(value, '\r', 0) == value.len)
		return value;

	char *copy = arena_strndup(arena, value.at, value.len);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] != '\r')
			copy[len++] = value.at[i];
	return span_make(copy, len);
}

void
header_read(struct arena *arena, struct span message, size_t limit,
            struct header_list *list_r, size_t *used_r)
{
	struct span rest = message;
	struct span line;

	*list_r = (struct header_list){ 0 };
	while (next_line(&rest, &line) && !is_end(line, rest)) {
		size_t len = name_length(line);
		struct span whole = line;

		while (is_fold(rest)) {
			struct span before = rest;

			next_line(&rest, &line);
			if (span_trim(line).len == 0 && !is_fold(rest)) {
				rest = before;
				break;
			}
			whole.len = (size_t)(line.at + line.len - whole.at);
		}
		if (len == 0 || list_r->count >= limit)
			continue;

		size_t colon = span_find(whole, ':', len);
		header_add(arena, list_r, span_take(whole, len),
		           without_cr(arena, span_skip(whole, colon + 1)));
	}
	*used_r = message.len - rest.len;
}

const struct header *
header_find(const struct header_list *list, const char *name, size_t nth)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_is(list->items[i].name, name) && --nth == 0)
			return &list->items[i];
	return NULL;
}

size_t
header_count(const struct header_list *list, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += text_is(list->items[i].name, name);
	return count;
}

const char *
header_text(struct arena *arena, const struct header_list *list,
            const char *name)
{
	const struct header *header = header_find(list, name, 1);

	return header == NULL ? "" : header_unfold(arena, header->value);
}

char *
header_unfold(struct arena *arena, const char *value)
{
	struct span trimmed = span_trim(span_of(value));
	char *text = arena_strndup(arena, trimmed.at, trimmed.len);
	size_t len = 0;

	/* Some writers fold with nothing but white space between two LF. */
	for (size_t i = 0; i < trimmed.len; i++)
		if (text[i] != '\n' && text[i] != '\r')
			text[len++] = text[i];
	text[len] = '\0';
	return text;
}

/* Nearly all values: then nothing needs decoding. */
static bool
is_plain_text(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80 ||
		    (text[0] == '=' && text[1] == '?'))
			return false;
	return true;
}

char *
header_decode(struct arena *arena, const char *value)
{
	char *unfolded = header_unfold(arena, value);
	char *text = is_plain_text(unfolded)
	                     ? unfolded
	                     : mime_decode_words(arena, span_of(unfolded));

	for (size_t i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	return text;
}

/* What stands behind white space and comments (RFC 5322, 3.2.2). */
static struct span
skip_comments(struct span s)
{
	size_t depth = 0;
	size_t i = 0;

	for (; i < s.len; i++) {
		if (depth > 0 && s.at[i] == '\\')
			i++;
		else if (s.at[i] == '(')
			depth++;
		else if (s.at[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !ascii_is_space(s.at[i]))
			break;
	}
	return span_skip(s, i);
}

char *
header_token(struct arena *arena, const char *value)
{
	struct span s = skip_comments(span_of(value));
	size_t len = 0;

	while (len < s.len && !ascii_is_space(s.at[len]) &&
	       strchr(";,()\"", s.at[len]) == NULL)
		len++;

	char *token = arena_strndup(arena, s.at, len);

	for (size_t i = 0; i < len; i++)
		token[i] = ascii_lower(token[i]);
	return token;
}

static const char *
line_problem(struct span line)
{
	if (line.len > LINE_LIMIT)
		return "a line is over 998 octets";
	if (span_trim(line).len == 0)
		return "a line holds only white space";
	return NULL;
}

static const char *
emit_problem(struct span value, bool is_utf8)
{
	if (memchr(value.at, '\r', value.len) != NULL)
		return "it holds a carriage return";
	if (!is_utf8)
		for (size_t i = 0; i < value.len; i++)
			if ((unsigned char)value.at[i] >= 0x80)
				return "it is not ASCII";
	if (!mime_is_utf8(value))
		return "it is not valid UTF-8";
	if (value.len > 0 && value.at[value.len - 1] == '\n')
		return "it ends in a line feed";

	struct span rest = value;
	struct span line;

	while (span_line(&rest, &line)) {
		const char *problem = line_problem(line);

		if (problem != NULL)
			return problem;
		if (rest.len > 0 && !is_fold(rest))
			return "a line feed in it is not a fold";
	}
	return NULL;
}

enum result
header_emit(struct arena *arena, const char *value, bool is_utf8,
            const char **safe_r, struct error *err)
{
	struct span given = span_of(value);

	while (given.len > 0 && (given.at[0] == ' ' || given.at[0] == '\t'))
		given = span_skip(given, 1);

	const char *problem = emit_problem(given, is_utf8);

	if (problem != NULL) {
		error_set(err, "header value refused: %s", problem);
		return RESULT_NONE;
	}
	*safe_r = arena_strndup(arena, given.at, given.len);
	return RESULT_OK;
}

static bool
is_atom_byte(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Printable ASCII that nobody takes for an encoded-word. */
static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || (unsigned char)text.at[i] >= 0x7f)
			return false;
	return text.len <= PLAIN_LIMIT &&
	       span_find_text(text, "=?", 0) == text.len;
}

/* As much of text as fits, never cutting a character. */
static size_t
whole_characters(struct span text, size_t limit)
{
	if (text.len <= limit)
		return text.len;

	size_t len = limit;

	while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--;
	return len > 0 ? len : limit;
}

static char *
encode_words(struct arena *arena, struct span text)
{
	char word[ENCODE_BASE64URL_SIZE(WORD_BYTES) + 3];
	size_t words = text.len / (FIRST_WORD_BYTES - 4) + 2;
	char *out = arena_alloc(arena, words * 78);
	size_t used = 0;
	size_t limit = FIRST_WORD_BYTES;

	while (text.len > 0) {
		size_t len = whole_characters(text, limit);

		encode_base64url(text.at, len, word);
		size_t n = strlen(word);
		for (size_t i = 0; i < n; i++)
			if (word[i] == '-')
				word[i] = '+';
			else if (word[i] == '_')
				word[i] = '/';
		while (n % 4 != 0)
			word[n++] = '=';
		memcpy(out + used, used == 0 ? "" : "\n ", used == 0 ? 0 : 2);
		used += used == 0 ? 0 : 2;
		memcpy(out + used, "=?utf-8?B?", 10);
		memcpy(out + used + 10, word, n);
		memcpy(out + used + 10 + n, "?=", 2);
		used += n + 12;
		text = span_skip(text, len);
		limit = WORD_BYTES;
	}
	out[used] = '\0';
	return out;
}

/* UTF-8 whatever comes in, and nothing that breaks a line. */
static struct span
clean(struct arena *arena, const char *text)
{
	struct span utf8 = mime_to_utf8(arena, span_of(text), "utf-8");
	char *copy = arena_strndup(arena, utf8.at, utf8.len);

	for (size_t i = 0; i < utf8.len; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
	return span_trim(span_make(copy, utf8.len));
}

static char *
quote(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len * 2 + 3);
	size_t len = 0;

	out[len++] = '"';
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			out[len++] = '\\';
		out[len++] = text.at[i];
	}
	out[len++] = '"';
	out[len] = '\0';
	return out;
}

char *
header_phrase(struct arena *arena, const char *text)
{
	struct span given = clean(arena, text);

	if (!is_plain(given))
		return encode_words(arena, given);
	for (size_t i = 0; i < given.len; i++)
		if (!is_atom_byte(given.at[i]) && given.at[i] != ' ')
			return quote(arena, given);
	return arena_strndup(arena, given.at, given.len);
}

char *
header_unstructured(struct arena *arena, const char *text)
{
	struct span given = clean(arena, text);

	if (!is_plain(given))
		return encode_words(arena, given);
	return arena_strndup(arena, given.at, given.len);
}
