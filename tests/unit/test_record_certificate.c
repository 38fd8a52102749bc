#define _GNU_SOURCE /* memmem */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "record/certificate.h"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	tzset();
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

static struct buf
certificate(const char *subject, enum language language, size_t delays)
{
	struct event *events = arena_array(arena, delays + 1, sizeof(*events));
	struct event_list list = { events, delays + 1, delays + 1 };
	const struct certificate_options options = {
		.organisation = "Société Exemple",
		.class_title = "",
		.made = 1795338000000,
	};
	struct error err = { "" };
	struct buf bytes;

	for (size_t i = 0; i <= delays; i++)
		events[i] = (struct event){ .writer = "mx1.maillog",
			                    .kind = EVENT_DELAYED,
			                    .source = SOURCE_MAILLOG,
			                    .time = 1795251602417 +
			                            (time_ms_t)i * 60000,
			                    .recipient = i > 0 ? 1 : 0,
			                    .class_name = "",
			                    .queue_id = "",
			                    .status = "",
			                    .detail = "" };
	events[0].kind = EVENT_SUBMITTED;
	events[0].source = SOURCE_MILTER;
	event_fact_add(arena, &events[0], "subject", subject);
	events[0].recipients =
		arena_array(arena, 1, sizeof(*events[0].recipients));
	events[0].recipient_count = 1;
	events[0].recipients[0].address = "anne@example.com";
	buf_init(&bytes, (size_t)16 * 1024 * 1024);
	assert_int_equal(
		certificate_make(arena,
	                         case_make(arena, &list, READ_STORE, language),
	                         &options, &bytes, &err),
		RESULT_OK);
	assert_int_equal(memcmp(bytes.data, "%PDF-", 5), 0);
	return bytes;
}

static void
test_BND_2_the_same_case_gives_the_same_bytes(void **state)
{
	struct buf a = certificate("x", LANGUAGE_FR, 3);
	struct buf b = certificate("x", LANGUAGE_FR, 3);
	struct buf c = certificate("y", LANGUAGE_FR, 3);

	(void)state;
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_true(a.len != c.len || memcmp(a.data, c.data, a.len) != 0);
	buf_done(&a);
	buf_done(&b);
	buf_done(&c);
}

/* Whatever a stranger's subject is made of, there is a page. */
static void
test_any_subject_can_be_set(void **state)
{
	static const char *const subjects[] = {
		"",
		"\xff\xfe\x80 broken",
		"تذكير بالدفع 付款提醒 תזכורת",
		"\xe2\x80\xae right to left, forced",
		"a\xcc\x81\xcc\x81\xcc\x81\xcc\x81 many marks",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		for (int l = LANGUAGE_EN; l <= LANGUAGE_FR; l++) {
			struct buf bytes =
				certificate(subjects[i], (enum language)l, 1);

			buf_done(&bytes);
		}
}

static void
test_many_events_take_many_pages(void **state)
{
	struct buf few = certificate("x", LANGUAGE_EN, 2);
	struct buf many = certificate("x", LANGUAGE_EN, 200);

	(void)state;
	assert_non_null(memmem(few.data, few.len, "/Count 1\n", 9));
	assert_null(memmem(many.data, many.len, "/Count 1\n", 9));
	buf_done(&few);
	buf_done(&many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_BND_2_the_same_case_gives_the_same_bytes),
		cmocka_unit_test(test_any_subject_can_be_set),
		cmocka_unit_test(test_many_events_take_many_pages),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
