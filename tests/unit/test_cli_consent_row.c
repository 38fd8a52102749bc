#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/consent_row.h"

#define NOW ((time_ms_t)1795000000000)

static struct arena *arena;
static struct class_settings classes[] = { { .name = "newsletter" },
	                                   { .name = "offers" } };
static const struct settings settings = { .classes = classes,
	                                  .class_count = 2 };
static struct consent_defaults defaults = { &settings, "", NOW };

static int
set_up(void **state)
{
	(void)state;
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

/* A record from "a|b|c". */
static struct csv_record
record_of(const char *text)
{
	struct csv_record record = { .line = 1 };
	struct span rest = span_of(text);

	for (;;) {
		size_t end = span_find(rest, '|', 0);

		record.fields[record.count++] = span_take(rest, end);
		if (end == rest.len)
			return record;
		rest = span_skip(rest, end + 1);
	}
}

static const char header[] =
	"address|class|time|text_id|channel|receive|open|click|basis|context";

static enum result
read_row(const char *text, struct event *event_r, struct error *err)
{
	struct csv_record head = record_of(header), row = record_of(text);
	struct consent_columns columns;
	const char *ignored;

	assert_int_equal(consent_header(arena, &head, &defaults, &columns,
	                                &ignored, err),
	                 RESULT_OK);
	assert_string_equal(ignored, "");
	return consent_row(arena, &row, &columns, &defaults, event_r, err);
}

static void
test_GDPR_2_a_row_says_who_when_what_and_how(void **state)
{
	struct event event;
	struct error err;

	(void)state;
	assert_int_equal(
		read_row("Anne@Example.com|newsletter|2026-03-01T10:00:00Z|"
	                 "optin-2|web|yes|no|oui|consent|inscription",
	                 &event, &err),
		RESULT_OK);
	assert_int_equal(event.kind, EVENT_CONSENT);
	assert_string_equal(event.class_name, "newsletter");
	assert_string_equal(event.detail, "given-receive-click");
	assert_string_equal(event.person, "");
	assert_string_equal(event_fact(&event, "address"), "Anne@Example.com");
	assert_string_equal(event_fact(&event, "text"), "optin-2");
	assert_string_equal(event_fact(&event, "channel"), "web");
	assert_string_equal(event_fact(&event, "context"), "inscription");
	assert_int_equal(event.time, 1772359200000);
}

static void
test_GDPR_3_silence_is_no(void **state)
{
	struct event event;
	struct error err;

	(void)state;
	assert_int_equal(read_row("a@example.com|newsletter|2026-03-01|t|||||"
	                          "|",
	                          &event, &err),
	                 RESULT_OK);
	assert_string_equal(event.detail, "given");
}

static void
test_what_is_wrong_is_said_with_its_column(void **state)
{
	static const struct {
		const char *row;
		const char *text;
	} cases[] = {
		{ "|newsletter|2026-03-01|t||yes||||", "address: is empty" },
		{ "anne|newsletter|2026-03-01|t||yes||||",
		  "address: is no address" },
		{ "a@example.com|newslettre|2026-03-01|t||yes||||",
		  "did you mean \"newsletter\"?" },
		{ "a@example.com||2026-03-01|t||yes||||", "class: is empty" },
		{ "a@example.com|newsletter|01/03/2026|t||yes||||",
		  "time: is no time" },
		{ "a@example.com|newsletter|2096-03-01|t||yes||||",
		  "time: lies in the future" },
		{ "a@example.com|newsletter|2026-03-01|t||perhaps||||",
		  "receive: is neither yes nor no" },
		{ "a@example.com|newsletter|2026-03-01|t||yes|||contract|",
		  "basis: is neither" },
		{ "a@example.com|newsletter|2026-03-01|||yes||||",
		  "text_id: is empty" },
		{ "a@example.com|newsletter|2026-03-01|||yes|||soft-opt-in|",
		  "context: is empty" },
		{ "a@example.com|newsletter|2026-03-01|t||yes||||caf\xe9",
		  "context: is not UTF-8" },
		{ "a@example.com|newsletter", "it has 2 fields" },
	};
	struct event event;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_row(cases[i].row, &event, &err),
		                 RESULT_BAD);
		if (strstr(err.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].row, err.text);
	}
}

static void
test_columns_may_be_french_and_in_any_order(void **state)
{
	struct csv_record head = record_of("Liste|Date|Adresse|Recevoir|Texte|"
	                                   "couleur|avis_line");
	struct consent_columns columns;
	const char *ignored;
	struct error err;

	(void)state;
	assert_int_equal(consent_header(arena, &head, &defaults, &columns,
	                                &ignored, &err),
	                 RESULT_OK);
	assert_int_equal(columns.at[COLUMN_ADDRESS], 2);
	assert_int_equal(columns.at[COLUMN_CLASS], 0);
	assert_int_equal(columns.at[COLUMN_OPEN], -1);
	assert_string_equal(ignored, "couleur");
}

static void
test_a_header_must_have_what_counts(void **state)
{
	static const struct {
		const char *header;
		const char *class_name;
		const char *text; /* NULL: it is good */
	} cases[] = {
		{ "class|time|receive", "", "no column \"address\"" },
		{ "address|class|receive", "", "no column \"time\"" },
		{ "address|class|time", "", "no column \"receive\"" },
		{ "address|time|receive", "", "--class" },
		{ "address|time|receive", "offers", NULL },
		{ "address|e-mail|class|time|receive", "", "two columns" },
	};
	struct consent_columns columns;
	const char *ignored;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct csv_record head = record_of(cases[i].header);
		struct consent_defaults with = defaults;

		with.class_name = cases[i].class_name;
		assert_int_equal(consent_header(arena, &head, &with, &columns,
		                                &ignored, &err),
		                 cases[i].text == NULL ? RESULT_OK
		                                       : RESULT_BAD);
		if (cases[i].text != NULL)
			assert_non_null(strstr(err.text, cases[i].text));
	}
}

static void
test_two_rows_are_the_same_in_spite_of_case(void **state)
{
	struct event a, b, c;
	struct buf one, two;
	struct error err;

	(void)state;
	assert_int_equal(
		read_row("a@example.com|offers|2026-03-01|t||1||||", &a, &err),
		RESULT_OK);
	assert_int_equal(read_row("A@Example.COM|offers|2026-03-01|t||yes||||",
	                          &b, &err),
	                 RESULT_OK);
	assert_int_equal(
		read_row("a@example.com|offers|2026-03-01|t||1|1|||", &c, &err),
		RESULT_OK);
	buf_init(&one, 4096);
	buf_init(&two, 4096);
	consent_print(&a, &one);
	consent_print(&b, &two);
	assert_string_equal(one.data, two.data);
	consent_print(&c, &two);
	assert_string_not_equal(one.data, two.data);
	buf_done(&one);
	buf_done(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_GDPR_2_a_row_says_who_when_what_and_how),
		cmocka_unit_test(test_GDPR_3_silence_is_no),
		cmocka_unit_test(test_what_is_wrong_is_said_with_its_column),
		cmocka_unit_test(test_columns_may_be_french_and_in_any_order),
		cmocka_unit_test(test_a_header_must_have_what_counts),
		cmocka_unit_test(test_two_rows_are_the_same_in_spite_of_case),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
