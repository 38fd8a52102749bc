#include "base/html_place.h"

#include <string.h>

#include "base/span.h"

/* Attributes whose value is an address; what runs code is refused. */
static const char *const url_names[] = { "href", "src", "action", "formaction",
	                                 "cite" };
static const char *const closed_names[] = { "style", "srcset", "srcdoc" };
static const char *const raw_tags[] = { "script", "style", "textarea",
	                                "title" };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool
is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A longer name than any we know stays cut and is none of them. */
static void
add_letter(char name[HTML_NAME_SIZE], char c)
{
	size_t len = strlen(name);

	if (len + 1 < HTML_NAME_SIZE)
		name[len] = ascii_lower(c);
}

static void
clear_name(char name[HTML_NAME_SIZE])
{
	memset(name, 0, HTML_NAME_SIZE);
}

static void
end_tag(struct html_place *place)
{
	/* A title holds text, and no tags in it. */
	bool is_raw = is_one_of(place->tag, raw_tags, COUNT(raw_tags)) &&
	              strcmp(place->tag, "title") != 0;

	place->state = is_raw ? HTML_RAW : HTML_TEXT;
	clear_name(place->name);
	if (!is_raw)
		clear_name(place->tag);
}

static void
step_open(struct html_place *place, char c)
{
	clear_name(place->tag);
	if (c == '!') {
		place->state = HTML_DECLARATION;
	} else if (ascii_is_alpha(c) || c == '/') {
		place->state = HTML_TAG_NAME;
		add_letter(place->tag, c);
	} else {
		place->state = HTML_TEXT;
	}
}

static void
step_in_tag(struct html_place *place, char c)
{
	if (c == '>') {
		end_tag(place);
	} else if (!ascii_is_space(c) && c != '/') {
		place->state = HTML_NAME;
		clear_name(place->name);
		add_letter(place->name, c);
	}
}

static void
step_name(struct html_place *place, char c)
{
	if (c == '=')
		place->state = HTML_BEFORE_VALUE;
	else if (c == '>')
		end_tag(place);
	else if (ascii_is_space(c))
		place->state = HTML_AFTER_NAME;
	else if (place->state == HTML_AFTER_NAME)
		step_in_tag(place, c);
	else
		add_letter(place->name, c);
}

static void
leave_value(struct html_place *place)
{
	place->state = HTML_IN_TAG;
	place->quote = '\0';
	place->is_begun = false;
	clear_name(place->name);
}

static void
step_value(struct html_place *place, char c)
{
	if (place->state == HTML_BEFORE_VALUE) {
		place->quote = c;
		place->is_begun = false;
		if (c == '"' || c == '\'')
			place->state = HTML_VALUE;
		else if (!ascii_is_space(c))
			place->state = HTML_BARE_VALUE;
	} else if (place->state == HTML_BARE_VALUE) {
		if (c == '>')
			end_tag(place);
		else if (ascii_is_space(c))
			leave_value(place);
	} else if (c == place->quote) {
		leave_value(place);
	} else {
		place->is_begun = true;
	}
}

static void
step_skipped(struct html_place *place, char c)
{
	const char *last = place->last;

	if (place->state == HTML_RAW && last[2] == '<' && c == '/') {
		clear_name(place->tag);
		add_letter(place->tag, c);
		place->state = HTML_TAG_NAME;
	} else if (place->state == HTML_DECLARATION && last[1] == '!' &&
	           last[2] == '-' && c == '-') {
		place->state = HTML_COMMENT;
	} else if (c == '>' && (place->state == HTML_DECLARATION ||
	                        (place->state == HTML_COMMENT &&
	                         last[1] == '-' && last[2] == '-'))) {
		place->state = HTML_TEXT;
	}
}

static void
step_tag_name(struct html_place *place, char c)
{
	if (c == '>')
		end_tag(place);
	else if (ascii_is_space(c))
		place->state = HTML_IN_TAG;
	else
		add_letter(place->tag, c);
}

