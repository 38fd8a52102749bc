#ifndef RECORD_SLOTS_H
#define RECORD_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Erasure (CHAIN-6): the key of an entry's payload is overwritten with zeros,
 * on disk when the call returns. What the key opened is gone, here and in
 * every copy of the log; the entry stays, and the chain still verifies. May
 * be done while a writer is at work, and any number of times: after a crash
 * the same call finishes the work.
 */
struct slots_report {
	uint64_t erased;  /* by this call */
	uint64_t already; /* were zeros before */
	uint64_t missing; /* no such slot here: in no segment of this folder */
};

/* folder is JOURNAL/WRITER; sequences ascend. The report adds up. */
enum result slots_erase(const char *folder, const uint64_t *sequences,
                        size_t count, struct slots_report *report,
                        struct error *err) MUST_CHECK;

/* In one file of keys, whose slot 0 belongs to the sequence `first`. */
enum result slots_erase_file(const char *path, uint64_t first,
                             const uint64_t *sequences, size_t count,
                             struct slots_report *report,
                             struct error *err) MUST_CHECK;

#endif
