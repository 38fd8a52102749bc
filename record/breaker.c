#include "record/breaker.h"

/* Where a failure or a success leads. */
static const enum breaker_state moves[BREAKER_STATES][2] = {
	[BREAKER_CLOSED] = { BREAKER_OPEN, BREAKER_CLOSED },
	[BREAKER_OPEN] = { BREAKER_OPEN, BREAKER_CLOSED },
	[BREAKER_TRYING] = { BREAKER_OPEN, BREAKER_CLOSED },
};

bool
breaker_admit(struct breaker *breaker, int64_t now_us)
{
	if (breaker->state == BREAKER_CLOSED)
		return true;
	/* One on its way that never came back must not block the rest. */
	if (now_us - breaker->since_us < BREAKER_WAIT_US)
		return false;
	breaker->state = BREAKER_TRYING;
	breaker->since_us = now_us;
	return true;
}

void
breaker_note(struct breaker *breaker, bool is_ok, int64_t now_us)
{
	breaker->failures = is_ok ? 0 : breaker->failures + 1;
	if (breaker->state == BREAKER_CLOSED && !is_ok &&
	    breaker->failures < BREAKER_FAILURES)
		return;
	breaker->state = moves[breaker->state][is_ok ? 1 : 0];
	if (!is_ok)
		breaker->since_us = now_us;
}
