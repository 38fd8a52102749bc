#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/clicks.h"

struct click {
	unsigned message;
	time_ms_t time;
	const char *detail;
};

static struct click_counts
counted(const struct click *list, size_t count)
{
	struct clicks clicks = { .next = 0 };
	struct click_counts counts = { .raw = 0 };

	for (size_t i = 0; i < count; i++) {
		struct event event = { .kind = EVENT_CLICKED,
			               .time = list[i].time,
			               .detail = list[i].detail };

		event.message.bytes[0] = (uint8_t)list[i].message;
		clicks_add(&clicks, &event, &counts);
	}
	return counts;
}

static void
test_machines_are_kept_apart(void **state)
{
	static const struct click list[] = { { 1, 1000, "human" },
		                             { 1, 50000, "machine" },
		                             { 1, 100000, "human" } };
	struct click_counts counts = counted(list, 3);

	(void)state;
	assert_int_equal(counts.raw, 3);
	assert_int_equal(counts.machine, 1);
	assert_int_equal(click_counts_human(&counts), 2);
}

/* Whatever its clients call themselves, and counted once each. */
static void
test_a_burst_is_a_machine(void **state)
{
	static const struct click list[] = { { 1, 1000, "human" },
		                             { 1, 2000, "machine" },
		                             { 1, 3000, "human" },
		                             { 1, 4000, "human" } };
	struct click_counts counts = counted(list, 4);

	(void)state;
	assert_int_equal(counts.raw, 4);
	assert_int_equal(counts.machine, 4);
}

static void
test_several_people_are_no_burst(void **state)
{
	static const struct click list[] = { { 1, 1000, "human" },
		                             { 2, 1001, "human" },
		                             { 3, 1002, "human" },
		                             { 1, 1003, "human" } };
	struct click_counts counts = counted(list, 4);

	(void)state;
	assert_int_equal(counts.machine, 0);
}

static void
test_other_events_do_not_count(void **state)
{
	struct clicks clicks = { .next = 0 };
	struct click_counts counts = { .raw = 0 };
	struct event event = { .kind = EVENT_CONFIRMED, .detail = "page" };

	(void)state;
	clicks_add(&clicks, &event, &counts);
	assert_int_equal(counts.raw, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machines_are_kept_apart),
		cmocka_unit_test(test_a_burst_is_a_machine),
		cmocka_unit_test(test_several_people_are_no_burst),
		cmocka_unit_test(test_other_events_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
