#ifndef MILTER_OUTBOUND_H
#define MILTER_OUTBOUND_H

#include "milter/session.h"

/*
 * A message goes out: facts, decision, plan, record. Sets session->outcome
 * and queues the events; session_settle waits for them.
 */
void outbound_end(struct session *session);

/* The edits did not reach the MTA: what was recorded did not leave. */
void outbound_withdraw(struct session *session);

/* One line per message, addresses masked (GDPR-15). */
void outbound_log(const struct session *session, const char *class_name,
                  const char *verdict, const char *reason);

#endif
