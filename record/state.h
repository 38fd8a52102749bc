#ifndef RECORD_STATE_H
#define RECORD_STATE_H

#include "record/event.h"

/*
 * What is known about one recipient of one message, derived from the events
 * by a table, never stored. relayed is never shown as delivered, displayed
 * never as read; a failure after a hand-over or delivery makes the case
 * contradicted, and both stay visible (architecture, section 5).
 */
enum state {
	STATE_SUBMITTED,
	STATE_HELD,
	STATE_REFUSED,
	STATE_DELAYED,
	STATE_RELAYED,
	STATE_DELIVERED,
	STATE_FAILED,
	STATE_DISPLAYED,
	STATE_REPLIED,
	STATE_CONFIRMED,
	STATE_CONTRADICTED
};

enum state state_of(const struct event_list *events, unsigned recipient);

/*
 * Does it rest on what anyone could have said? Without the claimed events
 * the state would be another.
 */
bool state_is_claimed(const struct event_list *events, unsigned recipient);

enum state state_next(enum state now, enum event_kind kind);
const char *state_name(enum state state);  /* "relayed" */
const char *state_words(enum state state); /* a sentence for people */

#endif
