#include "base/clock.h"
#include "base/log.h"
#include "cli/release.h"
#include "fed_store.h"

#define MINUTES_MS ((time_ms_t)60 * 1000)

static struct class_settings classes[] = { { .name = "newsletter" } };
static struct settings settings = { .classes = classes, .class_count = 1 };

/* A message was put on hold so long ago, and is in the queue no more. */
static struct verdict_on_held
judge(time_ms_t age_ms)
{
	struct journal *journal = open_journal("mx1");
	struct event first =
		submitted("<a@x>", "anne@example.com", "newsletter");
	struct event held = later(EVENT_HELD, &first);
	struct release release = { .now_id = "",
		                   .store = store,
		                   .now = clock_now() };
	struct verdict_on_held verdict;
	struct held_list list;
	struct error err;

	release.opened.arena = arena;
	release.opened.settings = &settings;
	first.time = held.time = release.now - age_ms;
	held.due = release.now + 60 * MINUTES_MS;
	held.detail = "hours";
	held.class_name = "newsletter";
	append(journal, &first);
	append(journal, &held);
	feed_journal("mx1.test");
	journal_close(&journal);
	assert_int_equal(held_find(arena, store, HELD_ALL, 10, &list, &err),
	                 RESULT_OK);
	release_judge(&release, &list.items[0], &verdict);
	return verdict;
}

static void
test_what_somebody_else_let_go_is_gone(void **state)
{
	(void)state;
	assert_int_equal(judge(6 * MINUTES_MS).fate, FATE_IS_GONE);
}

/* Its event is on disk before the mail server has it in its hold queue. */
static void
test_what_is_not_in_the_queue_yet_stays(void **state)
{
	(void)state;
	assert_int_equal(judge(1 * MINUTES_MS).fate, FATE_STAYS);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_somebody_else_let_go_is_gone),
		TEST(test_what_is_not_in_the_queue_yet_stays),
	};
	int failed;

	log_open("test", LOG_TO_STDERR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	redis_remove(&server);
	return failed;
}
