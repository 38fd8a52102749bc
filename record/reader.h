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
	bool has_hash;     /* false: what comes next is taken on trust */
	uint8_t hash[DIGEST_BYTES]; /* of the last entry read */
};

/*
 * folder is JOURNAL/WRITER. NONE: there is no such journal. BAD: it ends
 * before that place.
 */
enum result reader_open(const char *folder, struct reader_place from,
                        struct reader **reader_r, struct error *err) MUST_CHECK;
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
	struct span salted;  /* with it: what c in the entry covers */
	uint8_t hash[DIGEST_BYTES];
	bool is_erased;
};
enum result reader_next(struct reader *reader, struct reader_entry *entry_r,
                        struct error *err) MUST_CHECK;
struct reader_place reader_where(const struct reader *reader);

/*
 * After BAD: goes to the next whole entry behind it, whose link to the one
 * before is then not checked. NONE: there is none for now.
 */
enum result reader_skip(struct reader *reader, struct error *err) MUST_CHECK;

/*
 * While the journal is being written: entries past this sequence are not
 * given yet, for they may still be taken back. Call it again when more is on
 * disk. Without it, all that can be read is given.
 */
void reader_set_limit(struct reader *reader, uint64_t sequence);

/* Does a writer hold this folder? */
bool reader_is_live(const char *folder);

/*
 * Checks everything there is: chain, sequence, CRC, commitments, and that
 * each payload opens or was erased. While a writer is at work: up to what it
 * has synced. progress may be NULL; it is called now and then.
 */
struct verify_report {
	uint64_t entries;
	uint64_t erased;
	uint64_t segments;
	uint8_t last_hash[DIGEST_BYTES];
};
enum result reader_verify(const char *folder,
                          void (*progress)(uint64_t entries),
                          struct verify_report *report_r,
                          struct error *err) MUST_CHECK;

#endif
