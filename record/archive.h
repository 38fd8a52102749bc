#ifndef RECORD_ARCHIVE_H
#define RECORD_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keyring.h"
#include "record/event.h"
#include "record/reader.h"

/*
 * Closed segments of the journals, copied elsewhere, for questions older
 * than Redis and the journals hold (avis-archive(5)):
 *
 *     FOLDER/index.sqlite          which segments there are, and where what
 *                                  is asked for stands: keyed hashes alone
 *     FOLDER/WRITER/N.pack, .keys  a segment (record/packed.h)
 *     FOLDER/WRITER/seals/         its seals, when there are any
 *
 * A segment counts when the index has it: whatever an attempt that was cut
 * short left behind is made again. One process at a time adds or erases.
 */
struct archive;

/* may_write: makes what is missing, waits for the lock. NONE: no archive. */
enum result archive_open(const char *folder, const struct keyring *keys,
                         bool may_write, struct archive **archive_r,
                         struct error *err) MUST_CHECK;
void archive_close(struct archive **archive);

struct archive_segment {
	int64_t id;
	char writer[EVENT_WRITER_SIZE];
	uint32_t number;
	uint64_t first; /* sequences */
	uint64_t last;
	time_ms_t oldest; /* of the facts in it */
	time_ms_t newest;
	time_ms_t expiry; /* when the first payload is due; 0: none is left */
	time_ms_t added;
	int64_t size_bytes;              /* of .pack and .keys */
	uint8_t sum[DIGEST_BYTES];       /* of the .pack */
	uint8_t last_hash[DIGEST_BYTES]; /* of the last entry */
};

struct archive_list {
	struct archive_segment *items; /* by writer and number */
	size_t count;
	size_t room;
};
enum result archive_list(struct arena *arena, struct archive *archive,
                         struct archive_list *list_r,
                         struct error *err) MUST_CHECK;

/* Where a reader of the journal goes on behind the archive. False: nothing
 * of this writer is archived. */
bool archive_end(struct archive *archive, const char *writer,
                 struct reader_place *place_r);

struct archive_report {
	uint64_t segments;
	uint64_t entries;
	uint64_t erased;
	uint64_t bytes;
	uint64_t seals; /* heads: copied, or found to fit */
};

/*
 * Copies all closed segments of that writer that are not here yet, each read
 * back and compared. journal is the folder of all writers. BAD: a segment of
 * the journal is damaged; those before it are done.
 */
enum result archive_add(struct archive *archive, const char *journal,
                        const char *writer, struct archive_report *report,
                        struct error *err) MUST_CHECK;

/*
 * Copies the heads, signatures and stamps of that writer (record/seal.h);
 * seals is the folder that has them, which need not exist.
 */
enum result archive_add_seals(struct archive *archive, const char *seals,
                              const char *writer, struct archive_report *report,
                              struct error *err) MUST_CHECK;

/*
 * Reads one segment again: sum, checksums, chain, commitments, payloads, and
 * that each head over it has the root it says.
 * prev: the hash its first entry must name; NULL: taken on trust.
 */
enum result archive_verify(struct archive *archive,
                           const struct archive_segment *segment,
                           const uint8_t *prev, struct archive_report *report,
                           struct error *err) MUST_CHECK;

/* Each entry of one segment, in order, until the caller says false. */
typedef bool archive_visit(void *context, const struct event *event,
                           const struct reader_entry *entry);
enum result archive_walk(struct archive *archive,
                         const struct archive_segment *segment,
                         archive_visit *visit, void *context,
                         struct error *err) MUST_CHECK;

/*
 * Erases payloads of that writer here (record/slots.h), whatever of them is
 * in the archive; sequences ascend.
 */
enum result archive_erase(struct archive *archive, const char *writer,
                          const uint64_t *sequences, size_t count,
                          struct error *err) MUST_CHECK;
/* The index forgets who was written to, or wrote, from that address. */
enum result archive_forget(struct archive *archive, const char *address,
                           struct error *err) MUST_CHECK;

/* After expiry: when the next payload of that segment is due; 0: never. */
enum result archive_set_expiry(struct archive *archive, int64_t id,
                               time_ms_t expiry, struct error *err) MUST_CHECK;

#endif
