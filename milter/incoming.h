#ifndef MILTER_INCOMING_H
#define MILTER_INCOMING_H

#include "milter/session.h"

/* What comes in, as the reader of reports wants it. */

/* The message as a file would hold it: header, and body as far as kept. */
struct span incoming_bytes(struct session *session);

/* Does it name messages that it answers? Then its text is of interest. */
bool incoming_answers(struct session *session);

/*
 * Did a machine write this answer: vacation, ticket, challenge? Weighed by
 * header and text together: people's mail bears single signs too. sign_r
 * says which was the clearest, "" when a person wrote it.
 */
bool incoming_is_automatic(struct session *session, const char **sign_r);

#endif
