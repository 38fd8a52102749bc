#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/html.h"
#include "mail/html_tree.h"

static const struct {
	const char *html, *text;
} cases[] = {
	{ "<p>Hello <b>you</b></p>", "Hello you\n" },
	{ "a<br>b<BR/>c", "a\nb\nc" },
	{ "  a \n\t b  ", "a b " },
	{ "<td>a</td><td>b</td>", "a b " },
	{ "&lt;a@b.example&gt; &amp;&nbsp;&eacute;&#233;&#xE9;",
	  "<a@b.example> & \xC3\xA9\xC3\xA9\xC3\xA9" },
	{ "&unknown; & &#xD800; &#99999999;", "&unknown; &  &#99999999;" },
	{ "<script>if (a<b) x()</script>y", "y" },
	{ "<STYLE>p{}</style>y", "y" },
	{ "<style>never closed", "" },
	{ "a<!-- x > y -->b", "ab" },
	{ "a<!-- never closed > b", "a b" },
	{ "<a href='mailto:x@y.example'>x@y.example</a>", "x@y.example" },
	{ "<bob@c.example>: no", "<bob@c.example>: no" },
	{ "1 < 2 and 3 > 2", "1 < 2 and 3 > 2" },
	{ "<pre>a\n  b</pre>", "a\nb\n" },
	{ "<p></p><p></p><p>x", "x" },
	{ "a<never closed", "a" },
	{ "<", "<" },
	{ "&", "&" },
	{ "", "" },
};

static void
test_text_of_html(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span text =
			html_text(arena, span_of(cases[i].html), 1000);

		assert_string_equal(arena_strndup(arena, text.at, text.len),
		                    cases[i].text);
	}
	arena_free(&arena);
}

static void
test_text_of_html_has_a_limit(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_true(html_text(arena, SPAN("<p>0123456789"), 4).len <= 4);
	arena_free(&arena);
}

/* What Gumbo makes anew in each <p> would be 2 million elements. */
static void
test_BODY_12_a_page_that_grows_when_it_is_read(void **state)
{
	struct html_place place;
	struct buf html;

	(void)state;
	buf_init(&html, (size_t)1024 * 1024);
	buf_text(&html, "<p>");
	for (unsigned i = 0; i < 1500; i++)
		buf_printf(&html, "<b a=%u>", i);
	for (unsigned i = 0; i < 1500; i++)
		buf_text(&html, "<p>x");
	assert_false(html_place_find(buf_as_span(&html), &place));
	assert_false(html_place_is_seen(buf_as_span(&html), "avis-notice"));
	buf_reset(&html);
	for (unsigned i = 0; i < 9000; i++)
		buf_text(&html, "<div>");
	assert_true(html_place_find(buf_as_span(&html), &place));
	assert_int_equal(place.bottom, html.len);
	buf_done(&html);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_of_html),
		cmocka_unit_test(test_text_of_html_has_a_limit),
		cmocka_unit_test(
			test_BODY_12_a_page_that_grows_when_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
