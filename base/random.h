#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The only source of random bytes: the kernel's. Aborts if it has none. */
void random_bytes(void *at_r, size_t len);

/* Tests: a repeatable stream from this seed; 0 goes back to the kernel. */
void random_set(uint64_t seed);

#endif
