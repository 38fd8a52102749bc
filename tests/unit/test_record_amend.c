#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/amend.h"

static void
test_names_an_address_in_the_forms_of_mail(void **state)
{
	static const struct {
		const char *text;
		bool is_named;
	} cases[] = {
		{ "anne@example.com", true },
		{ "to <Anne@EXAMPLE.com>: 550", true },
		{ "rfc822;anne@example.com", true },
		{ "bounce+anne=example.com@list.test", true },
		{ "bounces-1=anne=example.com@list.test", true },
		{ "anne=40example.com", true },
		{ "mailto:anne%40example.com?subject=x", true },
		{ "anne@example.com.", true },
		{ "anne@example.com, joe@example.com", true },
		{ "joanne@example.com", false },
		{ "marie-anne@example.com", false },
		{ "marie.anne@example.com", false },
		{ "anne@example.com.invalid", false },
		{ "anne@example.community", false },
		{ "anne at example.com", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (amend_names(span_of(cases[i].text), "anne@example.com") !=
		    cases[i].is_named)
			fail_msg("%s", cases[i].text);
	assert_true(amend_names(span_of("rfc822;anne+2Bnews@example.com"),
	                        "anne+news@example.com"));
	assert_false(amend_names(span_of("anne"), "anne"));
}

static void
test_GDPR_9_what_is_the_others_stays(void **state)
{
	struct arena *arena = arena_new();
	struct event_recipient to[] = {
		{ "anne@example.com", "rfc822;anne@example.com", 2 },
		{ "benoit@example.com", "", 6 },
	};
	struct event original = {
		.writer = "mx1.milter",
		.sequence = 12,
		.kind = EVENT_SUBMITTED,
		.class_name = "letter",
		.queue_id = "4ABC",
		.status = "",
		.detail = "first",
		.time = 1000,
		.retention_ms = 5000,
		.recipients = to,
		.recipient_count = 2,
	};
	struct event amended, again;

	(void)state;
	event_fact_add(arena, &original, "from", "letters@example.fr");
	event_fact_add(arena, &original, "diagnostic",
	               "550 <anne@example.com>: no");
	amend_make(arena, &original, "anne@example.com", &amended);
	assert_int_equal(amended.kind, EVENT_AMENDED);
	assert_string_equal(amended.detail, "submitted");
	assert_string_equal(event_fact(&amended, "of"), "mx1.milter/12");
	assert_string_equal(event_fact(&amended, "from"), "letters@example.fr");
	assert_string_equal(event_fact(&amended, "diagnostic"), "");
	/* The others keep their numbers. */
	assert_int_equal(amended.recipient_count, 2);
	assert_string_equal(amended.recipients[0].address, "");
	assert_string_equal(amended.recipients[0].orcpt, "");
	assert_string_equal(amended.recipients[1].address,
	                    "benoit@example.com");
	assert_int_equal(amended.recipients[1].notify, 6);
	assert_int_equal(amended.time, 1000);
	assert_int_equal(amended.retention_ms, 5000);

	assert_true(amend_restore(&amended));
	assert_int_equal(amended.kind, EVENT_SUBMITTED);
	assert_string_equal(amended.detail, "first");
	assert_false(amend_restore(&amended));

	/* Amended once more, it still stands for the first. */
	amend_make(arena, &amended, "benoit@example.com", &again);
	assert_string_equal(event_fact(&again, "of"), "mx1.milter/12");
	assert_string_equal(again.recipients[1].address, "");
	assert_string_equal(to[0].address, "anne@example.com");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_an_address_in_the_forms_of_mail),
		cmocka_unit_test(test_GDPR_9_what_is_the_others_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
