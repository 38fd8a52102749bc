#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/breaker.h"
#include "record/state.h"

static bool
is_one_of(enum state state, const enum state *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == state)
			return true;
	return false;
}

/* Every cell of the table, against what must hold for it. */
static void
test_every_state_and_event(void **state)
{
	static const enum state there[] = { STATE_RELAYED, STATE_DELIVERED,
		                            STATE_DISPLAYED, STATE_REPLIED,
		                            STATE_CONFIRMED };
	static const enum event_kind silent[] = {
		EVENT_SUBMITTED,    EVENT_DISPOSED,   EVENT_AUTO_REPLIED,
		EVENT_UNSUBSCRIBED, EVENT_UNREADABLE, EVENT_PASSED_ON,
		EVENT_GAP,          EVENT_STARTED,    EVENT_PREFERENCE,
		EVENT_CONSENT,      EVENT_SUPPRESSED, EVENT_READMITTED,
		EVENT_ASKED,        EVENT_EXPORTED,   EVENT_ERASED,
		EVENT_AMENDED,      EVENT_RESTRICTED, EVENT_HOLD,
		EVENT_HOLD_LIFTED,  EVENT_EXPIRED,    EVENT_CLICKED,
	};

	(void)state;
	for (int s = 0; s <= STATE_CONTRADICTED; s++) {
		enum state now = (enum state)s;
		bool was_there = is_one_of(now, there, 5);

		for (int k = 0; k < EVENT_KINDS; k++) {
			enum state next = state_next(now, (enum event_kind)k);

			assert_true(next <= STATE_CONTRADICTED);
			if (now == STATE_CONTRADICTED)
				assert_int_equal(next, now);
		}
		for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
			assert_int_equal(state_next(now, silent[i]), now);
		/* A failure after a hand-over or delivery contradicts. */
		if (was_there)
			assert_int_equal(state_next(now, EVENT_FAILED),
			                 STATE_CONTRADICTED);
		/* And a hand-over, delivery, display after a failure. */
		if (now == STATE_FAILED || now == STATE_REFUSED) {
			assert_int_equal(state_next(now, EVENT_RELAYED),
			                 STATE_CONTRADICTED);
			assert_int_equal(state_next(now, EVENT_DELIVERED),
			                 STATE_CONTRADICTED);
			assert_int_equal(state_next(now, EVENT_DISPLAYED),
			                 STATE_CONTRADICTED);
			assert_int_equal(state_next(now, EVENT_REPLIED),
			                 STATE_CONTRADICTED);
		}
		/* A delay takes nothing back. */
		if (now != STATE_SUBMITTED && now != STATE_HELD)
			assert_int_equal(state_next(now, EVENT_DELAYED), now);
	}
}

static void
test_DSN_12_relayed_is_never_delivered(void **state)
{
	static const enum event_kind makes[] = { EVENT_RELAYED, EVENT_EXPANDED,
		                                 EVENT_DISPOSED };

	(void)state;
	for (int s = 0; s <= STATE_CONTRADICTED; s++)
		for (size_t i = 0; i < 3; i++)
			if (s != STATE_DELIVERED)
				assert_int_not_equal(
					state_next((enum state)s, makes[i]),
					STATE_DELIVERED);
}

/* Only words, and nowhere one that says someone read it. */
static void
test_MDN_6_no_state_says_read(void **state)
{
	(void)state;
	for (int s = 0; s <= STATE_CONTRADICTED; s++) {
		assert_true(strlen(state_name((enum state)s)) > 3);
		assert_null(strstr(state_words((enum state)s), "read"));
	}
}

static void
test_states_of_several_recipients(void **state)
{
	struct event events[] = {
		{ .kind = EVENT_SUBMITTED },
		{ .kind = EVENT_RELAYED, .recipient = 1 },
		{ .kind = EVENT_FAILED, .recipient = 2 },
		{ .kind = EVENT_DISPLAYED, .recipient = 1 },
	};
	struct event_list list = { events, 4, 4 };

	(void)state;
	assert_int_equal(state_of(&list, 1), STATE_DISPLAYED);
	assert_int_equal(state_of(&list, 2), STATE_FAILED);
	assert_int_equal(state_of(&list, 3), STATE_SUBMITTED);
	list.count = 0;
	assert_int_equal(state_of(&list, 1), STATE_SUBMITTED);
}

