#include "base/token.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/random.h"

#define MAC_BYTES     8
#define CONTEXT_BYTES ((size_t)64 * 1024)

/* version, id and mac in a row: 25 bytes, 40 letters of base32 exactly. */
struct packed {
	uint8_t version;
	uint8_t id[MESSAGE_ID_BYTES];
	uint8_t mac[MAC_BYTES];
};
_Static_assert(sizeof(struct packed) == 25, "a token has 25 bytes");

struct message_id
message_id_new(void)
{
	struct message_id id;

	random_bytes(id.bytes, sizeof(id.bytes));
	return id;
}

void
message_id_name(struct message_id id, char name_r[MESSAGE_NAME_SIZE])
{
	encode_base32(id.bytes, sizeof(id.bytes), name_r);
}

bool
message_id_parse(struct span name, struct message_id *id_r)
{
	return decode_base32(name, id_r->bytes, sizeof(id_r->bytes));
}

bool
message_id_same(struct message_id a, struct message_id b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void
token_mac(const uint8_t *key, enum token_purpose purpose, unsigned version,
          struct message_id id, struct span context, uint8_t mac_r[MAC_BYTES])
{
	char name[ENCODE_BASE64URL_SIZE(MESSAGE_ID_BYTES)], head[40];
	uint8_t sum[DIGEST_BYTES];
	int len;

	encode_base64url(id.bytes, sizeof(id.bytes), name);
	len = snprintf(head, sizeof(head), "%c%u.%s", (char)purpose, version,
	               name);
	if (context.len == 0) {
		digest_hmac(key, KEY_BYTES, head, (size_t)len, sum);
	} else {
		struct buf input;

		buf_init(&input, CONTEXT_BYTES);
		buf_add(&input, head, (size_t)len);
		buf_span(&input, span_take(context, CONTEXT_BYTES - 64));
		digest_hmac(key, KEY_BYTES, input.data, input.len, sum);
		buf_done(&input);
	}
	memcpy(mac_r, sum, MAC_BYTES);
}

static struct packed
token_pack(const struct keyring *keys, enum token_purpose purpose,
           struct message_id id, struct span context)
{
	unsigned version = keyring_newest(keys, KEY_TOKEN);
	struct packed packed = { .version = (uint8_t)version };

	memcpy(packed.id, id.bytes, sizeof(packed.id));
	token_mac(keyring_key(keys, KEY_TOKEN, version), purpose, version, id,
	          context, packed.mac);
	return packed;
}

static bool
token_check(const struct keyring *keys, enum token_purpose purpose,
            const struct packed *packed, struct span context,
            struct message_id *id_r)
{
	const uint8_t *key = keyring_key(keys, KEY_TOKEN, packed->version);
	uint8_t mac[MAC_BYTES];
	struct message_id id;

	if (key == NULL)
		return false;
	memcpy(id.bytes, packed->id, sizeof(id.bytes));
	token_mac(key, purpose, packed->version, id, context, mac);
	if (!digest_same(mac, packed->mac, MAC_BYTES))
		return false;
	*id_r = id;
	return true;
}

void
token_with_context(const struct keyring *keys, enum token_purpose purpose,
                   struct message_id id, struct span context,
                   char text_r[TOKEN_ADDRESS_SIZE])
{
	struct packed packed = token_pack(keys, purpose, id, context);

	encode_base32(&packed, sizeof(packed), text_r);
}

void
token_for_address(const struct keyring *keys, enum token_purpose purpose,
                  struct message_id id, char text_r[TOKEN_ADDRESS_SIZE])
{
	token_with_context(keys, purpose, id, SPAN(""), text_r);
}

void
token_for_url(const struct keyring *keys, enum token_purpose purpose,
              struct message_id id, char text_r[TOKEN_URL_SIZE])
{
	struct packed packed = token_pack(keys, purpose, id, SPAN(""));

	encode_base64url(&packed, sizeof(packed), text_r);
}

void
token_for_envid(const struct keyring *keys, struct message_id id,
                char text_r[TOKEN_ENVID_SIZE])
{
	struct packed packed = token_pack(keys, TOKEN_RECEIPT, id, SPAN(""));
	char name[ENCODE_BASE64URL_SIZE(MESSAGE_ID_BYTES)];
	char mac[ENCODE_BASE64URL_SIZE(MAC_BYTES)];

	encode_base64url(packed.id, sizeof(packed.id), name);
	encode_base64url(packed.mac, sizeof(packed.mac), mac);
	snprintf(text_r, TOKEN_ENVID_SIZE, "r%u.%s.%s",
	         (unsigned)packed.version, name, mac);
}

bool
token_check_context(const struct keyring *keys, enum token_purpose purpose,
                    struct span context, struct span text,
                    struct message_id *id_r)
{
	struct packed packed;

	return decode_base32(text, &packed, sizeof(packed)) &&
	       token_check(keys, purpose, &packed, context, id_r);
}

bool
token_check_address(const struct keyring *keys, enum token_purpose purpose,
                    struct span text, struct message_id *id_r)
{
	return token_check_context(keys, purpose, SPAN(""), text, id_r);
}

bool
token_check_url(const struct keyring *keys, enum token_purpose purpose,
                struct span text, struct message_id *id_r)
{
	struct packed packed;

	return decode_base64url(text, &packed, sizeof(packed)) &&
	       token_check(keys, purpose, &packed, SPAN(""), id_r);
}

bool
token_check_envid(const struct keyring *keys, struct span text,
                  struct message_id *id_r)
{
	struct packed packed;
	unsigned version = 0;
	size_t dot = span_find(text, '.', 0);
	size_t end = span_find(text, '.', dot + 1);

	if (text.len == 0 || text.at[0] != 'r' || dot < 2 || dot > 3)
		return false;
	for (size_t i = 1; i < dot; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		version = version * 10 + (unsigned)(text.at[i] - '0');
	}
	packed.version = (uint8_t)version;
	return end < text.len &&
	       decode_base64url(span_make(text.at + dot + 1, end - dot - 1),
	                        packed.id, sizeof(packed.id)) &&
	       decode_base64url(span_skip(text, end + 1), packed.mac,
	                        sizeof(packed.mac)) &&
	       token_check(keys, TOKEN_RECEIPT, &packed, SPAN(""), id_r);
}
