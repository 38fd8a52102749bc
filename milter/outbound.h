#ifndef MILTER_OUTBOUND_H
#define MILTER_OUTBOUND_H

#include "milter/session.h"

/*
 * A message goes out: facts, decision, plan, record. Sets session->outcome
 * and queues the events; session_settle waits for them.
 */
void outbound_end(struct session *session);

#endif
