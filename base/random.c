#include "base/random.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static _Atomic uint64_t random_state;

/* splitmix64: only ever used when a test asked for it. */
static uint64_t
random_next(void)
{
	uint64_t z = atomic_fetch_add(&random_state, 0x9e3779b97f4a7c15u) +
	             0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
random_repeatable(char *at, size_t len)
{
	while (len > 0) {
		uint64_t word = random_next();
		size_t part = len < sizeof(word) ? len : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}

void
random_bytes(void *at_r, size_t len)
{
	char *at = at_r;

	if (atomic_load_explicit(&random_state, memory_order_relaxed) != 0) {
		random_repeatable(at, len);
		return;
	}
	while (len > 0) {
		ssize_t got = getrandom(at, len < 256 ? len : 256, 0);

		if (got <= 0)
			abort();
		at += got;
		len -= (size_t)got;
	}
}

void
random_set(uint64_t seed)
{
	atomic_store(&random_state, seed);
}
