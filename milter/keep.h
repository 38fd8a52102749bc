#ifndef MILTER_KEEP_H
#define MILTER_KEEP_H

#include "flow/plan.h"
#include "milter/session.h"
#include "record/event.h"

/*
 * How much of a message stays in the record, by its class (setting keep):
 * digests of its parts always; the header, or the whole message encrypted
 * (record/content.h), as the MTA has them after our edits.
 */

/*
 * Adds what is kept to the submitted event. False: what the class wants kept
 * cannot be kept: 4xx.
 */
bool keep_add(struct session *session, const struct class_settings *class,
              const struct plan *plan, struct message_id id,
              struct event *event);

/* The event is on disk and the message leaves; or it does not, or is gone. */
void keep_settle(struct session *session, bool is_sent);

#endif
