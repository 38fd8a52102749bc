#ifndef MILTER_BOUNCES_H
#define MILTER_BOUNCES_H

#include "milter/inbound_events.h"

/*
 * Is the address gone for good (STAT-4)? By the enhanced status code alone:
 * 5.1.x is about the address, 5.2.1 says that the mailbox is closed. 5.1.7
 * and 5.1.8 are about the sender, 5.7.x about our reputation (BULK-5).
 */
bool bounce_is_hard(const char *status);

/*
 * A failure that was just recorded: counts it, and when the setting
 * hard_bounces says that it is enough, queues the event that suppresses the
 * address.
 */
void bounces_note(struct session *session, const struct inbound_case *found,
                  const struct event *failed);

#endif
