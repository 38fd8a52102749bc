#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli). Start with 0; feed the result back to go on. */
uint32_t crc32c(uint32_t crc, const void *at, size_t len);

#endif
