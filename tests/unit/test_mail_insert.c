#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/header.h"
#include "mail/insert.h"
#include "mail/mime.h"
#include "mail/parts.h"

#define TEXT "Un accus\xc3\xa9 est demand\xc3\xa9.\nVous pouvez refuser."
#define HTML "<p>Un accus\xc3\xa9 est demand\xc3\xa9.</p>"

static const struct insert_block footer = {
	.name = "notice", .text = TEXT, .html = HTML, .sign = ""
};

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

static bool
add_piece(void *context, struct span piece)
{
	buf_span(context, piece);
	return true;
}

struct outcome {
	const char *skipped;
	const char *type; /* of the message, as it would leave */
	const char *encoding;
	struct span body;
};

/* The body is fed in pieces of that size: boundaries may split anywhere. */
static struct outcome
run(const char *type, const char *encoding, struct span body, size_t step,
    const struct insert_block *blocks, size_t count, bool is_8bit_fine)
{
	const struct outline_head head = { type, encoding, "" };
	struct outline *outline = outline_new(&head);
	struct body_source source = body_source_of(&body);
	struct insert_result result;
	struct buf out;

	for (size_t at = 0; at < body.len; at += step) {
		struct span piece = span_take(span_skip(body, at), step);

		outline_add(outline, piece.at, piece.len);
	}

	const struct insert_request request = {
		.outline = outline_end(outline),
		.source = &source,
		.blocks = blocks,
		.block_count = count,
		.is_8bit_fine = is_8bit_fine,
		.text_limit = 1024 * 1024,
	};

	insert_make(arena, &request, &result);
	buf_init(&out, (size_t)64 * 1024 * 1024);
	assert_true(splice_stream(&result.splices, &source, add_piece, &out));
	assert_int_equal(out.len, splice_size(&result.splices, source.size));

	/* The same body, read from anywhere in steps of any size. */
	struct spliced spliced = { &result.splices, &source };
	struct body_source whole = spliced_source(&spliced);
	char *again = arena_alloc(arena, out.len + 1);

	assert_true(body_read(&whole, 0, out.len, again));
	assert_memory_equal(again, out.data, out.len);
	for (size_t at = 0; at < out.len; at += step) {
		struct span piece =
			whole.read(whole.context, (int64_t)at, step);

		assert_true(piece.len > 0 && piece.len <= step);
		assert_memory_equal(piece.at, out.data + at, piece.len);
	}

	struct outcome outcome = {
		.skipped = result.skipped,
		.type = result.type_value[0] != '\0' ? result.type_value : type,
		.encoding =
			result.encoding[0] != '\0' ? result.encoding : encoding,
		.body = span_make(arena_strndup(arena, out.data, out.len),
		                  out.len),
	};

	buf_done(&out);
	outline_free(&outline);
	return outcome;
}

static struct outcome
with_footer(const char *type, const char *encoding, const char *body)
{
	return run(type, encoding, span_of(body), 7, &footer, 1, false);
}

#define assert_body(outcome, text)                                             \
	do {                                                                   \
		assert_string_equal((outcome).skipped, "");                    \
		assert_string_equal(arena_strndup(arena, (outcome).body.at,    \
		                                  (outcome).body.len),         \
		                    text);                                     \
	} while (0)

static void
test_BODY_2_seven_bit_becomes_quoted_printable_for_french(void **state)
{
	struct outcome outcome =
		with_footer("text/plain", "7bit", "Hello,\r\nAnne\r\n");

	(void)state;
	assert_body(outcome, "Hello,\r\nAnne\r\n\r\nUn accus=C3=A9 est "
	                     "demand=C3=A9.\r\nVous pouvez refuser.\r\n");
	assert_string_equal(outcome.type, "text/plain;\n charset=utf-8");
	assert_string_equal(outcome.encoding, "quoted-printable");
}

/* The worked example of the standards page, section 5.3. */
static void
test_BODY_4_the_parts_own_charset(void **state)
{
	struct outcome outcome =
		with_footer("text/plain; charset=iso-8859-1",
	                    "quoted-printable", "Bien re=E7u, merci.=20\r\n");

	(void)state;
	assert_body(outcome, "Bien re=E7u, merci.=20\r\n\r\n"
	                     "Un accus=E9 est demand=E9.\r\n"
	                     "Vous pouvez refuser.\r\n");
	assert_string_equal(outcome.type, "text/plain; charset=iso-8859-1");
}

