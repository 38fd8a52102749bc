#include "record/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/archive_parts.h"
#include "record/packed.h"
#include "record/slots.h"

#define INDEX_NAME   "index.sqlite"
#define LOCK_NAME    "lock"
#define REST_DIGITS  8
#define HASH_LETTERS 24 /* of a key of schema_hash_key, at its end */

static const char tables[] =
	"PRAGMA journal_mode = DELETE;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA secure_delete = ON;"
	"CREATE TABLE IF NOT EXISTS segment ("
	" id INTEGER PRIMARY KEY, writer TEXT NOT NULL, number INTEGER NOT NULL,"
	" first INTEGER, last INTEGER, oldest INTEGER, newest INTEGER,"
	" expiry INTEGER, added INTEGER, bytes INTEGER, sum BLOB,"
	" last_hash BLOB, UNIQUE (writer, number));"
	"CREATE TABLE IF NOT EXISTS place ("
	" bucket INTEGER, segment INTEGER, entries BLOB,"
	" PRIMARY KEY (bucket, segment)) WITHOUT ROWID;"
	"PRAGMA user_version = 1;";

struct mark
archive_mark(const struct keyring *keys, enum family family, const char *text)
{
	char key[SCHEMA_KEY_SIZE], digits[REST_DIGITS + 1];
	struct mark mark;

	schema_hash_key(keys, family, span_of(text), key);
	const char *hash = key + strlen(key) - HASH_LETTERS;
	snprintf(digits, sizeof(digits), "%.3s", hash);
	mark.bucket = (uint32_t)strtoul(digits, NULL, 16);
	snprintf(digits, sizeof(digits), "%.8s", hash + 3);
	mark.rest = (uint32_t)strtoul(digits, NULL, 16);
	return mark;
}

struct mark
archive_mark_message(struct message_id id)
{
	const uint8_t *b = id.bytes;

	return (struct mark){
		.bucket = (uint32_t)(b[0] << 4 | b[1] >> 4),
		.rest = (uint32_t)b[2] << 24 | (uint32_t)b[3] << 16 |
		        (uint32_t)b[4] << 8 | b[5],
	};
}

void
archive_path(const struct archive *archive, const char *writer, uint32_t number,
             const char *ending, char path_r[PATH_MAX])
{
	snprintf(path_r, PATH_MAX, "%s/%s/%08u.%s", archive->folder, writer,
	         (unsigned)number, ending);
}

/* Waits: whoever adds or erases is done soon. */
static enum result
take_lock(struct archive *archive, struct error *err)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/" LOCK_NAME, archive->folder);
	archive->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (archive->lock >= 0 && flock(archive->lock, LOCK_EX) == 0)
		return RESULT_OK;
	error_errno(err, errno, "cannot lock %s", path);
	return RESULT_RETRY;
}

static enum result
prepare_folder(struct archive *archive, struct error *err)
{
	enum result result = file_make_folder(archive->folder, 0700, err);

	return result == RESULT_OK ? take_lock(archive, err) : result;
}

enum result
archive_open(const char *folder, const struct keyring *keys, bool may_write,
             struct archive **archive_r, struct error *err)
{
	struct archive *archive = memory_zeroed(1, sizeof(*archive));
	char path[PATH_MAX + 16];
	enum result result = RESULT_OK;

	snprintf(archive->folder, sizeof(archive->folder), "%s", folder);
	archive->keys = keys;
	archive->lock = -1;
	if (may_write)
		result = prepare_folder(archive, err);
	snprintf(path, sizeof(path), "%s/" INDEX_NAME, folder);
	if (result == RESULT_OK)
		result = sqlite_open(path, may_write, &archive->index, err);
	if (result == RESULT_OK && may_write)
		result = sqlite_do(archive->index, tables, err);
	if (result != RESULT_OK)
		archive_close(&archive);
	else
		*archive_r = archive;
	return result;
}

void
archive_close(struct archive **archive)
{
	if (*archive == NULL)
		return;
	sqlite_close(&(*archive)->index);
	if ((*archive)->lock >= 0)
		close((*archive)->lock);
	free(*archive);
	*archive = NULL;
}

static void
copy_sum(struct span bytes, uint8_t sum_r[DIGEST_BYTES])
{
	memset(sum_r, 0, DIGEST_BYTES);
	if (bytes.len == DIGEST_BYTES)
		memcpy(sum_r, bytes.at, DIGEST_BYTES);
}

void
archive_row(struct sqlite_query *query, struct archive_segment *segment_r)
{
	struct archive_segment *s = segment_r;

	s->id = sqlite_int(query, 0);
	snprintf(s->writer, sizeof(s->writer), SPAN_FMT,
	         SPAN_ARG(sqlite_bytes(query, 1)));
	s->number = (uint32_t)sqlite_int(query, 2);
	s->first = (uint64_t)sqlite_int(query, 3);
	s->last = (uint64_t)sqlite_int(query, 4);
	s->oldest = sqlite_int(query, 5);
	s->newest = sqlite_int(query, 6);
	s->expiry = sqlite_int(query, 7);
	s->added = sqlite_int(query, 8);
	s->size_bytes = sqlite_int(query, 9);
	copy_sum(sqlite_bytes(query, 10), s->sum);
	copy_sum(sqlite_bytes(query, 11), s->last_hash);
}

