#include "mail/content.h"

#include <string.h>

#include "base/buf.h"

#define VALUE_LIMIT 8192 /* REP-13 */

struct parameter {
	struct span name; /* without the marks of RFC 2231 */
	struct span text; /* with its quotes */
	bool is_extended; /* "name*": percent signs, perhaps a charset */
	bool is_first;
};

static size_t
skip_quoted(struct span s, size_t i)
{
	for (i++; i < s.len && s.at[i] != '"'; i++)
		if (s.at[i] == '\\')
			i++;
	return i < s.len ? i + 1 : s.len;
}

static size_t
skip_space(struct span s, size_t i)
{
	while (i < s.len && ascii_is_space(s.at[i]))
		i++;
	return i;
}

static size_t
skip_comment(struct span s, size_t i)
{
	size_t depth = 0;

	for (; i < s.len; i++) {
		if (s.at[i] == '(')
			depth++;
		else if (s.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

char *
content_kind(struct arena *arena, const char *value)
{
	struct span s = span_take(span_of(value), VALUE_LIMIT);
	char *kind = arena_alloc(arena, s.len + 1);
	size_t len = 0;
	bool has_gap = false;

	for (size_t i = 0; i < s.len && s.at[i] != ';' && s.at[i] != ',';) {
		char c = s.at[i];

		if (c == '(') {
			i = skip_comment(s, i);
			continue;
		}
		/* "text/plain charset=x": the gap ends the type, but
		 * "text / plain" is one. */
		if (ascii_is_space(c)) {
			has_gap = len > 0;
		} else if (c != '"') {
			if (has_gap && c != '/' && kind[len - 1] != '/')
				break;
			has_gap = false;
			kind[len++] = ascii_lower(c);
		}
		i++;
	}
	kind[len] = '\0';
	return kind;
}

/* Takes "name*0*=" apart. */
static void
read_name(struct span name, struct parameter *parameter)
{
	size_t star = span_find(name, '*', 0);
	struct span marks = span_skip(name, star);

	parameter->name = span_take(name, star);
	parameter->is_extended =
		marks.len > 0 && marks.at[marks.len - 1] == '*';
	parameter->is_first = marks.len <= 1 || marks.at[1] == '0';
}

static bool
is_name_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '*' ||
	       c == '.';
}

/* The next "name=text" anywhere behind *at and outside quotes. */
static bool
next_parameter(struct span s, size_t *at, struct parameter *parameter_r)
{
	size_t i = *at;

	while (i < s.len) {
		if (s.at[i] == '"') {
			i = skip_quoted(s, i);
			continue;
		}
		size_t start = i;
		while (i < s.len && is_name_byte(s.at[i]))
			i++;
		size_t equals = skip_space(s, i);
		if (i == start || equals >= s.len || s.at[equals] != '=') {
			i = i == start ? i + 1 : i;
			continue;
		}
		read_name(span_make(s.at + start, i - start), parameter_r);
		i = start = skip_space(s, equals + 1);
		if (i < s.len && s.at[i] == '"')
			i = skip_quoted(s, i);
		else
			while (i < s.len && s.at[i] != ';' &&
			       !ascii_is_space(s.at[i]))
				i++;
		parameter_r->text = span_make(s.at + start, i - start);
		*at = i;
		return true;
	}
	*at = i;
	return false;
}

/* "utf-8'fr'name": what stands in front of the second quote goes. */
static struct span
without_charset(struct span text)
{
	size_t first = span_find(text, '\'', 0);
	size_t second = span_find(text, '\'', first + 1);

	return second < text.len ? span_skip(text, second + 1) : text;
}

static void
add_text(struct buf *out, const struct parameter *parameter)
{
	struct span s = parameter->text;
	bool is_quoted = s.len > 0 && s.at[0] == '"';

	if (is_quoted) {
		s = span_skip(s, 1);
		if (s.len > 0 && s.at[s.len - 1] == '"')
			s.len--;
	} else if (parameter->is_extended && parameter->is_first) {
		s = without_charset(s);
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (is_quoted && c == '\\' && i + 1 < s.len) {
			c = s.at[++i];
		} else if (parameter->is_extended && c == '%' &&
		           i + 2 < s.len && ascii_hex(s.at[i + 1]) >= 0 &&
		           ascii_hex(s.at[i + 2]) >= 0) {
			c = (char)(ascii_hex(s.at[i + 1]) * 16 +
			           ascii_hex(s.at[i + 2]));
			i += 2;
		}
		if (c != '\0' && c != '\r' && c != '\n')
			buf_byte(out, c);
	}
}

char *
content_parameter(struct arena *arena, const char *value, const char *name)
{
	struct span s = span_take(span_of(value), VALUE_LIMIT);
	struct parameter parameter;
	struct buf out;
	size_t at = 0;

	buf_init(&out, VALUE_LIMIT);
	while (next_parameter(s, &at, &parameter)) {
		if (!span_is(parameter.name, name))
			continue;
		/* A second whole value is an attack or a mistake. */
		if (parameter.is_first && out.len > 0)
			break;
		add_text(&out, &parameter);
	}
	struct span trimmed = span_trim(buf_as_span(&out));
	char *text = arena_strndup(arena, trimmed.at, trimmed.len);
	buf_done(&out);
	return text;
}

char *
content_with_parameter(struct arena *arena, const char *value, const char *name,
                       const char *text)
{
	struct span s = span_of(value);
	struct parameter parameter;
	size_t at = 0;

	while (next_parameter(s, &at, &parameter)) {
		size_t start = (size_t)(parameter.text.at - s.at);

		if (!span_is(parameter.name, name))
			continue;
		return arena_printf(arena, SPAN_FMT "%s%s", (int)start, s.at,
		                    text,
		                    parameter.text.at + parameter.text.len);
	}
	s = span_trim(s);
	if (s.len > 0 && s.at[s.len - 1] == ';')
		s.len--;
	return arena_printf(arena, SPAN_FMT ";\n %s=%s", SPAN_ARG(s), name,
	                    text);
}
