#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

/* The only source of random bytes: the kernel's. Aborts if it has none. */
void random_bytes(void *at_r, size_t len);

#endif