enum result
archive_list(struct arena *arena, struct archive *archive,
             struct archive_list *list_r, struct error *err)
{
	struct archive_list list = { NULL, 0, 0 };
	struct sqlite_query *query = sqlite_query_new(
		archive->index, "SELECT " ARCHIVE_COLUMNS
				" FROM segment ORDER BY writer, number");
	enum result result;

	while ((result = sqlite_next(query, err)) == RESULT_OK)
		archive_row(query,
		            arena_push(arena, (void **)&list.items, &list.count,
		                       &list.room, sizeof(*list.items)));
	sqlite_query_free(&query);
	*list_r = list;
	return result == RESULT_NONE ? RESULT_OK : result;
}

bool
archive_end(struct archive *archive, const char *writer,
            struct reader_place *place_r)
{
	struct sqlite_query *query = sqlite_query_new(
		archive->index,
		"SELECT " ARCHIVE_COLUMNS " FROM segment WHERE writer = ?1"
		" ORDER BY number DESC LIMIT 1");
	struct archive_segment last;
	struct error ignored;

	sqlite_give_text(query, 1, writer);
	bool is_there = sqlite_next(query, &ignored) == RESULT_OK;
	if (is_there) {
		archive_row(query, &last);
		*place_r = (struct reader_place){
			.segment = last.number + 1,
			.sequence = last.last,
			.has_hash = true,
		};
		memcpy(place_r->hash, last.last_hash, DIGEST_BYTES);
	}
	sqlite_query_free(&query);
	return is_there;
}

enum result
archive_set_expiry(struct archive *archive, int64_t id, time_ms_t expiry,
                   struct error *err)
{
	struct sqlite_query *query = sqlite_query_new(
		archive->index, "UPDATE segment SET expiry = ?1 WHERE id = ?2");

	sqlite_give_int(query, 1, expiry);
	sqlite_give_int(query, 2, id);
	enum result result = sqlite_run(query, err);
	sqlite_query_free(&query);
	return result;
}

enum result
archive_erase(struct archive *archive, const char *writer,
              const uint64_t *sequences, size_t count, struct error *err)
{
	struct arena *arena = arena_new();
	struct archive_list list;
	enum result result = archive_list(arena, archive, &list, err);
	size_t from = 0;

	for (size_t i = 0; result == RESULT_OK && i < list.count; i++) {
		const struct archive_segment *segment = &list.items[i];
		struct slots_report report = { 0 };
		char path[PATH_MAX];
		size_t to;

		if (strcmp(segment->writer, writer) != 0)
			continue;
		while (from < count && sequences[from] < segment->first)
			from++;
		for (to = from; to < count && sequences[to] <= segment->last;)
			to++;
		archive_path(archive, writer, segment->number, PACKED_KEYS,
		             path);
		if (to > from)
			result = slots_erase_file(path, segment->first,
			                          sequences + from, to - from,
			                          &report, err);
		from = to;
	}
	arena_free(&arena);
	return result;
}

/* One mark out of one row's places. */
static enum result
forget_places(struct sqlite_query *change, struct span places, struct mark mark,
              int64_t segment, struct error *err)
{
	enum result result = RESULT_OK;
	struct buf left;

	buf_init(&left, places.len);
	for (size_t at = 0; at + ARCHIVE_PLACE_BYTES <= places.len;
	     at += ARCHIVE_PLACE_BYTES) {
		const uint8_t *b = (const uint8_t *)places.at + at;
		uint32_t rest = b[0] | (uint32_t)b[1] << 8 |
		                (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;

		if (rest != mark.rest)
			buf_add(&left, b, ARCHIVE_PLACE_BYTES);
	}
	if (left.len < places.len) {
		sqlite_give_bytes(change, 1, buf_as_span(&left));
		sqlite_give_int(change, 2, mark.bucket);
		sqlite_give_int(change, 3, segment);
		result = sqlite_run(change, err);
	}
	buf_done(&left);
	return result;
}

static enum result
forget_mark(struct archive *archive, struct mark mark, struct error *err)
{
	struct sqlite_query *query = sqlite_query_new(
		archive->index,
		"SELECT segment, entries FROM place WHERE bucket = ?1");
	struct sqlite_query *change = sqlite_query_new(
		archive->index, "UPDATE place SET entries = ?1"
				" WHERE bucket = ?2 AND segment = ?3");
	enum result result = RESULT_OK;

	sqlite_give_int(query, 1, mark.bucket);
	while (result == RESULT_OK &&
	       (result = sqlite_next(query, err)) == RESULT_OK)
		result = forget_places(change, sqlite_bytes(query, 1), mark,
		                       sqlite_int(query, 0), err);
	sqlite_query_free(&query);
	sqlite_query_free(&change);
	return result == RESULT_NONE ? RESULT_OK : result;
}

enum result
archive_forget(struct archive *archive, const char *address, struct error *err)
{
	enum result result = forget_mark(
		archive, archive_mark(archive->keys, FAMILY_RECIPIENT, address),
		err);

	if (result == RESULT_OK)
		result = forget_mark(
			archive,
			archive_mark(archive->keys, FAMILY_SENDER, address),
			err);
	return result;
}