void
html_place_step(struct html_place *place, char c)
{
	if (place->is_plain)
		return;
	switch (place->state) {
	case HTML_TEXT:
		if (c == '<')
			place->state = HTML_OPEN;
		break;
	case HTML_OPEN:
		step_open(place, c);
		break;
	case HTML_TAG_NAME:
		step_tag_name(place, c);
		break;
	case HTML_IN_TAG:
		step_in_tag(place, c);
		break;
	case HTML_NAME:
	case HTML_AFTER_NAME:
		step_name(place, c);
		break;
	case HTML_BEFORE_VALUE:
	case HTML_VALUE:
	case HTML_BARE_VALUE:
		step_value(place, c);
		break;
	case HTML_DECLARATION:
	case HTML_COMMENT:
	case HTML_RAW:
		step_skipped(place, c);
		break;
	}
	place->last[0] = place->last[1];
	place->last[1] = place->last[2];
	place->last[2] = c;
}

void
html_place_value(struct html_place *place)
{
	if (place->state == HTML_VALUE)
		place->is_begun = true;
	memset(place->last, 0, sizeof(place->last));
}

static enum place_kind
value_kind(const struct html_place *place)
{
	if (is_one_of(place->name, url_names, COUNT(url_names)))
		return place->is_begun ? PLACE_URL_PART : PLACE_URL;
	if (text_starts(place->name, "on") ||
	    is_one_of(place->name, closed_names, COUNT(closed_names)))
		return PLACE_NOWHERE;
	return PLACE_ATTRIBUTE;
}

enum place_kind
html_place_kind(const struct html_place *place)
{
	if (place->is_plain)
		return PLACE_PLAIN;
	if (place->state == HTML_TEXT)
		return PLACE_TEXT;
	if (place->state == HTML_IN_TAG)
		return PLACE_TAG;
	if (place->state == HTML_VALUE)
		return value_kind(place);
	return PLACE_NOWHERE;
}

/* After <input checked as after <input: another attribute may follow. */
static void
settle(struct html_place *place)
{
	if (place->state != HTML_NAME && place->state != HTML_AFTER_NAME)
		return;
	place->state = HTML_IN_TAG;
	clear_name(place->name);
}

bool
html_place_join(struct html_place *place, struct html_place *other)
{
	settle(place);
	settle(other);

	bool is_same = place->state == other->state &&
	               place->quote == other->quote &&
	               strcmp(place->tag, other->tag) == 0 &&
	               strcmp(place->name, other->name) == 0;

	/* Where it may be the start of an address, it is treated as one. */
	place->is_begun = place->is_begun && other->is_begun;
	return is_same;
}

static bool
is_safe_address(const char *value)
{
	static const char *const schemes[] = { "http:", "https:", "mailto:",
		                               "tel:" };
	size_t plain = strcspn(value, ":/?#");

	if (value[plain] != ':')
		return true;
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (text_starts(value, schemes[i]))
			return true;
	return false;
}

static void
escape_byte(struct buf *out, char c)
{
	switch (c) {
	case '&':
		buf_text(out, "&amp;");
		break;
	case '<':
		buf_text(out, "&lt;");
		break;
	case '>':
		buf_text(out, "&gt;");
		break;
	case '"':
		buf_text(out, "&quot;");
		break;
	case '\'':
		buf_text(out, "&#39;");
		break;
	default:
		if ((unsigned char)c < ' ' && c != '\n' && c != '\t')
			c = '?';
		buf_byte(out, c);
	}
}

static void
escape_part(struct buf *out, char c)
{
	if (ascii_is_alnum(c) || (c != '\0' && strchr("-._~/@:", c) != NULL))
		buf_byte(out, c);
	else
		buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
}

void
html_escape(struct buf *out, enum place_kind kind, const char *value)
{
	if (kind == PLACE_PLAIN) {
		buf_text(out, value);
		return;
	}
	if (kind == PLACE_URL && !is_safe_address(value))
		value = "#";
	for (; *value != '\0'; value++) {
		if (kind == PLACE_URL_PART)
			escape_part(out, *value);
		else
			escape_byte(out, *value);
	}
}
