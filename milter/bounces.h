#ifndef MILTER_BOUNCES_H
#define MILTER_BOUNCES_H

#include "milter/inbound_events.h"

/*
 * A failure that was just recorded: counts it, and when the setting
 * hard_bounces says that it is enough, queues the event that suppresses the
 * address.
 */
void bounces_note(struct session *session, const struct inbound_case *found,
                  const struct event *failed);

#endif