static void
test_F_6_what_anyone_could_have_said_is_marked(void **state)
{
	struct event events[] = {
		{ .kind = EVENT_SUBMITTED },
		{ .kind = EVENT_DELIVERED,
		  .recipient = 1,
		  .grade = GRADE_AUTHENTICATED },
		{ .kind = EVENT_REPLIED,
		  .recipient = 1,
		  .grade = GRADE_CLAIMED },
		{ .kind = EVENT_DELIVERED,
		  .recipient = 1,
		  .grade = GRADE_CLAIMED },
	};
	struct event_list list = { events, 2, 2 };

	(void)state;
	assert_false(state_is_claimed(&list, 1));
	list.count = 4;
	assert_int_equal(state_of(&list, 1), STATE_REPLIED);
	assert_true(state_is_claimed(&list, 1));
	/* The same once more, from anyone, does not lessen it. */
	events[2] = events[3];
	assert_int_equal(state_of(&list, 1), STATE_DELIVERED);
	assert_false(state_is_claimed(&list, 1));
}

static void
test_REP_10_a_report_on_nobody_we_wrote_to_fails_none_of_ours(void **state)
{
	struct event events[] = {
		{ .kind = EVENT_SUBMITTED },
		{ .kind = EVENT_FAILED, .grade = GRADE_AUTHENTICATED },
		{ .kind = EVENT_REPLIED, .grade = GRADE_CLAIMED },
	};
	struct event_list list = { events, 3, 3 };

	(void)state;
	assert_int_equal(state_of(&list, 1), STATE_SUBMITTED);
	assert_int_equal(state_of(&list, 2), STATE_SUBMITTED);
	/* Asked of the message as a whole, it counts. */
	assert_int_not_equal(state_of(&list, 0), STATE_SUBMITTED);
	/* Our own refusal is for all. */
	events[1] = (struct event){ .kind = EVENT_REFUSED };
	assert_int_equal(state_of(&list, 2), STATE_REFUSED);
}

static void
test_the_breaker_opens_and_tries(void **state)
{
	struct breaker breaker = { .state = BREAKER_CLOSED };
	int64_t now = 5000000;

	(void)state;
	/* Failures that are not in a row leave it closed. */
	for (int i = 0; i < 10; i++) {
		assert_true(breaker_admit(&breaker, now));
		breaker_note(&breaker, i % 3 == 2, now);
	}
	breaker_note(&breaker, true, now);
	for (int i = 0; i < BREAKER_FAILURES; i++) {
		assert_true(breaker_admit(&breaker, now));
		breaker_note(&breaker, false, now);
	}
	assert_false(breaker_admit(&breaker, now));
	assert_false(breaker_admit(&breaker, now + BREAKER_WAIT_US - 1));
	/* One a second, the others not. */
	now += BREAKER_WAIT_US;
	assert_true(breaker_admit(&breaker, now));
	assert_false(breaker_admit(&breaker, now));
	assert_false(breaker_admit(&breaker, now + 10));
	breaker_note(&breaker, false, now + 20);
	assert_false(breaker_admit(&breaker, now + 30));
	/* One that never came back does not block for ever. */
	now += 2 * BREAKER_WAIT_US;
	assert_true(breaker_admit(&breaker, now));
	now += BREAKER_WAIT_US;
	assert_true(breaker_admit(&breaker, now));
	breaker_note(&breaker, true, now);
	assert_true(breaker_admit(&breaker, now));
	assert_true(breaker_admit(&breaker, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_and_event),
		cmocka_unit_test(test_DSN_12_relayed_is_never_delivered),
		cmocka_unit_test(test_MDN_6_no_state_says_read),
		cmocka_unit_test(test_states_of_several_recipients),
		cmocka_unit_test(
			test_F_6_what_anyone_could_have_said_is_marked),
		cmocka_unit_test(
			test_REP_10_a_report_on_nobody_we_wrote_to_fails_none_of_ours),
		cmocka_unit_test(test_the_breaker_opens_and_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
