#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/*
 * RFC 4648 without padding: base32 in lower case (for local parts, which
 * some systems fold), base64url, and hex. Encoders write a NUL; the sizes
 * below count it. Decoders want exactly `len` bytes back and refuse
 * anything else: other letters, wrong length, stray bits at the end.
 */
#define ENCODE_BASE32_SIZE(len)    (((len)*8 + 4) / 5 + 1)
#define ENCODE_BASE64URL_SIZE(len) (((len)*4 + 2) / 3 + 1)

void encode_base32(const void *at, size_t len, char *text_r);
void encode_base64url(const void *at, size_t len, char *text_r);
void encode_hex(const void *at, size_t len, char *text_r);

/* base32 and hex accept both cases. */
bool decode_base32(struct span text, void *at_r, size_t len);
bool decode_base64url(struct span text, void *at_r, size_t len);
bool decode_hex(struct span text, void *at_r, size_t len);

#endif
