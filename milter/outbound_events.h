#ifndef MILTER_OUTBOUND_EVENTS_H
#define MILTER_OUTBOUND_EVENTS_H

#include "flow/plan.h"
#include "milter/session.h"

/*
 * What happened to a message on its way out, queued to the journal. False:
 * what its class wants kept cannot be kept, and nothing is recorded.
 */
bool record_submitted(struct session *session, const struct facts *facts,
                      const struct decision *decision, const struct plan *plan,
                      struct message_id id);
void record_held(struct session *session, const struct decision *decision,
                 struct message_id id);
void record_refused(struct session *session, const struct decision *decision,
                    const char *detail);

/* The edits did not reach the MTA: what was recorded did not leave. */
void record_withdrawn(struct session *session);

#endif
