#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include <stdbool.h>

#include "base/keyring.h"
#include "base/span.h"

/*
 * One token names one message: 128 random bits, the version of the key and
 * the first 64 bits of HMAC-SHA256(key, P V "." base64url(id) context),
 * where P is the letter of the purpose and V the version in decimal. A
 * token of one purpose does not verify for another. Compare is in constant
 * time. No address, no sequence, nothing personal.
 *
 *     in addresses  base32(version, id, mac): 40 letters and digits (DSN-11)
 *     in ENVID      "r1." base64url(id) "." base64url(mac): 37 (DSN-8)
 *     in URLs       base64url(version, id, mac): 34
 */
#define MESSAGE_ID_BYTES   16
#define MESSAGE_NAME_SIZE  27 /* base32 of an id: how people see it */
#define TOKEN_ADDRESS_SIZE 41
#define TOKEN_URL_SIZE     35
#define TOKEN_ENVID_SIZE   40

/* The 128 bits that name a message everywhere. */
struct message_id {
	uint8_t bytes[MESSAGE_ID_BYTES];
};

enum token_purpose {
	TOKEN_RECEIPT = 'r',
	TOKEN_UNSUBSCRIBE = 'u',
	TOKEN_AUDIT = 'a', /* our own header; context: what it covers */
	TOKEN_PREFERENCES = 'p',
	TOKEN_DATA = 'd',
	/* From a mail to the address itself, for a short time: web/fresh.h */
	TOKEN_OWN_CHOICES = 'v',
	TOKEN_OWN_DATA = 'w',
	TOKEN_ERASE = 'e',
	TOKEN_CONFIRM = 'c',
	TOKEN_LINK = 'k',
	TOKEN_COPY = 'm'
};

struct message_id message_id_new(void);
void message_id_name(struct message_id id, char name_r[MESSAGE_NAME_SIZE]);
bool message_id_parse(struct span name, struct message_id *id_r);
bool message_id_same(struct message_id a, struct message_id b);

void token_for_address(const struct keyring *keys, enum token_purpose purpose,
                       struct message_id id, char text_r[TOKEN_ADDRESS_SIZE]);
void token_for_url(const struct keyring *keys, enum token_purpose purpose,
                   struct message_id id, char text_r[TOKEN_URL_SIZE]);
void token_for_envid(const struct keyring *keys, struct message_id id,
                     char text_r[TOKEN_ENVID_SIZE]);
/* As token_for_address, with further bytes under the MAC. */
void token_with_context(const struct keyring *keys, enum token_purpose purpose,
                        struct message_id id, struct span context,
                        char text_r[TOKEN_ADDRESS_SIZE]);

/* False: not a token, another purpose, an unknown key, a wrong MAC. */
bool token_check_address(const struct keyring *keys, enum token_purpose purpose,
                         struct span text, struct message_id *id_r);
bool token_check_url(const struct keyring *keys, enum token_purpose purpose,
                     struct span text, struct message_id *id_r);
bool token_check_envid(const struct keyring *keys, struct span text,
                       struct message_id *id_r);
bool token_check_context(const struct keyring *keys, enum token_purpose purpose,
                         struct span context, struct span text,
                         struct message_id *id_r);

#endif
