#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/*
 * malloc for base/ and the adapters: never NULL. Out of memory writes one
 * line to stderr and aborts; the MTA keeps the message and tries again.
 */
void *memory_get(size_t size);
void *memory_zeroed(size_t count, size_t size);
void *memory_resize(void *old, size_t size);

#endif
