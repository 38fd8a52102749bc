#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/mime.h"
#include "mail/parts.h"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	mime_setup();
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

struct parts_case {
	const char *message;
	const char *shape; /* depth, type and body of each part */
};

static const struct parts_case cases[] = {
	{ "Subject: x\n\nhello", "0 text/plain [hello]" },
	{ "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n"
	  "--b\nContent-Type: text/html\n\ntwo\n--b--\nepilogue\n",
	  "0 multipart/mixed [] 1 text/plain [one] 1 text/html [two]" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
	  "--b--\r\n",
	  "0 multipart/mixed [] 1 text/plain [one]" },
	{ "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	  "Content-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n"
	  "--ab--\n--a\n\ntwo\n--a--\n",
	  "0 multipart/mixed [] 1 multipart/alternative [] "
	  "2 text/plain [one] 1 text/plain [two]" },
	/* The last delimiter is missing. */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo",
	  "0 multipart/mixed [] 1 text/plain [one] 1 text/plain [two]" },
	/* No boundary is named, or another one. */
	{ "Content-Type: multipart/mixed\n\n--z\nContent-Type: text/x\n\none\n"
	  "--z--\n",
	  "0 multipart/mixed [] 1 text/x [one]" },
	{ "Content-Type: multipart/mixed; boundary=q\n\n--z\n"
	  "Content-Type: text/x\n\none\n--z--\n",
	  "0 multipart/mixed [] 1 text/x [one]" },
	/* Nothing to part: it is text. */
	{ "Content-Type: multipart/mixed; boundary=q\n\nhello",
	  "0 text/plain [hello]" },
	/* A part without its header. */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nHello there\n"
	  "--b--\n",
	  "0 multipart/mixed [] 1 text/plain [Hello there]" },
	/* Not looked into. */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: message/rfc822\n\nContent-Type: multipart/x; "
	  "boundary=c\n\n--c\n\nx\n--c--\n--b--\n",
	  "0 multipart/mixed [] 1 message/rfc822 [Content-Type: multipart/x; "
	  "boundary=c\n\n--c\n\nx\n--c--]" },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n"
	  "--b--\n",
	  "0 multipart/digest [] 1 message/rfc822 [Subject: x]" },
	/* Only a whole line is a delimiter. */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none --b\n--bb\n"
	  "--b x\n--b-- \t\n",
	  "0 multipart/mixed [] 1 text/plain [one --b\n--bb\n--b x]" },
};

static const char *
shape_of(const char *message)
{
	struct part_list list;
	struct buf shape;

	parts_read(arena, span_of(message), &list);
	buf_init(&shape, 10000);
	for (size_t i = 0; i < list.count; i++) {
		const struct part *part = &list.items[i];
		struct span body =
			part_is_multipart(part) ? SPAN("") : part->body;

		buf_printf(&shape, "%s%zu %s [" SPAN_FMT "]", i > 0 ? " " : "",
		           part->depth, part->type, SPAN_ARG(body));
	}
	const char *text = arena_strdup(arena, shape.data);
	buf_done(&shape);
	return text;
}

static void
test_parts_of_whole_and_broken_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(shape_of(cases[i].message), cases[i].shape);
}

static void
test_BODY_12_parts_have_a_limit(void **state)
{
	struct part_list list;
	struct buf text;

	(void)state;
	buf_init(&text, 100000);
	buf_text(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 2 * PARTS_LIMIT; i++)
		buf_text(&text, "--b\n\nx\n");
	parts_read(arena, buf_as_span(&text), &list);
	assert_int_equal(list.count, PARTS_LIMIT);
	assert_true(list.is_over_limit);
	buf_done(&text);
}

static void
test_BODY_12_depth_has_a_limit(void **state)
{
	struct part_list list;
	struct buf text;

	(void)state;
	buf_init(&text, 100000);
	for (int i = 0; i < 2 * PARTS_DEPTH; i++)
		buf_printf(&text,
		           "Content-Type: multipart/mixed; boundary=b%d\n\n"
		           "--b%d\n",
		           i, i);
	parts_read(arena, buf_as_span(&text), &list);
	assert_int_equal(list.count, PARTS_DEPTH + 1);
	assert_true(list.is_over_limit);
	buf_done(&text);
}

static const struct {
	const char *message, *text;
} text_cases[] = {
	{ "Content-Transfer-Encoding: base64\n\naGVsbG8=\n", "hello" },
	{ "Content-Transfer-Encoding: Quoted-Printable\n\nh=65llo=\n x",
	  "hello x" },
	{ "Content-Transfer-Encoding: base64 (really)\n\naGVsbG8=\n", "hello" },
	{ "Content-Type: text/plain; charset=iso-8859-1\n\n\xE9", "\xC3\xA9" },
	{ "Content-Type: text/plain; charset=us-ascii\n\n\xC3\xA9",
	  "\xC3\xA9" },
	{ "Content-Type: text/plain; charset=nonsense\n\n\xE9", "\xC3\xA9" },
	{ "\n\xE9", "\xC3\xA9" },
	{ "Content-Type: text/plain; charset=utf-8\n\na\xFFz",
	  "a\xEF\xBF\xBDz" },
	{ "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B",
	  "\xE3\x81\x82" },
};

static void
test_REP_3_text_is_decoded_to_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text_cases) / sizeof(text_cases[0]);
	     i++) {
		struct part_list list;

		parts_read(arena, span_of(text_cases[i].message), &list);
		struct span text = part_text(arena, &list.items[0], 1000);
		assert_string_equal(arena_strndup(arena, text.at, text.len),
		                    text_cases[i].text);
	}
}

static void
test_text_stops_at_the_limit(void **state)
{
	struct part_list list;

	(void)state;
	parts_read(arena, SPAN("A: b\n\n0123456789"), &list);
	assert_int_equal(part_text(arena, &list.items[0], 4).len, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_whole_and_broken_mail),
		cmocka_unit_test(test_BODY_12_parts_have_a_limit),
		cmocka_unit_test(test_BODY_12_depth_has_a_limit),
		cmocka_unit_test(test_REP_3_text_is_decoded_to_utf8),
		cmocka_unit_test(test_text_stops_at_the_limit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
