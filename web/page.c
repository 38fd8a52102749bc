#include "web/page.h"

#include <string.h>

#include "base/buf.h"

#define PAGE_BYTES 65536

/* Text and attribute values alike. */
static void
add_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
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
			buf_byte(out, *text);
		}
}

/* What stands between the head and the end of each page: {name} is a field. */
static const struct {
	const char *name;
	const char *text;
} bodies[] = {
	{ "unsubscribe",
	  "<h1>{title}</h1>\n"
	  "<form method=\"post\" action=\"/u/{token}\">\n"
	  "<button name=\"List-Unsubscribe\" value=\"One-Click\">"
	  "Unsubscribe</button>\n"
	  "<input type=\"hidden\" name=\"from\" value=\"page\">\n"
	  "</form>\n" },
	{ "unsubscribed",
	  "<h1>{title}</h1>\n<p>You have left this list. It holds from now "
	  "on.</p>\n" },
	{ "unknown",
	  "<h1>This link leads nowhere</h1>\n<p>It may have been cut by a mail "
	  "program: try to copy it whole.</p>\n" },
	{ "later",
	  "<h1>Not just now</h1>\n<p>Our record cannot be reached. Please try "
	  "again in a minute.</p>\n" },
};

static void
add_body(struct buf *out, const char *text, const struct http_fields *fields)
{
	struct span rest = span_of(text);

	while (rest.len > 0) {
		size_t open = span_find(rest, '{', 0);
		size_t close = span_find(rest, '}', open);
		char name[32] = "";

		buf_span(out, span_take(rest, open));
		if (close < rest.len && close - open <= sizeof(name)) {
			memcpy(name, rest.at + open + 1, close - open - 1);
			add_escaped(out, http_value(fields, name));
		}
		rest = span_skip(rest, close + 1);
	}
}

struct span
page_render(struct arena *arena, const char *accept_language, const char *name,
            const struct http_fields *fields)
{
	struct buf out;
	struct span page;

	(void)accept_language;
	buf_init(&out, PAGE_BYTES);
	buf_text(&out,
	         "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	         "<meta charset=\"utf-8\">\n"
	         "<meta name=\"viewport\" content=\"width=device-width\">\n"
	         "<title>avis</title>\n</head>\n<body>\n");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (strcmp(bodies[i].name, name) == 0)
			add_body(&out, bodies[i].text, fields);
	buf_text(&out, "</body>\n</html>\n");
	page = span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	return page;
}
