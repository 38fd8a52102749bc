#ifndef RECORD_GAPS_H
#define RECORD_GAPS_H

#include "record/apply.h"
#include "record/store.h"

/*
 * What the record itself missed: a torn entry, lines of a mail log that were
 * gone before they were read (EVD-9). Such an event names no message; it
 * stands in the case of each message that it may concern.
 */

/* Writes the event to the store; once or often is the same. */
void gaps_apply(struct apply *apply, const struct event *gap);

/*
 * Adds those of the machine that the message left, in the week after it left,
 * to the message's events, in their order.
 */
enum result gaps_find(struct arena *arena, struct store *store,
                      struct event_list *events, struct error *err) MUST_CHECK;

#endif
