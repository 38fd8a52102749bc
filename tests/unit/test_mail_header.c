#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/header.h"
#include "mail/mime.h"

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

struct read_case {
	const char *message;
	size_t count;
	const char *name;  /* of the last field */
	const char *value; /* unfolded */
	const char *body;
};

static const struct read_case read_cases[] = {
	{ "A: 1\nB: 2\n\nbody", 2, "B", "2", "body" },
	{ "A: 1\r\nB: 2\r\n\r\nbody", 2, "B", "2", "body" },
	{ "A: 1\r\r\nB: 2\r\r\n\r\r\nbody", 2, "B", "2", "body" },
	{ "A: one\n two\n\tthree\n\nbody", 1, "A", "one two\tthree", "body" },
	{ "A: one\n \n two\n\nbody", 1, "A", "one  two", "body" },
	{ "A : spaced\n\nbody", 1, "A", "spaced", "body" },
	{ "A:tight\n\n", 1, "A", "tight", "" },
	{ "From x@y Mon\nA: 1\n\nbody", 1, "A", "1", "body" },
	{ "no field at all\nA: 1\n\nbody", 1, "A", "1", "body" },
	{ "A: 1\n   \nbody", 1, "A", "1", "body" },
	{ "A: cut off", 1, "A", "cut off", "" },
	{ "A:\n\nbody", 1, "A", "", "body" },
	{ "A: 1\n\n\nbody", 1, "A", "1", "\nbody" },
};

static void
test_read_takes_fields_and_finds_the_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_cases) / sizeof(read_cases[0]);
	     i++) {
		const struct read_case *c = &read_cases[i];
		struct header_list list;
		size_t used;

		header_read(arena, span_of(c->message), 100, &list, &used);
		assert_int_equal(list.count, c->count);
		assert_string_equal(list.items[list.count - 1].name, c->name);
		assert_string_equal(
			header_unfold(arena, list.items[list.count - 1].value),
			c->value);
		assert_string_equal(c->message + used, c->body);
	}
}

static void
test_read_stops_at_the_limit_but_finds_the_body(void **state)
{
	struct header_list list;
	size_t used;
	const char *message = "A: 1\nB: 2\nC: 3\n\nbody";

	(void)state;
	header_read(arena, span_of(message), 2, &list, &used);
	assert_int_equal(list.count, 2);
	assert_string_equal(message + used, "body");
}

static void
test_HDR_7_value_stays_verbatim(void **state)
{
	struct header_list list;
	size_t used;

	(void)state;
	header_read(arena, SPAN("A:  two\r\n fold \r\nB:x\n\n"), 9, &list,
	            &used);
	assert_string_equal(list.items[0].value, "  two\n fold ");
	assert_string_equal(list.items[1].value, "x");
}

static void
test_nul_becomes_a_space(void **state)
{
	struct header_list list;
	size_t used;

	(void)state;
	header_read(arena, SPAN("A: x\0y\n\n"), 9, &list, &used);
	assert_string_equal(list.items[0].value, " x y");
}

static void
test_find_counts_from_one_without_case(void **state)
{
	struct header_list list = { 0 };

	(void)state;
	header_add(arena, &list, SPAN("To"), SPAN("a"));
	header_add(arena, &list, SPAN("tO"), SPAN("b"));
	assert_string_equal(header_find(&list, "TO", 2)->value, "b");
	assert_null(header_find(&list, "to", 3));
	assert_int_equal(header_count(&list, "to"), 2);
	assert_string_equal(header_text(arena, &list, "Cc"), "");
	assert_int_equal(list.bytes, 6);
}

static const struct {
	const char *value, *token;
} token_cases[] = {
	{ " auto-replied", "auto-replied" },
	{ "Auto-Generated (failure)", "auto-generated" },
	{ " (x (y)) no; p=1", "no" },
	{ "auto-replied;x", "auto-replied" },
	{ "(never closed", "" },
	{ "", "" },
};

static void
test_token_leaves_comments_and_parameters_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(token_cases) / sizeof(token_cases[0]);
	     i++)
		assert_string_equal(header_token(arena, token_cases[i].value),
		                    token_cases[i].token);
}

