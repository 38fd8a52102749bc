#ifndef RECORD_LEAVES_H
#define RECORD_LEAVES_H

#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Reads the entries of one segment as the leaves of its tree: chained, in
 * order, without the keys. What sealing, proofs and their checks share.
 */
struct leaves_limit {
	uint64_t before;   /* stop at this sequence; 0: at the end */
	uint64_t expected; /* sequence of the first entry; 0: any */
};

struct leaves_report {
	uint64_t first; /* sequence of the first entry; 0: none */
	uint64_t count;
	uint8_t last[DIGEST_BYTES]; /* SHA-256 of the last entry */
};

/* index from 0; entry is valid during the call. */
typedef void leaves_call(void *context, uint64_t index, struct span entry,
                         const uint8_t leaf[DIGEST_BYTES]);

/*
 * NONE: there is no such file. BAD: it is damaged or its chain is broken;
 * the report then holds what is good before that place.
 */
enum result leaves_read(const char *log, struct leaves_limit limit,
                        leaves_call *call, void *context,
                        struct leaves_report *report_r,
                        struct error *err) MUST_CHECK;

#endif
