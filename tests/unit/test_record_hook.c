#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/hook.h"
#include "record/hook_post.h"

static struct arena *arena;
static char folder[64];

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	snprintf(folder, sizeof(folder), "/tmp/avis-hook.XXXXXX");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(rmdir(folder), 0);
	arena_free(&arena);
	return 0;
}

static void
test_body_is_canonical(void **state)
{
	struct event event = {
		.recorded = 1000,
		.time = 2000,
		.kind = EVENT_UNSUBSCRIBED,
		.source = SOURCE_PAGE,
		.class_name = "newsletter",
		.detail = "one-click",
		.status = "",
	};
	struct hook_letter letter = {
		.id = "mx1.web/12",
		.word = "unsubscribed",
		.address = "anne@example.com",
		.person = "0123456789abcdef01234567",
		.event = &event,
	};
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	hook_write_body("crm", &letter, &out);
	assert_string_equal(
		out.data,
		"{\"address\":\"anne@example.com\",\"class\":\"newsletter\","
		"\"detail\":\"one-click\",\"event\":\"unsubscribed\","
		"\"hook\":\"crm\",\"id\":\"mx1.web/12\","
		"\"person\":\"0123456789abcdef01234567\","
		"\"recorded\":\"1970-01-01T00:00:01.000Z\","
		"\"source\":\"page\",\"time\":\"1970-01-01T00:00:02.000Z\"}");
	buf_done(&out);
}

/* Made with: printf '1000.{}' | openssl dgst -sha256 -hmac KEY */
static void
test_signature_of_each_secret(void **state)
{
	const struct hook_secrets secrets = {
		.lines = { SPAN("an-example-of-a-secret"),
		           SPAN("another-of-these-secrets") },
		.count = 2,
	};

	(void)state;
	assert_string_equal(
		hook_signature(arena, &secrets, 1000, SPAN("{}")),
		"t=1000,v1=2e245df2699e8c1e1270d766f322fa02b4ffdc225e7f4099198f46dade31511a,"
		"v1=417d013de8d2425067274e0d48491ce01c811aa0c3ec6ff193f6521d40040aff");
}

static const struct {
	enum event_kind kind;
	const char *status;
	const char *word;
} kinds[] = {
	{ EVENT_UNSUBSCRIBED, "", "unsubscribed" },
	{ EVENT_CONSENT, "", "consent" },
	{ EVENT_FAILED, "5.1.1", "hard-bounce" },
	{ EVENT_FAILED, "4.2.2", "" },
	{ EVENT_FAILED, "5.7.1", "" }, /* BULK-5 */
	{ EVENT_SUBMITTED, "", "" },
	{ EVENT_ERASED, "", "" },
};

static void
test_which_events_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct event event = { .kind = kinds[i].kind,
			                     .status = kinds[i].status };

		assert_string_equal(hook_event_word(hook_event_of(&event)),
		                    kinds[i].word);
	}
}

static void
test_cursor_comes_back_as_it_was_kept(void **state)
{
	char *path = hook_path(arena, folder, "crm", "json");
	struct hook_cursor cursor = { .since = 1000,
		                      .last = 5000,
		                      .delivered = 7,
		                      .aside = 2,
		                      .trouble = "answer 503" };
	struct reader_place *place =
		hook_cursor_place(arena, &cursor, "mx1.milter");
	struct hook_cursor back;
	struct error err;

	(void)state;
	*place = (struct reader_place){ .segment = 3,
		                        .offset = 4096,
		                        .sequence = 99,
		                        .has_hash = true,
		                        .hash = { 1, 2, 3 } };
	assert_int_equal(hook_cursor_read(arena, path, &back, &err),
	                 RESULT_NONE);
	assert_int_equal(hook_cursor_write(path, &cursor, &err), RESULT_OK);
	assert_int_equal(hook_cursor_read(arena, path, &back, &err), RESULT_OK);
	assert_int_equal(back.since, 1000);
	assert_int_equal(back.last, 5000);
	assert_int_equal(back.delivered, 7);
	assert_int_equal(back.aside, 2);
	assert_string_equal(back.trouble, "answer 503");
	assert_int_equal(back.count, 1);
	assert_memory_equal(&back.places[0].place, place, sizeof(*place));
	assert_string_equal(back.places[0].writer, "mx1.milter");
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_is_canonical),
		cmocka_unit_test(test_signature_of_each_secret),
		cmocka_unit_test(test_which_events_are_told),
		cmocka_unit_test(test_cursor_comes_back_as_it_was_kept),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