static void
test_BODY_4_a_charset_without_the_euro_becomes_utf_8(void **state)
{
	static const struct insert_block price = { .name = "price",
		                                   .text = "10 \xe2\x82\xac",
		                                   .html = "",
		                                   .sign = "" };
	struct outcome outcome =
		run("text/plain; charset=\"iso-8859-1\"; format=flowed", "8bit",
	            span_of("\xe9t\xe9\r\n"), 3, &price, 1, true);

	(void)state;
	assert_body(outcome, "\xc3\xa9t\xc3\xa9\r\n\r\n10 \xe2\x82\xac\r\n");
	assert_string_equal(outcome.type,
	                    "text/plain; charset=utf-8; format=flowed");
	assert_string_equal(outcome.encoding, "8bit");
}

static void
test_BODY_5_flowed_lines_are_stuffed(void **state)
{
	static const struct insert_block odd = { .name = "odd",
		                                 .text = "From here\n> there",
		                                 .html = "",
		                                 .sign = "" };
	struct outcome outcome =
		run("text/plain; format=flowed", "", span_of("Hi \r\nyou\r\n"),
	            99, &odd, 1, false);

	(void)state;
	assert_body(outcome, "Hi \r\nyou\r\n\r\n From here\r\n > there\r\n");
}

static void
test_BODY_5_in_front_of_the_signature(void **state)
{
	struct outcome outcome =
		with_footer("text/plain; charset=utf-8", "8bit",
	                    "Hello\r\n-- \r\nAnne\r\n");

	(void)state;
	assert_body(outcome, "Hello\r\n\r\n"
	                     "Un accus\xc3\xa9 est "
	                     "demand\xc3\xa9.\r\nVous pouvez refuser.\r\n\r\n"
	                     "-- \r\nAnne\r\n");
}

#define ALTERNATIVE                                                            \
	"preamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"       \
	"Content-Transfer-Encoding: 8bit\r\n\r\nHello%s\r\n--b\r\n"            \
	"Content-Type: text/html; charset=utf-8\r\n"                           \
	"Content-Transfer-Encoding: 7bit\r\n\r\n"                              \
	"<html><body><p>Hello</p>%s</body></html>\r\n--b--\r\nepilogue\r\n"

static void
test_BODY_6_both_versions_or_none(void **state)
{
	struct outcome outcome =
		with_footer("multipart/alternative; boundary=b", "",
	                    arena_printf(arena, ALTERNATIVE, "", ""));

	(void)state;
	assert_body(outcome,
	            arena_printf(
			    arena, ALTERNATIVE,
			    "\r\n\r\nUn accus\xc3\xa9 est demand\xc3\xa9.\r\n"
			    "Vous pouvez refuser.",
			    "\r\n<div id=\"avis-notice\"><p>Un accus&#233; est "
			    "demand&#233;.</p></div>\r\n"));
	/* One of the two cannot be edited: neither is. */
	outcome = with_footer("multipart/alternative; boundary=b", "",
	                      "--b\r\n\r\nHello\r\n--b\r\nContent-Type: "
	                      "text/html; charset=utf-16\r\n\r\n<p>\r\n"
	                      "--b--\r\n");
	assert_string_equal(outcome.skipped, "charset");
}

static void
test_BODY_6_nothing_to_read_gets_a_part_of_its_own(void **state)
{
	struct outcome outcome = with_footer(
		"multipart/mixed; boundary=b", "",
		"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n");

	(void)state;
	assert_body(
		outcome,
		"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"Content-Disposition: inline\r\n\r\n"
		"Un accus=C3=A9 est demand=C3=A9.\r\nVous pouvez "
		"refuser.\r\n\r\n--b--\r\n");
}

