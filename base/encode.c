#include "base/encode.h"

static const char base32_letters[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64url_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char hex_letters[] = "0123456789abcdef";

/* Cuts the bytes into groups of `bits` and writes a letter for each. */
static void
encode_bits(const uint8_t *at, size_t len, unsigned bits, const char *letters,
            char *text)
{
	uint32_t held = 0;
	unsigned count = 0;
	uint32_t mask = (1u << bits) - 1;

	for (size_t i = 0; i < len; i++) {
		held = (held << 8) | at[i];
		count += 8;
		while (count >= bits) {
			count -= bits;
			*text++ = letters[(held >> count) & mask];
		}
	}
	if (count > 0)
		*text++ = letters[(held << (bits - count)) & mask];
	*text = '\0';
}

static int
base32_value(char c)
{
	c = ascii_lower(c);
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int
base64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool
decode_bits(struct span text, unsigned bits, int (*value_of)(char), uint8_t *at,
            size_t len)
{
	uint32_t held = 0;
	unsigned count = 0;
	size_t done = 0;

	if (text.len != (len * 8 + bits - 1) / bits)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = value_of(text.at[i]);

		if (value < 0)
			return false;
		held = (held << bits) | (uint32_t)value;
		count += bits;
		if (count >= 8) {
			count -= 8;
			at[done++] = (uint8_t)(held >> count);
		}
	}
	return done == len && (held & ((1u << count) - 1)) == 0;
}

void
encode_base32(const void *at, size_t len, char *text_r)
{
	encode_bits(at, len, 5, base32_letters, text_r);
}

void
encode_base64url(const void *at, size_t len, char *text_r)
{
	encode_bits(at, len, 6, base64url_letters, text_r);
}

void
encode_hex(const void *at, size_t len, char *text_r)
{
	encode_bits(at, len, 4, hex_letters, text_r);
}

bool
decode_base32(struct span text, void *at_r, size_t len)
{
	return decode_bits(text, 5, base32_value, at_r, len);
}

bool
decode_base64url(struct span text, void *at_r, size_t len)
{
	return decode_bits(text, 6, base64url_value, at_r, len);
}

bool
decode_hex(struct span text, void *at_r, size_t len)
{
	return decode_bits(text, 4, ascii_hex, at_r, len);
}
