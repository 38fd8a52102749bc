#ifndef MILTER_REPLY_H
#define MILTER_REPLY_H

#include "milter/session.h"

/*
 * Is this message an answer to one of ours, by In-Reply-To or References?
 * Then it is recorded, as a person's or as a machine's; the message itself
 * is never changed. With the store away the event names the Message-IDs and
 * the forwarder finds the message later.
 */
void reply_note(struct session *session, const struct facts *facts);

#endif
