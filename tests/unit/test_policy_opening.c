#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/opening.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define WEEK  "mon-fri 08:00-20:00 Europe/Paris"
#define NIGHT "22:00-06:00 Europe/Paris"

/* When it is `now`, is it open, and when does it open next? "": never. */
struct hour_case {
	const char *hours;
	const char *holidays;
	const char *now;
	bool is_open;
	const char *next;
};

static const struct hour_case cases[] = {
	/* 2026-11-20 is a Friday; Paris is an hour ahead of UTC */
	{ WEEK, "", "2026-11-20T06:59:59Z", false, "2026-11-20T07:00:00Z" },
	{ WEEK, "", "2026-11-20T07:00:00Z", true, "2026-11-23T07:00:00Z" },
	{ WEEK, "", "2026-11-20T18:59:59Z", true, "2026-11-23T07:00:00Z" },
	{ WEEK, "", "2026-11-20T19:00:00Z", false, "2026-11-23T07:00:00Z" },
	{ WEEK, "", "2026-11-21T10:00:00Z", false, "2026-11-23T07:00:00Z" },
	/* in summer it is two */
	{ WEEK, "", "2026-07-01T05:59:00Z", false, "2026-07-01T06:00:00Z" },
	{ WEEK, "", "2026-07-01T06:00:00Z", true, "2026-07-02T06:00:00Z" },
	/* holidays, of one year and of all */
	{ WEEK, "2026-11-23 # bridge\n", "2026-11-21T10:00:00Z", false,
	  "2026-11-24T07:00:00Z" },
	{ WEEK, "11-23\n11-24\n", "2027-11-22T20:00:00Z", false,
	  "2027-11-25T07:00:00Z" },
	{ WEEK, "2025-11-23\n", "2026-11-23T10:00:00Z", true,
	  "2026-11-24T07:00:00Z" },
	{ WEEK, "12-25\n", "2026-12-25T10:00:00Z", false,
	  "2026-12-28T07:00:00Z" },
	{ "00:00-24:00 UTC", "02-29\n", "2028-02-29T10:00:00Z", false,
	  "2028-03-01T00:00:00Z" },
	/* over midnight: the night belongs to the day it begins on */
	{ NIGHT, "", "2026-11-20T20:59:00Z", false, "2026-11-20T21:00:00Z" },
	{ NIGHT, "", "2026-11-20T23:30:00Z", true, "2026-11-21T21:00:00Z" },
	{ NIGHT, "", "2026-11-21T04:59:00Z", true, "2026-11-21T21:00:00Z" },
	{ NIGHT, "", "2026-11-21T05:00:00Z", false, "2026-11-21T21:00:00Z" },
	{ "fri " NIGHT, "", "2026-11-21T02:00:00Z", true,
	  "2026-11-27T21:00:00Z" },
	{ "fri " NIGHT, "", "2026-11-20T02:00:00Z", false,
	  "2026-11-20T21:00:00Z" },
	{ "fri " NIGHT, "2026-11-20\n", "2026-11-21T02:00:00Z", false,
	  "2026-11-27T21:00:00Z" },
	/* several spans and lists of days */
	{ "mon,wed 08:00-12:00 14:00-18:00, sat 09:00-12:00 UTC", "",
	  "2026-11-18T12:30:00Z", false, "2026-11-18T14:00:00Z" },
	{ "mon,wed 08:00-12:00 14:00-18:00, sat 09:00-12:00 UTC", "",
	  "2026-11-19T12:30:00Z", false, "2026-11-21T09:00:00Z" },
	{ "sat-mon 10:00-11:00 UTC", "", "2026-11-22T10:30:00Z", true,
	  "2026-11-23T10:00:00Z" },
	{ "00:00-24:00 UTC", "", "2026-11-22T23:59:59Z", true,
	  "2026-11-23T00:00:00Z" },
	/* the hour that the spring of 2026 does not have, and autumn twice */
	{ "02:30-05:00 Europe/Paris", "", "2026-03-29T00:00:00Z", false,
	  "2026-03-29T01:00:00Z" },
	{ "02:30-05:00 Europe/Paris", "", "2026-10-24T23:00:00Z", false,
	  "2026-10-25T00:30:00Z" },
	/* never */
	{ "mon 08:00-09:00 UTC", "2026-11-23\n2026-11-30\n",
	  "2026-11-22T00:00:00Z", false, "2026-12-07T08:00:00Z" },
};