static void
test_BODY_10_headers_that_would_lie_go(void **state)
{
	struct outcome outcome = with_footer(
		"multipart/mixed; boundary=b", "",
		"--b\r\nContent-MD5: abc\r\nX-Kept:  as\r\n\tit was\r\n\r\n"
		"Hello\r\n--b--\r\n");

	(void)state;
	assert_body(outcome,
	            "--b\r\nX-Kept:  as\r\n\tit was\r\n"
	            "Content-Type: text/plain;\r\n charset=utf-8\r\n"
	            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	            "Hello\r\n\r\nUn accus=C3=A9 est demand=C3=A9.\r\n"
	            "Vous pouvez refuser.\r\n--b--\r\n");
}

static void
test_base64_keeps_its_lines(void **state)
{
	/* "Hello\n" with LF alone, as many programs write it. */
	struct outcome outcome = with_footer("text/plain; charset=utf-8",
	                                     "base64", "SGVsbG8K\r\n");
	struct span text = mime_decode_body(arena, outcome.body, "base64", 999);

	(void)state;
	assert_string_equal(outcome.skipped, "");
	assert_string_equal(arena_strndup(arena, text.at, text.len),
	                    "Hello\n\n" TEXT "\n");
	assert_true(span_starts(outcome.body, "SGVsbG8K"));
}

struct skip_case {
	const char *type;
	const char *encoding;
	const char *body;
	const char *reason;
};

