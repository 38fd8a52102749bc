#ifndef WEB_FRESH_H
#define WEB_FRESH_H

#include "base/clock.h"
#include "base/token.h"

/*
 * A link that was mailed to the address itself. The tokens of a message go
 * wherever the message is forwarded; this one shows that somebody read that
 * mailbox within the last two days. It has its end in it, under the MAC:
 *
 *     base32(version, id, mac) seconds-since-1970
 */
#define FRESH_HOURS 48
#define FRESH_MS    ((time_ms_t)FRESH_HOURS * 3600 * 1000)
#define FRESH_SIZE  (TOKEN_ADDRESS_SIZE + 12)

void fresh_make(const struct keyring *keys, enum token_purpose purpose,
                struct message_id id, time_ms_t until, char text_r[FRESH_SIZE]);

/* False: not ours, or of another purpose. Whether it has ended: until_r. */
bool fresh_check(const struct keyring *keys, enum token_purpose purpose,
                 struct span text, struct message_id *id_r, time_ms_t *until_r);

#endif
