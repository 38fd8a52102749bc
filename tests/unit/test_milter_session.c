#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "milter/session.h"

/* Where each step leads from each phase; '.' is a step out of order. */
static const char moves[PHASES][STEPS + 1] = {
	[PHASE_IDLE] = "S......I",      [PHASE_SENDER] = "SRHHB..I",
	[PHASE_RECIPIENT] = "SRHHBBDI", [PHASE_HEADER] = "S..HBBDI",
	[PHASE_BODY] = "S...BBDI",      [PHASE_DECIDED] = ".......I",
};
static const char letters[PHASES + 1] = "ISRHBD";

static void
test_MLT_5_every_step_in_every_phase(void **state)
{
	struct service service = { 0 };

	(void)state;
	for (int phase = 0; phase < PHASES; phase++)
		for (int step = 0; step < STEPS; step++) {
			struct session *session = session_new(&service);
			bool is_possible = moves[phase][step] != '.';
			char now;

			session->phase = (enum phase)phase;
			assert_int_equal(
				session_enter(session, (enum step)step),
				is_possible);
			now = letters[session->phase];
			if (is_possible && now != moves[phase][step])
				fail_msg("step %d in phase %d leads to %c",
				         step, phase, now);
			if (!is_possible)
				assert_int_equal(session->phase, phase);
			session_free(&session);
			assert_null(session);
		}
}

static void
test_MLT_5_close_may_be_the_only_callback(void **state)
{
	struct service service = { 0 };
	struct session *session = session_new(&service);

	(void)state;
	session_free(&session);
	session_free(&session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_MLT_5_every_step_in_every_phase),
		cmocka_unit_test(test_MLT_5_close_may_be_the_only_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
