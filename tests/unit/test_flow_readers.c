#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/readers.h"
#include "mail/mime.h"

struct readers_case {
	const char *type;
	const char *encoding;
	const char *body;
	const char *seen; /* "there", "missing in ...", "not read" */
	bool has_link;
};

#define BOTH(text, html)                                                       \
	"--b\r\n\r\n" text "\r\n--b\r\nContent-Type: text/html\r\n\r\n" html   \
	"\r\n--b--\r\n"
#define ALTERNATIVE "multipart/alternative; boundary=b"

static const struct readers_case cases[] = {
	{ "text/plain", "", "Unsubscribe: https://a.example/u\r\n", "there",
	  true },
	{ "text/plain", "", "To unsubscribe, write to no@a.example\r\n",
	  "there", false },
	{ "text/plain; charset=iso-8859-1", "quoted-printable",
	  "Se d=E9sabonner : https://a.exam=\r\nple/u\r\n", "there", true },
	{ "text/plain; charset=utf-8", "base64",
	  "U2UgRMOJU0FCT05ORVIgOiB3d3cuYS5leGFtcGxlL3UK\r\n", "there", true },
	{ "text/plain", "", "Buy it at https://a.example/\r\n",
	  "missing in the text", true },
	{ "text/plain", "", "You may unsubscribe.\r\n", "missing in the text",
	  false },
	{ "text/html", "",
	  "<p>To unsubscribe <a href=\"http://a.example\">here"
	  "</a></p>",
	  "there", true },
	{ "text/html", "", "<p><a href=\"http://a.example/optout\">here</a>",
	  "there", true },
	{ "text/html", "", "<p>unsubscribe<a href=\"#top\">here</a>",
	  "missing in the HTML", false },
	{ "text/html", "", "<!-- unsubscribe --><a href=\"http://a.example\">x",
	  "missing in the HTML", true },
	{ ALTERNATIVE, "",
	  BOTH("Unsubscribe: http://a.example",
	       "<a href=http://a.example>unsubscribe</a>"),
	  "there", true },
	{ ALTERNATIVE, "",
	  BOTH("Hello", "<a href=http://a.example>unsubscribe</a>"),
	  "missing in the text", true },
	{ ALTERNATIVE, "", BOTH("Unsubscribe: http://a.example", "<p>Hello"),
	  "missing in the HTML", true },
	{ "multipart/signed; boundary=b", "", BOTH("x", "y"), "not read",
	  false },
	{ "image/png", "base64", "AAAA", "not read", false },
};

static const char *
look(struct arena *arena, const struct readers_case *c, bool *has_link_r)
{
	const struct outline_head head = { c->type, c->encoding, "" };
	struct outline *outline = outline_new(&head);
	struct message message = { .arena = arena };
	struct span body = span_of(c->body);
	struct body_source source = body_source_of(&body);

	outline_add(outline, body.at, body.len);
	readers_look(&message, outline_end(outline), &source);
	outline_free(&outline);
	*has_link_r = message.has_link;
	if (!message.is_text_read)
		return "not read";
	return message.visible_link == VISIBLE_THERE
	               ? "there"
	               : arena_printf(arena, "missing in %s",
	                              message.link_missing_in);
}

static void
test_BULK_2_a_way_out_that_readers_see(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	mime_setup();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool has_link;

		assert_string_equal(look(arena, &cases[i], &has_link),
		                    cases[i].seen);
		assert_int_equal(has_link, cases[i].has_link);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_BULK_2_a_way_out_that_readers_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