static void
test_BODY_1_what_is_never_edited(void **state)
{
	static const struct skip_case cases[] = {
		{ "multipart/signed; boundary=b", "",
		  "--b\r\n\r\nx\r\n--b\r\nContent-Type: "
		  "application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n",
		  "signed" },
		{ "multipart/encrypted; boundary=b", "",
		  "--b\r\n\r\nx\r\n--b--", "encrypted" },
		{ "application/pkcs7-mime", "base64", "AAAA\r\n", "signed" },
		{ "text/plain", "",
		  "-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx\r\n", "signed" },
		{ "multipart/report; boundary=b", "", "--b\r\n\r\nx\r\n--b--",
		  "report" },
		{ "multipart/alternative; boundary=b", "",
		  "--b\r\n\r\nx\r\n--b\r\nContent-Type: text/calendar\r\n\r\n"
		  "BEGIN:VCALENDAR\r\n--b--\r\n",
		  "calendar" },
		{ "multipart/alternative; boundary=b", "",
		  "--b\r\n\r\nx\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n"
		  "x\r\n--b--\r\n",
		  "amp" },
		{ "application/ms-tnef", "base64", "AAAA\r\n", "tnef" },
		{ "image/png", "base64", "AAAA\r\n", "no-text" },
		{ "message/rfc822", "", "Subject: x\r\n\r\nx\r\n", "no-text" },
		{ "text/plain; charset=utf-16", "base64", "AAAA", "charset" },
		{ "text/plain; charset=iso-2022-jp", "", "x\r\n", "charset" },
		{ "text/plain", "", "caf\xe9\r\n", "charset" },
		{ "text/plain", "binary", "x\r\n", "encoding" },
		{ "text/plain", "x-uuencode", "x\r\n", "encoding" },
		{ "text/plain", "", "one\ntwo\r\n", "line-ends" },
		{ "multipart/mixed; boundary=b", "", "--b\r\n\r\nx\r\n",
		  "a multipart is not closed" },
		{ "multipart/mixed", "", "--b\r\n\r\nx\r\n--b--",
		  "a multipart without a boundary" },
		{ "text/plain; charset=utf-8", "8bit",
		  "> Un accus\xc3\xa9\r\n> est demand\xc3\xa9. Vous pouvez\r\n"
		  "> refuser.\r\n",
		  "already-there" },
		{ "text/html; charset=utf-8", "8bit",
		  "<div id=\"x_avis-notice\">Un</div>", "already-there" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome = with_footer(
			cases[i].type, cases[i].encoding, cases[i].body);

		if (strcmp(outcome.skipped, cases[i].reason) != 0)
			print_error("case %zu: %s\n", i, cases[i].body);
		assert_string_equal(outcome.skipped, cases[i].reason);
		assert_true(span_equal(outcome.body, span_of(cases[i].body)));
	}
}

struct html_case {
	const char *before; /* with # where the block must go */
};

static void
test_BODY_7_in_front_of_the_body_end_that_counts(void **state)
{
	static const char *const cases[] = {
		"<p>x</p>#",
		"<html><body>x#</body></html>",
		"<HTML><BODY>x#</BODY>\r\n</HTML>\r\n",
		"<body>x<!-- </body> -->#</body>",
		"<body><script>var a = \"</body>\";</script>x#</body>",
		"<body><style>/* </body> */</style>x#</body>",
		"<body><p title=\"</body>\">x</p>#</body>",
		"<p>x#</html>",
		"x#",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *mark = strchr(cases[i], '#');
		const char *front = arena_strndup(arena, cases[i],
		                                  (size_t)(mark - cases[i]));
		const char *body = arena_printf(arena, "%s%s", front, mark + 1);
		struct outcome outcome =
			with_footer("text/html; charset=utf-8", "7bit", body);
		const char *text =
			arena_strndup(arena, outcome.body.at, outcome.body.len);

		assert_string_equal(outcome.skipped, "");
		/* White space between is free. */
		assert_non_null(strstr(text, "<div id=\"avis-notice\">"));
		assert_true(strncmp(text, front, strlen(front)) == 0 ||
		            strstr(front, "</body>") != NULL);
		assert_string_equal(text + strlen(text) - strlen(mark + 1),
		                    mark + 1);
	}
}

static void
test_BODY_7_a_block_that_nobody_would_see_stays_out(void **state)
{
	static const char *const cases[] = {
		"<body><p>x</p><script>never closed",
		"<body><p>x</p><!-- never closed",
		"<body><textarea>never closed",
		"<title>only a title",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome = with_footer("text/html; charset=utf-8",
		                                     "7bit", cases[i]);

		assert_string_equal(outcome.skipped, "unsure");
	}
}

static const char *
measured(void *context, const char *url)
{
	(void)context;
	return strstr(url, "unsubscribe") != NULL
	               ? NULL
	               : arena_printf(arena, "https://a.example/l?to=%s", url);
}

static struct outcome
with_links(const char *encoding, const char *body)
{
	struct span bytes = span_of(body);
	const struct outline_head head = { "text/html; charset=utf-8", encoding,
		                           "" };
	struct outline *outline = outline_new(&head);
	struct body_source source = body_source_of(&bytes);
	struct insert_result result;
	struct buf out;

	outline_add(outline, bytes.at, bytes.len);

	const struct insert_request request = { .outline = outline_end(outline),
		                                .source = &source,
		                                .link = measured,
		                                .text_limit = 1024 * 1024 };

	insert_make(arena, &request, &result);
	buf_init(&out, (size_t)1024 * 1024);
	assert_true(splice_stream(&result.splices, &source, add_piece, &out));

	struct outcome outcome = { .skipped = result.skipped,
		                   .type = head.type_value,
		                   .encoding = encoding };
	outcome.body =
		span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	outline_free(&outline);
	return outcome;
}

static void
test_links_lead_elsewhere_and_nothing_else_changes(void **state)
{
	struct outcome outcome = with_links(
		"7bit",
		"<a href=\"https://x.example/?a=1&amp;b=2\">x</a>\r\n"
		"<a class=q href=http://y.example/>y</a> <a href='#top'>t</a>"
		"<a href=\"mailto:a@example.com\">m</a>\r\n"
		"<a href=\"https://x.example/unsubscribe\">no</a>\r\n"
		"<!-- <a href=\"https://z.example/\"> --><img src="
		"\"https://z.example/i.png\">\r\n");

	(void)state;
	assert_body(
		outcome,
		"<a href=\"https://a.example/l?to=https://x.example/?a=1&amp;"
		"b=2\">x</a>\r\n<a class=q href=\"https://a.example/l?to="
		"http://y.example/\">y</a> <a href='#top'>t</a>"
		"<a href=\"mailto:a@example.com\">m</a>\r\n"
		"<a href=\"https://x.example/unsubscribe\">no</a>\r\n"
		"<!-- <a href=\"https://z.example/\"> --><img src="
		"\"https://z.example/i.png\">\r\n");
}

static void
test_links_behind_encodings(void **state)
{
	const char *page =
		"<p>caf\xc3\xa9 <a href=\"https://x.example/\">x</a> "
		"and some more words to make the line a long one "
		"<a href=\"https://y.example/\">y</a></p>\r\n";
	static const char *const encodings[] = { "quoted-printable", "base64" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct span body =
			mime_encode_body(arena, span_of(page), encodings[i]);
		struct outcome outcome = with_links(
			encodings[i], arena_strndup(arena, body.at, body.len));
		struct span text = mime_decode_body(arena, outcome.body,
		                                    encodings[i], 9999);
		struct span rest = outcome.body, line;

		assert_string_equal(outcome.skipped, "");
		assert_true(span_find_text(text,
		                           "to=https://x.example/\">x</a>",
		                           0) < text.len);
		assert_true(span_find_text(text,
		                           "to=https://y.example/\">y</a>",
		                           0) < text.len);
		while (span_line(&rest, &line))
			assert_true(line.len <= 76);
	}
}

/* X-13: what went through once does not change again. */
static void
test_X_13_twice_is_once(void **state)
{
	struct outcome once =
		with_footer("multipart/alternative; boundary=b", "",
	                    arena_printf(arena, ALTERNATIVE, "", ""));
	struct outcome twice =
		run(once.type, once.encoding, once.body, 11, &footer, 1, false);

	(void)state;
	assert_string_equal(twice.skipped, "already-there");
}

/* Wherever the chunks of the body are split, the outcome is one. */
static void
test_MLT_19_any_chunks(void **state)
{
	const char *body = arena_printf(arena, ALTERNATIVE, "", "");
	struct outcome first = run("multipart/alternative; boundary=b", "",
	                           span_of(body), 1, &footer, 1, false);

	(void)state;
	for (size_t step = 2; step < strlen(body) + 2; step++) {
		struct outcome other =
			run("multipart/alternative; boundary=b", "",
		            span_of(body), step, &footer, 1, false);

		assert_true(span_equal(first.body, other.body));
	}
}

/* Its body is where it would begin, not in front of that. */
static void
test_a_part_of_nothing_at_all(void **state)
{
	const struct outline_head head = { "multipart/mixed; boundary=s", "",
		                           "" };
	struct span body = SPAN("--s\r\n--s\r\n\r\nx\r\n--s--\r\n");
	struct outline *outline = outline_new(&head);
	const struct outline_list *list;

	(void)state;
	outline_add(outline, body.at, body.len);
	list = outline_end(outline);
	assert_int_equal(list->count, 3);
	assert_int_equal(list->items[1].start, 5);
	assert_int_equal(list->items[1].body, 5);
	assert_int_equal(list->items[1].end, 5);
	outline_free(&outline);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_BODY_2_seven_bit_becomes_quoted_printable_for_french),
		cmocka_unit_test(test_BODY_4_the_parts_own_charset),
		cmocka_unit_test(
			test_BODY_4_a_charset_without_the_euro_becomes_utf_8),
		cmocka_unit_test(test_BODY_5_flowed_lines_are_stuffed),
		cmocka_unit_test(test_BODY_5_in_front_of_the_signature),
		cmocka_unit_test(test_BODY_6_both_versions_or_none),
		cmocka_unit_test(
			test_BODY_6_nothing_to_read_gets_a_part_of_its_own),
		cmocka_unit_test(test_BODY_10_headers_that_would_lie_go),
		cmocka_unit_test(test_base64_keeps_its_lines),
		cmocka_unit_test(test_BODY_1_what_is_never_edited),
		cmocka_unit_test(
			test_BODY_7_in_front_of_the_body_end_that_counts),
		cmocka_unit_test(
			test_BODY_7_a_block_that_nobody_would_see_stays_out),
		cmocka_unit_test(
			test_links_lead_elsewhere_and_nothing_else_changes),
		cmocka_unit_test(test_links_behind_encodings),
		cmocka_unit_test(test_X_13_twice_is_once),
		cmocka_unit_test(test_a_part_of_nothing_at_all),
		cmocka_unit_test(test_MLT_19_any_chunks),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