static const struct {
	const char *value, *text;
} decode_cases[] = {
	{ " =?utf-8?Q?caf=C3=A9?=", "caf\xC3\xA9" },
	{ "=?iso-8859-1?q?=E9t=E9?=\n =?iso-8859-1?q?_x?=",
	  "\xC3\xA9t\xC3\xA9 x" },
	{ "=?utf-8?B?YQ0KQmNjOiB4QHk=?=", "a  Bcc: x@y" },
	{ "plain", "plain" },
};

static void
test_X_7_decoded_text_holds_no_line_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(decode_cases) / sizeof(decode_cases[0]);
	     i++)
		assert_string_equal(header_decode(arena, decode_cases[i].value),
		                    decode_cases[i].text);
}

static void
test_HDR_1_emit_refuses_what_breaks_a_header(void **state)
{
	static const char *const bad[] = {
		"a\rb",      "a\nb",    "a\n",         "a\n \nb",
		"a\n\t\n b", "\n \n x", "caf\xC3\xA9", "a\r\n b",
	};
	const char *safe = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(header_emit(arena, bad[i], false, &safe, &err),
		                 RESULT_NONE);
		assert_true(strlen(err.text) > 0);
		assert_null(safe);
	}
	/* An overlong form of "/" is no UTF-8. */
	assert_int_equal(header_emit(arena, "\xC0\xAF", true, &safe, &err),
	                 RESULT_NONE);
}

static void
test_HDR_2_emit_measures_lines(void **state)
{
	char text[1100];
	const char *safe;
	struct error err;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[998] = '\0';
	assert_int_equal(header_emit(arena, text, false, &safe, &err),
	                 RESULT_OK);
	text[998] = 'x';
	text[999] = '\0';
	assert_int_equal(header_emit(arena, text, false, &safe, &err),
	                 RESULT_NONE);
	text[900] = '\n';
	text[901] = ' ';
	assert_int_equal(header_emit(arena, text, false, &safe, &err),
	                 RESULT_OK);
}

static void
test_I18N_4_emit_lets_utf8_pass_when_asked(void **state)
{
	const char *safe;
	struct error err;

	(void)state;
	assert_int_equal(header_emit(arena, " caf\xC3\xA9", true, &safe, &err),
	                 RESULT_OK);
	assert_string_equal(safe, "caf\xC3\xA9");
}

static const struct {
	const char *text, *phrase;
} phrase_cases[] = {
	{ "Anne Example", "Anne Example" },
	{ "Example, Inc.", "\"Example, Inc.\"" },
	{ "say \"x\" \\", "\"say \\\"x\\\" \\\\\"" },
	{ "Zo\xC3\xA9", "=?utf-8?B?Wm/DqQ==?=" },
	{ "=?x?=", "=?utf-8?B?PT94Pz0=?=" },
	{ "a\r\nBcc: x", "\"a  Bcc: x\"" },
	{ "", "" },
};

static void
test_HDR_3_phrase_is_atom_quoted_or_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(phrase_cases) / sizeof(phrase_cases[0]);
	     i++)
		assert_string_equal(header_phrase(arena, phrase_cases[i].text),
		                    phrase_cases[i].phrase);
}

static void
test_HDR_3_long_text_makes_short_words_that_decode(void **state)
{
	char text[400] = "";
	const char *encoded;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 4);
	encoded = header_unstructured(arena, text);
	assert_string_equal(header_decode(arena, encoded), text);

	struct span rest = span_of(encoded);
	struct span line;
	while (span_line(&rest, &line))
		assert_true(line.len <= 76);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_takes_fields_and_finds_the_body),
		cmocka_unit_test(
			test_read_stops_at_the_limit_but_finds_the_body),
		cmocka_unit_test(test_HDR_7_value_stays_verbatim),
		cmocka_unit_test(test_nul_becomes_a_space),
		cmocka_unit_test(test_find_counts_from_one_without_case),
		cmocka_unit_test(test_token_leaves_comments_and_parameters_out),
		cmocka_unit_test(test_X_7_decoded_text_holds_no_line_end),
		cmocka_unit_test(test_HDR_1_emit_refuses_what_breaks_a_header),
		cmocka_unit_test(test_HDR_2_emit_measures_lines),
		cmocka_unit_test(test_I18N_4_emit_lets_utf8_pass_when_asked),
		cmocka_unit_test(test_HDR_3_phrase_is_atom_quoted_or_encoded),
		cmocka_unit_test(
			test_HDR_3_long_text_makes_short_words_that_decode),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
