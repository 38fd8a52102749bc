#include "mail/html.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define ENTITY_LIMIT 12 /* letters between & and ; */

struct entity {
	const char *name;
	const char *text;
};

static const struct entity entities[] = {
	{ "amp", "&" },      { "lt", "<" },     { "gt", ">" },
	{ "quot", "\"" },    { "apos", "'" },   { "nbsp", " " },
	{ "shy", "" },       { "eacute", "é" }, { "egrave", "è" },
	{ "ecirc", "ê" },    { "agrave", "à" }, { "acirc", "â" },
	{ "ccedil", "ç" },   { "ocirc", "ô" },  { "ucirc", "û" },
	{ "ugrave", "ù" },   { "icirc", "î" },  { "Eacute", "É" },
	{ "auml", "ä" },     { "ouml", "ö" },   { "uuml", "ü" },
	{ "Auml", "Ä" },     { "Ouml", "Ö" },   { "Uuml", "Ü" },
	{ "szlig", "ß" },    { "ntilde", "ñ" }, { "aacute", "á" },
	{ "iacute", "í" },   { "oacute", "ó" }, { "uacute", "ú" },
	{ "atilde", "ã" },   { "otilde", "õ" }, { "ograve", "ò" },
	{ "igrave", "ì" },   { "aring", "å" },  { "oslash", "ø" },
	{ "aelig", "æ" },    { "rsquo", "'" },  { "lsquo", "'" },
	{ "ldquo", "\"" },   { "rdquo", "\"" }, { "laquo", "«" },
	{ "raquo", "»" },    { "ndash", "-" },  { "mdash", "-" },
	{ "hellip", "..." }, { "commat", "@" }, { "period", "." },
	{ "colon", ":" },    { "zwnj", "" },    { "copy", "©" },
};

static const char *const blocks[] = {
	"br",    "p",     "div",  "tr",         "li",      "h1", "h2",
	"h3",    "h4",    "h5",   "h6",         "table",   "ul", "ol",
	"hr",    "pre",   "body", "blockquote", "section", "dt", "dd",
	"title", "tbody", "dl",   "center",     "head",
};

/* Elements whose content nobody reads. */
static const char *const silent[] = { "script", "style" };

static bool
is_one_of(struct span name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static struct span
tag_name(struct span tag)
{
	size_t len = 0;

	if (tag.len > 0 && tag.at[0] == '/')
		tag = span_skip(tag, 1);
	while (len < tag.len && ascii_is_alnum(tag.at[len]))
		len++;
	return span_take(tag, len);
}

/* Where the tag that starts at i ends; a '>' in a short quote is no end. */
static size_t
tag_end(struct span html, size_t i)
{
	size_t end = span_find(html, '>', i);

	return end < html.len ? end + 1 : html.len;
}

static void
put_code_point(struct buf *out, unsigned long point)
{
	if (point == 0xa0 || point < ' ' || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff)) {
		buf_byte(out, ' ');
	} else if (point < 0x80) {
		buf_byte(out, (char)point);
	} else if (point < 0x800) {
		buf_byte(out, (char)(0xc0 | point >> 6));
		buf_byte(out, (char)(0x80 | (point & 0x3f)));
	} else if (point < 0x10000) {
		buf_byte(out, (char)(0xe0 | point >> 12));
		buf_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
		buf_byte(out, (char)(0x80 | (point & 0x3f)));
	} else {
		buf_byte(out, (char)(0xf0 | point >> 18));
		buf_byte(out, (char)(0x80 | (point >> 12 & 0x3f)));
		buf_byte(out, (char)(0x80 | (point >> 6 & 0x3f)));
		buf_byte(out, (char)(0x80 | (point & 0x3f)));
	}
}

static bool
put_number(struct buf *out, struct span digits)
{
	unsigned long point = 0;
	bool is_hex = digits.len > 0 && ascii_lower(digits.at[0]) == 'x';

	digits = span_skip(digits, is_hex);
	if (digits.len == 0)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		int digit = ascii_hex(digits.at[i]);

		if (digit < 0 || (!is_hex && digit > 9) || point > 0x10ffff)
			return false;
		point = point * (is_hex ? 16 : 10) + (unsigned long)digit;
	}
	put_code_point(out, point);
	return true;
}

