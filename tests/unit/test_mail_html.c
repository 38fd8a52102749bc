#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/html.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_of_html),
		cmocka_unit_test(test_text_of_html_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