static void
opening_init(struct arena *arena, const char *hours, const char *holidays,
             struct opening *opening)
{
	struct error err;

	*opening = (struct opening){ .zone = NULL };
	if (hours_read(hours, &opening->hours, &err) != RESULT_OK ||
	    zone_new(opening->hours.zone, &opening->zone, &err) != RESULT_OK ||
	    holidays_read(arena, span_of(holidays), &opening->holidays, &err) !=
	            RESULT_OK)
		fail_msg("%s: %s", hours, err.text);
}

static void
run_case(const struct hour_case *c)
{
	struct arena *arena = arena_new();
	struct opening opening;
	time_ms_t now, next;
	char text[CLOCK_TEXT_SIZE];

	opening_init(arena, c->hours, c->holidays, &opening);
	assert_true(clock_parse(c->now, &now));
	if (opening_is_open(&opening, now) != c->is_open)
		fail_msg("%s at %s: open %d", c->hours, c->now, !c->is_open);
	assert_true(clock_parse(c->next, &next));
	if (opening_next(&opening, now) != next) {
		clock_format(opening_next(&opening, now), text);
		fail_msg("%s at %s: next %s, wanted %s", c->hours, c->now, text,
		         c->next);
	}
	zone_free(&opening.zone);
	arena_free(&arena);
}

static void
test_hours(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		run_case(&cases[i]);
}

/* What next promises is open, and not a minute before. */
static void
test_next_is_the_moment_it_opens(void **state)
{
	const time_ms_t minute = 60000;
	struct arena *arena = arena_new();
	struct opening opening;
	time_ms_t now, next;

	(void)state;
	opening_init(arena,
	             "mon-sat 07:30-12:00 13:45-19:00, sun 22:00-01:00 "
	             "Europe/Paris",
	             "2026-11-11\n12-25\n01-01\n", &opening);
	assert_true(clock_parse("2026-10-20T00:00:00Z", &now));
	for (int i = 0; i < 2000; i++, now += 67 * minute) {
		next = opening_next(&opening, now);
		assert_true(next > now);
		assert_true(opening_is_open(&opening, next));
		assert_false(opening_is_open(&opening, next - minute));
	}
	zone_free(&opening.zone);
	arena_free(&arena);
}

static void
test_never_open(void **state)
{
	struct arena *arena = arena_new();
	struct opening opening;
	const char *year = "";

	(void)state;
	for (int month = 1; month <= 12; month++)
		for (int day = 1; day <= 28; day++)
			year = arena_printf(arena, "%s%02d-%02d\n", year, month,
			                    day);
	year = arena_printf(
		arena,
		"%s01-29\n01-30\n01-31\n02-29\n03-29\n03-30\n03-31\n04-29\n"
		"04-30\n05-29\n05-30\n05-31\n06-29\n06-30\n07-29\n07-30\n"
		"07-31\n08-29\n08-30\n08-31\n09-29\n09-30\n10-29\n10-30\n"
		"10-31\n11-29\n11-30\n12-29\n12-30\n12-31\n",
		year);
	opening_init(arena, WEEK, year, &opening);
	assert_false(opening_is_open(&opening, 0));
	assert_int_equal(opening_next(&opening, 0), 0);
	zone_free(&opening.zone);
	arena_free(&arena);
}

static void
test_zones_that_are_none(void **state)
{
	static const char *const names[] = { "Europe/Pari",
		                             "+01:00",
		                             "../etc",
		                             "CET-1CEST,M3.5.0,M10.5.0",
		                             "",
		                             "Mars/Olympus" };
	struct zone *zone;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (zone_new(names[i], &zone, &err) != RESULT_BAD)
			fail_msg("%s is a zone", names[i]);
}

static void
test_holidays_that_are_none(void **state)
{
	static const char *const texts[] = {
		"2026-13-01", "2026-02-29", "02-30",      "25-12-2026",
		"2026-1-1",   "Christmas",  "0000-01-01", "12-25x",
	};
	struct arena *arena = arena_new();
	struct holidays holidays;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text =
			arena_printf(arena, "# days\n%s\n", texts[i]);

		if (holidays_read(arena, span_of(text), &holidays, &err) !=
		    RESULT_BAD)
			fail_msg("%s is a day", texts[i]);
		assert_non_null(strstr(err.text, "line 2"));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours),
		cmocka_unit_test(test_next_is_the_moment_it_opens),
		cmocka_unit_test(test_never_open),
		cmocka_unit_test(test_zones_that_are_none),
		cmocka_unit_test(test_holidays_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