/* Writes the entity at i and returns what stands behind it. */
static size_t
put_entity(struct buf *out, struct span html, size_t i)
{
	size_t end = i + 1;

	while (end < html.len && end - i <= ENTITY_LIMIT &&
	       (ascii_is_alnum(html.at[end]) || html.at[end] == '#'))
		end++;

	struct span name = span_make(html.at + i + 1, end - i - 1);
	size_t next = end < html.len && html.at[end] == ';' ? end + 1 : end;

	if (name.len > 0 && name.at[0] == '#' &&
	    put_number(out, span_skip(name, 1)))
		return next;
	for (size_t k = 0; k < sizeof(entities) / sizeof(entities[0]); k++)
		if (span_equal(name, span_of(entities[k].name))) {
			buf_text(out, entities[k].text);
			return next;
		}
	buf_byte(out, '&');
	return i + 1;
}

static void
put_space(struct buf *out, char space)
{
	char last = out->len > 0 ? out->data[out->len - 1] : '\n';

	if (space == '\n') {
		while (out->len > 0 && out->data[out->len - 1] == ' ')
			out->len--;
		/* One empty line at most, and none in front. */
		if (out->len == 0 ||
		    (out->len > 1 && out->data[out->len - 1] == '\n' &&
		     out->data[out->len - 2] == '\n'))
			return;
		buf_byte(out, '\n');
	} else if (last != ' ' && last != '\n') {
		buf_byte(out, ' ');
	}
}

/* Behind "</script>" or the like; the end when it never comes. */
static size_t
skip_silent(struct span html, struct span name, size_t i)
{
	for (; i < html.len; i++) {
		i = span_find(html, '<', i);
		struct span rest = span_skip(html, i);

		if (span_starts(rest, "</") &&
		    span_equal_nocase(span_take(span_skip(rest, 2), name.len),
		                      name))
			return tag_end(html, i);
	}
	return html.len;
}

/* An address may stand as <a@b.example> in HTML that nobody escaped. */
static bool
is_bare_address(struct span tag)
{
	return span_find(tag, '@', 0) < tag.len && tag.len < 320 &&
	       span_find(tag, ' ', 0) == tag.len &&
	       span_find(tag, '=', 0) == tag.len;
}

struct reading {
	bool has_open_comment; /* looked for "-->" once and found none */
	bool is_preformatted;
};

static size_t
put_tag(struct buf *out, struct span html, size_t i, struct reading *reading)
{
	struct span rest = span_skip(html, i);

	if (span_starts(rest, "<!--") && !reading->has_open_comment) {
		size_t end = span_find_text(html, "-->", i);

		if (end < html.len)
			return end + 3;
		reading->has_open_comment = true;
	}
	if (rest.len < 2 || (!ascii_is_alpha(rest.at[1]) && rest.at[1] != '/' &&
	                     rest.at[1] != '!' && rest.at[1] != '?')) {
		if (rest.len > 0)
			buf_byte(out, '<');
		return i + 1;
	}

	size_t end = tag_end(html, i);
	struct span tag = span_make(rest.at + 1, end - i - 1);
	struct span name = tag_name(tag);

	if (tag.len > 0 && tag.at[tag.len - 1] == '>')
		tag.len--;
	if (is_bare_address(tag)) {
		buf_span(out, span_make(rest.at, end - i));
		return end;
	}
	if (is_one_of(name, blocks, sizeof(blocks) / sizeof(blocks[0])))
		put_space(out, '\n');
	else if (span_is(name, "td") || span_is(name, "th"))
		put_space(out, ' ');
	if (span_is(name, "pre"))
		reading->is_preformatted = tag.at[0] != '/';
	if (tag.at[0] != '/' &&
	    is_one_of(name, silent, sizeof(silent) / sizeof(silent[0])))
		return skip_silent(html, name, end);
	return end;
}

struct span
html_text(struct arena *arena, struct span html, size_t limit)
{
	struct reading reading = { false, false };
	struct buf out;

	buf_init(&out, limit);
	for (size_t i = 0; i < html.len && !out.is_full;) {
		char c = html.at[i];

		if (c == '<') {
			i = put_tag(&out, html, i, &reading);
		} else if (c == '&') {
			i = put_entity(&out, html, i);
		} else {
			if (ascii_is_space(c))
				put_space(&out,
				          reading.is_preformatted ? c : ' ');
			else
				buf_byte(&out, c);
			i++;
		}
	}
	struct span text =
		span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	return text;
}
