#ifndef RECORD_PACKED_FORM_H
#define RECORD_PACKED_FORM_H

#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"
#include "record/frame.h"

/* The form that packer.c writes and packed.c reads; drawn in packed.h. */
#define PACKED_HEAD       "AVISPK1\n"
#define PACKED_END        "AVISEND\n"
#define PACKED_MAGIC      8
#define PACKED_BLOCK_HEAD 48
#define PACKED_TAIL       (8 + 8 + DIGEST_BYTES + PACKED_MAGIC)
#define PACKED_LEAST      (PACKED_MAGIC + 8 + PACKED_TAIL)
#define PACKED_RAW_LIMIT  ((FRAME_ENTRY_LIMIT + 1) * 64)
#define PACKED_PREV       "\"prev\":\""

/* Little endian. */
uint64_t packed_get(const char *at, unsigned bytes);
void packed_put(char *at, unsigned bytes, uint64_t value);

/* What is likely to stand in a payload; of this version of the form. */
struct span packed_dictionary(void);

#endif
