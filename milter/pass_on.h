#ifndef MILTER_PASS_ON_H
#define MILTER_PASS_ON_H

#include "milter/inbound_events.h"

/*
 * What becomes of a mail that came to a token: consumed once its event is
 * on disk, or sent on to the author with the token taken out and the
 * author's own DSN wishes kept. Failures always reach the author.
 */
void pass_on(struct session *session, const struct inbound_case *found);

/* This recipient is served; the mail goes no further for it. */
void pass_on_consume(struct session *session, struct arrival *arrival);

/* All recipients served: the mail itself is dropped (decision 7). */
void pass_on_finish(struct session *session);

const char *message_id_text(struct arena *arena, struct message_id id);

#endif
