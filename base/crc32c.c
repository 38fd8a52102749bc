#include "base/crc32c.h"

#include <stdbool.h>
#include <string.h>

/* The reflected polynomial, a table of one row per byte value. */
#define POLYNOMIAL 0x82f63b78u

static uint32_t crc_table[256];

__attribute__((constructor)) static void
crc_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
		crc_table[i] = crc;
	}
}

static uint32_t
crc_by_table(uint32_t crc, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		crc = crc_table[(crc ^ at[i]) & 0xff] ^ (crc >> 8);
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc_by_cpu(uint32_t crc, const uint8_t *at, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; len > 0; at++, len--)
		crc = __builtin_ia32_crc32qi(crc, *at);
	return crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *at, size_t len)
{
	crc = ~crc;
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_by_cpu(crc, at, len);
#endif
	return ~crc_by_table(crc, at, len);
}
