#ifndef RECORD_APPENDER_H
#define RECORD_APPENDER_H

#include "record/event.h"
#include "record/segment.h"

/*
 * The files behind a journal: one user at a time (the journal's thread).
 * A batch is on disk whole or not at all: after a failure the log is cut
 * back to its last synced frame, or left behind for a new segment.
 *
 * Key slots are written ahead, some thousands at once, and synced before a
 * log uses them; so a batch costs one sync. A slot in use is never written
 * again: what is beyond the last entry is made anew at each opening.
 *
 * The file "synced" in the folder holds the sequence of the last entry that
 * is on disk for sure (8 bytes, little endian). It is a note to a forwarder
 * of the same boot, not part of the record.
 */
struct appender;

struct appender_options {
	const char *folder; /* JOURNAL/WRITER, made when missing */
	const char *writer;
	int64_t segment_bytes;
	int64_t segment_age_ms; /* 0: only the size counts */
	const struct segment_io *io;
};

/* An event on its way: its entry part, and what to seal. */
struct appender_item {
	struct event *event; /* writer, sequence, recorded: filled here */
	uint8_t commitment[DIGEST_BYTES];
	struct span plain; /* salt and payload */
};

/* What was found amiss at opening; to be told in the record. */
struct appender_gap {
	bool is_found;
	bool is_damaged; /* nothing was cut: whole frames stand behind it */
	uint32_t segment;
	int64_t offset;
	int64_t bytes; /* that were cut */
};

/* BAD: another process has it. */
enum result appender_open(const struct appender_options *options,
                          struct appender **appender_r,
                          struct appender_gap *gap_r,
                          struct error *err) MUST_CHECK;
void appender_close(struct appender **appender);

/* Adds one to the batch that appender_commit will write. */
void appender_add(struct appender *appender, struct appender_item *item);

/* Bytes in the batch. */
size_t appender_pending(const struct appender *appender);

/*
 * Writes and syncs the batch. RETRY: none of it is on disk. The sequence of
 * the batch's first entry was appender_sequence() + 1 before the first add.
 */
enum result appender_commit(struct appender *appender,
                            struct error *err) MUST_CHECK;

/* Of the last entry on disk. */
uint64_t appender_sequence(const struct appender *appender);

/* The note about what is synced; false: there is none to read. */
bool appender_read_synced(const char *folder, uint64_t *sequence_r);

#endif
