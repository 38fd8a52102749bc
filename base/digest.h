#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/*
 * SHA-256, HMAC-SHA256 and AES-256-GCM; digest.c is the adapter for
 * OpenSSL's libcrypto and its only user.
 */
#define DIGEST_BYTES     32
#define DIGEST_HEX_SIZE  65
#define SEAL_KEY_BYTES   32
#define SEAL_EXTRA_BYTES 28 /* 12 of nonce in front, 16 of tag behind */

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest **digest);
void digest_add(struct digest *digest, const void *at, size_t len);
/* Gives the sum and starts again from nothing. */
void digest_take(struct digest *digest, uint8_t sum_r[DIGEST_BYTES]);

void digest_sha256(const void *at, size_t len, uint8_t sum_r[DIGEST_BYTES]);
/* SHA-256(first || bytes), without a copy of them: for trees of hashes. */
void digest_sha256_behind(uint8_t first, const void *at, size_t len,
                          uint8_t sum_r[DIGEST_BYTES]);
void digest_hmac(const void *key, size_t key_len, const void *at, size_t len,
                 uint8_t sum_r[DIGEST_BYTES]);

/* Lower-case hex, ended by NUL. */
void digest_hex(const uint8_t sum[DIGEST_BYTES], char text_r[DIGEST_HEX_SIZE]);

/* In constant time. */
bool digest_same(const void *a, const void *b, size_t len);

/*
 * AES-256-GCM. seal writes len + SEAL_EXTRA_BYTES bytes: nonce, text, tag.
 * open wants such bytes back and writes len - SEAL_EXTRA_BYTES; false when
 * the key is wrong or a byte has changed.
 */
void digest_seal(const uint8_t key[SEAL_KEY_BYTES], const void *at, size_t len,
                 void *sealed_r);
bool digest_open(const uint8_t key[SEAL_KEY_BYTES], const void *sealed,
                 size_t len, void *text_r) __attribute__((warn_unused_result));

#endif
