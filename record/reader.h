#ifndef RECORD_READER_H
#define RECORD_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/event.h"

/*
 * Reads one writer's journal from a place on, while it is being written or
 * long after: for the forwarder, verify, replay and show.
 */
struct reader;

/* Where to go on. Zero: the very first entry. */
struct reader_place {
	uint32_t segment;
	uint64_t offset;
	uint64_t sequence; /* of the last entry read */
};

/* folder is JOURNAL/WRITER. NONE: there is no such journal. */
enum result reader_open(const char *folder, struct reader_place from,
                        struct reader **reader_r,
                        struct error *err) MUST_CHECK;
void reader_close(struct reader **reader);

/*
 * The next entry: NONE at the end for now (ask again later), BAD for a
 * broken frame or a broken chain, the text naming file, offset and entry.
 * Spans are valid until the next call. payload is empty when its key was
 * erased.
 */
struct reader_entry {
	struct span entry;   /* the canonical bytes */
	struct span payload; /* decrypted, without the salt */
	uint8_t hash[DIGEST_BYTES];
	bool is_erased;
};
enum result reader_next(struct reader *reader, struct reader_entry *entry_r,
                        struct error *err) MUST_CHECK;
struct reader_place reader_where(const struct reader *reader);

/* Checks everything there is: chain, sequence, CRC, commitments. */
struct verify_report {
	uint64_t entries;
	uint64_t erased;
	uint64_t segments;
	uint8_t last_hash[DIGEST_BYTES];
};
enum result reader_verify(const char *folder, struct verify_report *report_r,
                          struct error *err) MUST_CHECK;

#endif
