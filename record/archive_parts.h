#ifndef RECORD_ARCHIVE_PARTS_H
#define RECORD_ARCHIVE_PARTS_H

#include <limits.h>

#include "record/archive.h"
#include "record/head.h"
#include "record/schema.h"
#include "record/sqlite.h"

/* What the files record/archive*.c share. */
struct archive {
	char folder[PATH_MAX];
	const struct keyring *keys;
	struct sqlite *index;
	int lock; /* -1: read only */
};

/*
 * What the index holds of a text: 12 bits choose a row of the table, 32 are
 * kept in it. Others may share them: whoever finds looks at the event.
 */
struct mark {
	uint32_t bucket;
	uint32_t rest;
};
struct mark archive_mark(const struct keyring *keys, enum family family,
                         const char *text);
struct mark archive_mark_message(struct message_id id);

/* A place in a row: the rest of the hash, and the block, little endian. */
#define ARCHIVE_PLACE_BYTES 7
#define ARCHIVE_BLOCK_LIMIT (1u << 24)

/* Heads over one segment, whatever part of it. */
struct archive_heads {
	struct head *items;
	size_t count;
	size_t room;
};
enum result archive_heads_of(struct arena *arena, const struct archive *archive,
                             const struct archive_segment *segment,
                             struct archive_heads *heads_r,
                             struct error *err) MUST_CHECK;

/* "FOLDER/WRITER/00000001.pack" */
void archive_path(const struct archive *archive, const char *writer,
                  uint32_t number, const char *ending, char path_r[PATH_MAX]);

/* The columns of ARCHIVE_COLUMNS, in their order. */
#define ARCHIVE_COLUMNS                                                        \
	"id, writer, number, first, last, oldest, newest, expiry, added, "     \
	"bytes, sum, last_hash"
void archive_row(struct sqlite_query *query, struct archive_segment *segment_r);

#endif
