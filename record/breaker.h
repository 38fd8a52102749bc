#ifndef RECORD_BREAKER_H
#define RECORD_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Keeps callers from waiting for a server that does not answer: after some
 * failures in a row it opens, and then lets one through a second. Not
 * locked: its owner does that. Times are clock_steady_us().
 */
#define BREAKER_FAILURES 3
#define BREAKER_WAIT_US  1000000

enum breaker_state {
	BREAKER_CLOSED, /* all may pass */
	BREAKER_OPEN,   /* none may */
	BREAKER_TRYING, /* one is on its way */
	BREAKER_STATES
};

struct breaker {
	enum breaker_state state;
	unsigned failures;
	int64_t since_us;
};

/* May the caller go on? If so, it says afterwards how it went. */
bool breaker_admit(struct breaker *breaker, int64_t now_us);
void breaker_note(struct breaker *breaker, bool is_ok, int64_t now_us);

#endif
