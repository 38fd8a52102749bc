#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/random.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16
#define HMAC_BLOCK  64  /* of SHA-256 */
#define HMAC_SMALL  512 /* hashed from the stack */

/* A copy on the stack costs less than a second call does. */
#define DIGEST_SMALL 4096

struct digest {
	EVP_MD_CTX *context;
};

/*
 * Algorithms are fetched once: an implicit fetch costs more than hashing a
 * header does.
 */
static EVP_MD *digest_sha;
static EVP_CIPHER *digest_gcm;

__attribute__((constructor)) static void
digest_fetch(void)
{
	digest_sha = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (digest_sha == NULL || digest_gcm == NULL)
		abort();
}

/* libcrypto fails here only without memory: see base/memory.h. */
static void
must(int ok)
{
	if (ok != 1)
		abort();
}

struct digest *
digest_new(void)
{
	struct digest *digest = memory_get(sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	must(digest->context != NULL);
	must(EVP_DigestInit_ex2(digest->context, digest_sha, NULL));
	return digest;
}

void
digest_free(struct digest **digest)
{
	if (*digest == NULL)
		return;
	EVP_MD_CTX_free((*digest)->context);
	free(*digest);
	*digest = NULL;
}

void
digest_add(struct digest *digest, const void *at, size_t len)
{
	must(EVP_DigestUpdate(digest->context, at, len));
}

void
digest_take(struct digest *digest, uint8_t sum_r[DIGEST_BYTES])
{
	must(EVP_DigestFinal_ex(digest->context, sum_r, NULL));
	must(EVP_DigestInit_ex2(digest->context, digest_sha, NULL));
}

void
digest_sha256(const void *at, size_t len, uint8_t sum_r[DIGEST_BYTES])
{
	must(EVP_Digest(at, len, sum_r, NULL, digest_sha, NULL));
}

void
digest_sha256_behind(uint8_t first, const void *at, size_t len,
                     uint8_t sum_r[DIGEST_BYTES])
{
	uint8_t small[1 + DIGEST_SMALL];
	struct digest *digest;

	small[0] = first;
	if (len <= DIGEST_SMALL) {
		memcpy(small + 1, at, len);
		digest_sha256(small, 1 + len, sum_r);
		return;
	}
	digest = digest_new();
	digest_add(digest, small, 1);
	digest_add(digest, at, len);
	digest_take(digest, sum_r);
	digest_free(&digest);
}

/* One pad of RFC 2104 in front of the bytes, hashed. */
static void
hash_padded(const uint8_t block[HMAC_BLOCK], uint8_t pad, const void *at,
            size_t len, uint8_t sum_r[DIGEST_BYTES])
{
	uint8_t small[HMAC_BLOCK + HMAC_SMALL];
	struct digest *digest;

	for (size_t i = 0; i < HMAC_BLOCK; i++)
		small[i] = block[i] ^ pad;
	if (len <= HMAC_SMALL) {
		memcpy(small + HMAC_BLOCK, at, len);
		digest_sha256(small, HMAC_BLOCK + len, sum_r);
	} else {
		digest = digest_new();
		digest_add(digest, small, HMAC_BLOCK);
		digest_add(digest, at, len);
		digest_take(digest, sum_r);
		digest_free(&digest);
	}
	explicit_bzero(small, HMAC_BLOCK);
}

/*
 * RFC 2104 by two digests: libcrypto's own sets up a context that costs four
 * times what hashing a token does.
 */
void
digest_hmac(const void *key, size_t key_len, const void *at, size_t len,
            uint8_t sum_r[DIGEST_BYTES])
{
	uint8_t block[HMAC_BLOCK] = { 0 };

	if (key_len > HMAC_BLOCK)
		digest_sha256(key, key_len, block);
	else
		memcpy(block, key, key_len);
	hash_padded(block, 0x36, at, len, sum_r);
	hash_padded(block, 0x5c, sum_r, DIGEST_BYTES, sum_r);
	explicit_bzero(block, sizeof(block));
}

void
digest_hex(const uint8_t sum[DIGEST_BYTES], char text_r[DIGEST_HEX_SIZE])
{
	encode_hex(sum, DIGEST_BYTES, text_r);
}

bool
digest_same(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
digest_seal(const uint8_t key[SEAL_KEY_BYTES], const void *at, size_t len,
            void *sealed_r)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *out = sealed_r;
	int count;

	must(context != NULL);
	random_bytes(out, NONCE_BYTES);
	must(EVP_EncryptInit_ex2(context, digest_gcm, key, out, NULL));
	must(EVP_EncryptUpdate(context, out + NONCE_BYTES, &count, at,
	                       (int)len));
	must(EVP_EncryptFinal_ex(context, out + NONCE_BYTES + count, &count));
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
	                         out + NONCE_BYTES + len));
	EVP_CIPHER_CTX_free(context);
}

bool
digest_open(const uint8_t key[SEAL_KEY_BYTES], const void *sealed, size_t len,
            void *text_r)
{
	const uint8_t *in = sealed;
	uint8_t *out = text_r;
	uint8_t tag[TAG_BYTES];
	int count;

	if (len < SEAL_EXTRA_BYTES)
		return false;

	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t text_len = len - SEAL_EXTRA_BYTES;

	must(context != NULL);
	for (size_t i = 0; i < TAG_BYTES; i++)
		tag[i] = in[NONCE_BYTES + text_len + i];
	must(EVP_DecryptInit_ex2(context, digest_gcm, key, in, NULL));
	must(EVP_DecryptUpdate(context, out, &count, in + NONCE_BYTES,
	                       (int)text_len));
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
	                         tag));
	bool is_whole = EVP_DecryptFinal_ex(context, out + count, &count) == 1;
	EVP_CIPHER_CTX_free(context);
	return is_whole;
}
