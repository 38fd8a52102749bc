#include "base/jwrite.h"

#include <assert.h>
#include <string.h>

void
jwrite_init(struct jwrite *json, struct buf *out, bool is_canonical)
{
	*json = (struct jwrite){ .out = out, .is_canonical = is_canonical };
}

static void
json_indent(struct jwrite *json)
{
	if (!json->is_pretty)
		return;
	buf_byte(json->out, '\n');
	for (int i = 0; i < json->depth; i++)
		buf_text(json->out, "  ");
}

/* Length of the valid UTF-8 sequence at the start, 0 when there is none. */
static size_t
utf8_length(struct span s)
{
	unsigned char c = (unsigned char)s.at[0];
	size_t len = c < 0x80             ? 1
	             : (c & 0xe0) == 0xc0 ? 2
	             : (c & 0xf0) == 0xe0 ? 3
	             : (c & 0xf8) == 0xf0 ? 4
	                                  : 0;
	uint32_t code = len < 2 ? c : c & (0xffu >> (len + 1));
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (len == 0 || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s.at[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = (code << 6) | (next & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

static void
json_escape(struct buf *out, unsigned char c)
{
	static const char letters[] = "btn\0fr";

	if (c == '"' || c == '\\') {
		buf_byte(out, '\\');
		buf_byte(out, (char)c);
	} else if (c >= 8 && c <= 13 && letters[c - 8] != '\0') {
		buf_byte(out, '\\');
		buf_byte(out, letters[c - 8]);
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void
json_string(struct buf *out, struct span s)
{
	buf_byte(out, '"');
	while (s.len > 0) {
		size_t plain = 0;

		while (plain < s.len && is_plain((unsigned char)s.at[plain]))
			plain++;
		buf_span(out, span_take(s, plain));
		s = span_skip(s, plain);
		if (s.len == 0)
			break;

		size_t len = utf8_length(s);

		if (len == 1)
			json_escape(out, (unsigned char)s.at[0]);
		else if (len > 1)
			buf_span(out, span_take(s, len));
		else
			buf_text(out, "\xef\xbf\xbd");
		s = span_skip(s, len > 0 ? len : 1);
	}
	buf_byte(out, '"');
}

/* Everything that stands in front of a value. */
static void
json_lead(struct jwrite *json, const char *name)
{
	int depth = json->depth;

	if (json->has_item[depth])
		buf_byte(json->out, ',');
	if (depth > 0)
		json_indent(json);
	json->has_item[depth] = true;
	if (name == NULL)
		return;
	if (json->is_canonical && json->last_name[depth] != NULL)
		assert(strcmp(json->last_name[depth], name) < 0);
	json->last_name[depth] = name;
	json_string(json->out, span_of(name));
	buf_byte(json->out, ':');
	if (json->is_pretty)
		buf_byte(json->out, ' ');
}

static void
json_open(struct jwrite *json, const char *name, char bracket)
{
	json_lead(json, name);
	buf_byte(json->out, bracket);
	json->depth++;
	assert(json->depth < JSON_DEPTH);
	json->has_item[json->depth] = false;
	json->last_name[json->depth] = NULL;
	json->is_array[json->depth] = bracket == '[';
}

void
jwrite_object(struct jwrite *json, const char *name)
{
	json_open(json, name, '{');
}

void
jwrite_array(struct jwrite *json, const char *name)
{
	json_open(json, name, '[');
}

void
jwrite_end(struct jwrite *json)
{
	int depth = json->depth;

	assert(depth > 0);
	json->depth--;
	if (json->has_item[depth])
		json_indent(json);
	buf_byte(json->out, json->is_array[depth] ? ']' : '}');
}

void
jwrite_span(struct jwrite *json, const char *name, struct span value)
{
	json_lead(json, name);
	json_string(json->out, value);
}

void
jwrite_text(struct jwrite *json, const char *name, const char *value)
{
	jwrite_span(json, name, span_of(value));
}

void
jwrite_text_if(struct jwrite *json, const char *name, const char *value)
{
	if (value[0] != '\0')
		jwrite_text(json, name, value);
}

void
jwrite_int(struct jwrite *json, const char *name, int64_t value)
{
	assert(value > -(1LL << 53) && value < (1LL << 53));
	json_lead(json, name);
	buf_printf(json->out, "%lld", (long long)value);
}

void
jwrite_bool(struct jwrite *json, const char *name, bool value)
{
	json_lead(json, name);
	buf_text(json->out, value ? "true" : "false");
}

void
jwrite_null(struct jwrite *json, const char *name)
{
	json_lead(json, name);
	buf_text(json->out, "null");
}
