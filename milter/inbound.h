#ifndef MILTER_INBOUND_H
#define MILTER_INBOUND_H

#include "milter/session.h"

/*
 * Something comes back to recu+TOKEN@ or unsubscribe+TOKEN@, by SMTP or from
 * the MTA's own bounce service.
 */

/* At RCPT: is this recipient one of our addresses with a token? */
void inbound_recognise(struct session *session, size_t recipient);

/*
 * At the end: reads the report, records it, and says what becomes of the
 * mail: consumed, passed on to the author, or left to the mailbox behind
 * our address. RETRY of the store is a 4xx: the sender's MTA keeps it.
 */
void inbound_end(struct session *session);

#endif
