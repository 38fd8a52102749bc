#ifndef FLOW_FACTS_OF_H
#define FLOW_FACTS_OF_H

#include "base/keyring.h"
#include "flow/message.h"
#include "policy/facts.h"

/*
 * A message read for the policy: what rules_origin and rules_classify need.
 * What only the caller knows (store, web_is_healthy, now) stays as it is.
 */
void facts_of(const struct message *message, const struct keyring *keys,
              struct facts *facts);

/*
 * What the MAC of the audit header covers besides the id: Message-ID, Date
 * and the address in From, so that a copied header does not fit another
 * message. Values are the ones the message leaves with.
 */
struct span audit_context(struct arena *arena, const char *message_id,
                          const char *date, const char *from);

#endif
