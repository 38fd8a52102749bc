#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/archive_parts.h"
#include "record/packed.h"
#include "record/segment.h"

/* Where something stands: for the index, sorted by mark. */
struct placed {
	struct mark mark;
	uint32_t block;
};

/* One segment on its way. */
struct adding {
	struct archive *archive;
	struct archive_segment segment;
	struct packer *packer;
	struct digest *digest; /* over entries and payloads, in order */
	struct buf places;     /* of struct placed */
};

#define PLACES_LIMIT ((size_t)1024 * 1024 * 1024)

static void
add_place(struct adding *adding, struct mark mark)
{
	struct placed placed = { mark, packer_block(adding->packer) };

	buf_add(&adding->places, &placed, sizeof(placed));
}

static void
add_text(struct adding *adding, enum family family, const char *text)
{
	if (text[0] != '\0')
		add_place(adding,
		          archive_mark(adding->archive->keys, family, text));
}

/* A reply is found by the Message-IDs that it names. */
static void
add_references(struct adding *adding, const char *refs)
{
	struct span rest = span_of(refs);

	while (rest.len > 0) {
		char id[1024];
		size_t start = span_find(rest, '<', 0);
		size_t end = span_find(rest, '>', start);

		if (end >= rest.len)
			return;
		snprintf(id, sizeof(id), SPAN_FMT,
		         SPAN_ARG(span_take(span_skip(rest, start),
		                            end + 1 - start)));
		add_text(adding, FAMILY_MESSAGE_ID, id);
		rest = span_skip(rest, end + 1);
	}
}

static void
add_marks(struct adding *adding, const struct event *event)
{
	if (event->has_message)
		add_place(adding, archive_mark_message(event->message));
	else
		add_references(adding, event_fact(event, "refs"));
	if (event->kind != EVENT_SUBMITTED && event->kind != EVENT_REFUSED)
		return;
	add_text(adding, FAMILY_MESSAGE_ID, event_fact(event, "message_id"));
	add_text(adding, FAMILY_SENDER, event_fact(event, "sender"));
	add_text(adding, FAMILY_SENDER, event_fact(event, "from"));
	add_text(adding, FAMILY_QUEUE_ID, event->queue_id);
	for (size_t i = 0; i < event->recipient_count; i++)
		add_text(adding, FAMILY_RECIPIENT,
		         event->recipients[i].address);
}

static void
note_times(struct archive_segment *segment, const struct event *event,
           bool is_erased)
{
	time_ms_t expiry = schema_expiry(event);

	if (segment->oldest == 0 || event->time < segment->oldest)
		segment->oldest = event->time;
	if (event->time > segment->newest)
		segment->newest = event->time;
	if (!is_erased && (segment->expiry == 0 || expiry < segment->expiry))
		segment->expiry = expiry;
}

static void
digest_entry(struct digest *digest, const struct reader_entry *entry)
{
	digest_add(digest, entry->entry.at, entry->entry.len);
	digest_add(digest, entry->salted.at, entry->salted.len);
}

static enum result
add_entry(struct adding *adding, struct arena *scratch,
          const struct reader_entry *entry, struct error *err)
{
	struct archive_segment *segment = &adding->segment;
	struct event event;
	enum result result =
		event_read(scratch, entry->entry, entry->payload, &event, err);

	if (result != RESULT_OK)
		return result;
	if (segment->first == 0)
		segment->first = event.sequence;
	segment->last = event.sequence;
	memcpy(segment->last_hash, entry->hash, DIGEST_BYTES);
	note_times(segment, &event, entry->is_erased);
	digest_entry(adding->digest, entry);
	/* Before it is added: a block that it fills is no longer the next. */
	add_marks(adding, &event);
	return packer_add(adding->packer, entry, err);
}

/* NONE: the reader is behind the segment. */
static enum result
read_segment(struct adding *adding, struct reader *reader, struct error *err)
{
	struct arena *scratch = arena_new();
	enum result result = RESULT_OK;

	while (result == RESULT_OK) {
		struct reader_entry entry;

		result = reader_next(reader, &entry, err);
		if (result == RESULT_OK &&
		    reader_where(reader).segment != adding->segment.number)
			result = RESULT_NONE;
		if (result == RESULT_OK)
			result = add_entry(adding, scratch, &entry, err);
		arena_reset(scratch);
	}
	arena_free(&scratch);
	return result == RESULT_NONE ? RESULT_OK : result;
}

static int
compare_places(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->mark.bucket != y->mark.bucket)
		return x->mark.bucket < y->mark.bucket ? -1 : 1;
	if (x->mark.rest != y->mark.rest)
		return x->mark.rest < y->mark.rest ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

/* The places of one bucket, each once. Gives how many were taken. */
static size_t
pack_places(const struct placed *places, size_t count, struct buf *out)
{
	size_t i = 0;

	buf_reset(out);
	for (; i < count && places[i].mark.bucket == places[0].mark.bucket;
	     i++) {
		uint32_t rest = places[i].mark.rest, block = places[i].block;
		const char bytes[ARCHIVE_PLACE_BYTES] = {
			(char)rest,          (char)(rest >> 8),
			(char)(rest >> 16),  (char)(rest >> 24),
			(char)block,         (char)(block >> 8),
			(char)(block >> 16),
		};

		if (i > 0 && compare_places(&places[i - 1], &places[i]) == 0)
			continue;
		buf_add(out, bytes, sizeof(bytes));
	}
	return i;
}

static enum result
insert_places(struct adding *adding, struct error *err)
{
	struct placed *places = (struct placed *)(void *)adding->places.data;
	size_t count = adding->places.len / sizeof(*places);
	struct sqlite_query *query = sqlite_query_new(
		adding->archive->index, "INSERT OR REPLACE INTO place"
					" VALUES (?1, ?2, ?3)");
	enum result result = RESULT_OK;
	struct buf out;

	buf_init(&out, PLACES_LIMIT);
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; result == RESULT_OK && i < count;) {
		size_t taken = pack_places(places + i, count - i, &out);

		sqlite_give_int(query, 1, places[i].mark.bucket);
		sqlite_give_int(query, 2, adding->segment.id);
		sqlite_give_bytes(query, 3, buf_as_span(&out));
		result = sqlite_run(query, err);
		i += taken;
	}
	buf_done(&out);
	sqlite_query_free(&query);
	return result;
}

static enum result
insert_segment(struct adding *adding, struct error *err)
{
	struct archive_segment *s = &adding->segment;
	struct sqlite_query *query = sqlite_query_new(
		adding->archive->index,
		"INSERT INTO segment (writer, number, first, last, oldest,"
		" newest, expiry, added, bytes, sum, last_hash) VALUES"
		" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" RETURNING id");

	sqlite_give_text(query, 1, s->writer);
	sqlite_give_int(query, 2, s->number);
	sqlite_give_int(query, 3, (int64_t)s->first);
	sqlite_give_int(query, 4, (int64_t)s->last);
	sqlite_give_int(query, 5, s->oldest);
	sqlite_give_int(query, 6, s->newest);
	sqlite_give_int(query, 7, s->expiry);
	sqlite_give_int(query, 8, s->added);
	sqlite_give_int(query, 9, s->size_bytes);
	sqlite_give_bytes(query, 10,
	                  span_make((const char *)s->sum, DIGEST_BYTES));
	sqlite_give_bytes(query, 11,
	                  span_make((const char *)s->last_hash, DIGEST_BYTES));
	enum result result = sqlite_next(query, err);
	if (result == RESULT_OK)
		s->id = sqlite_int(query, 0);
	sqlite_query_free(&query);
	return result;
}

/* All of a segment or nothing of it. */
static enum result
insert_rows(struct adding *adding, struct error *err)
{
	struct sqlite *index = adding->archive->index;
	struct error ignored;
	enum result result = sqlite_do(index, "BEGIN IMMEDIATE", err);

	if (result != RESULT_OK)
		return result;
	result = insert_segment(adding, err);
	if (result == RESULT_OK)
		result = insert_places(adding, err);
	if (result == RESULT_OK)
		result = sqlite_do(index, "COMMIT", err);
	if (result != RESULT_OK &&
	    sqlite_do(index, "ROLLBACK", &ignored) != RESULT_OK)
		error_prefix(err, "and not rolled back");
	return result;
}

/* Is on the disk what was read from the journal? */
static enum result
compare_copy(struct adding *adding, const char *log, const char *keys,
             struct error *err)
{
	uint8_t want[DIGEST_BYTES], got[DIGEST_BYTES];
	struct packed *packed = NULL;
	enum result result = packed_open(log, keys, &packed, err);

	digest_take(adding->digest, want);
	if (result == RESULT_OK)
		result = packed_sum(packed, got, err);
	for (uint32_t i = 0; result == RESULT_OK && i < packed_blocks(packed);
	     i++) {
		struct reader_entry entry;

		result = packed_seek(packed, i, err);
		while (result == RESULT_OK &&
		       (result = packed_next(packed, &entry, err)) == RESULT_OK)
			digest_entry(adding->digest, &entry);
		if (result == RESULT_NONE)
			result = RESULT_OK;
	}
	packed_close(&packed);
	digest_take(adding->digest, got);
	if (result == RESULT_OK && memcmp(want, got, DIGEST_BYTES) != 0) {
		error_set(err, "%s: the copy differs from the journal", log);
		result = RESULT_BAD;
	}
	return result == RESULT_NONE ? RESULT_BAD : result;
}

static void
measure(struct archive_segment *segment, const char *log, const char *keys)
{
	struct stat status;

	if (stat(log, &status) == 0)
		segment->size_bytes += status.st_size;
	if (stat(keys, &status) == 0)
		segment->size_bytes += status.st_size;
}

/* From where the reader stands to the segment's end. */
static enum result
copy_segment(struct adding *adding, struct reader *reader, struct error *err)
{
	struct archive_segment *segment = &adding->segment;
	char log[PATH_MAX], keys[PATH_MAX];

	archive_path(adding->archive, segment->writer, segment->number,
	             PACKED_LOG, log);
	archive_path(adding->archive, segment->writer, segment->number,
	             PACKED_KEYS, keys);

	enum result result = packer_open(log, keys, &adding->packer, err);

	if (result == RESULT_OK)
		result = read_segment(adding, reader, err);
	/* An empty one has nothing to keep, and the next takes its place. */
	if (result == RESULT_OK && segment->first == 0)
		result = RESULT_NONE;
	if (result == RESULT_OK)
		result = packer_finish(adding->packer, segment->sum, err);
	packer_close(&adding->packer);
	if (result == RESULT_OK)
		result = compare_copy(adding, log, keys, err);
	if (result != RESULT_OK)
		return result;
	measure(segment, log, keys);
	segment->added = clock_now();
	return insert_rows(adding, err);
}

static enum result
add_segment(struct archive *archive, const char *journal, const char *writer,
            uint32_t number, struct archive_report *report, struct error *err)
{
	uint64_t next_first = 0;
	struct reader_place place = { .segment = number };
	struct adding adding = { .archive = archive, .digest = digest_new() };
	char folder[PATH_MAX];
	struct reader *reader = NULL;

	buf_init(&adding.places, PLACES_LIMIT);
	snprintf(adding.segment.writer, sizeof(adding.segment.writer), "%s",
	         writer);
	adding.segment.number = number;
	snprintf(folder, sizeof(folder), "%s/%s", journal, writer);
	next_first = segment_first(folder, number + 1);
	if (archive_end(archive, writer, &place)) {
		place.segment = number;
	} else {
		uint64_t first = segment_first(folder, number);

		place.sequence = first > 0 ? first - 1 : 0;
		place.has_hash = number == 1;
	}

	enum result result = reader_open(folder, place, &reader, err);

	/* Damage in the next one is no reason to leave this one behind. */
	if (result == RESULT_OK && next_first > 0)
		reader_set_limit(reader, next_first - 1);
	if (result == RESULT_OK)
		result = copy_segment(&adding, reader, err);
	if (result == RESULT_OK) {
		report->segments++;
		report->entries +=
			adding.segment.last + 1 - adding.segment.first;
		report->bytes += (uint64_t)adding.segment.size_bytes;
	}
	reader_close(&reader);
	digest_free(&adding.digest);
	buf_done(&adding.places);
	return result == RESULT_NONE ? RESULT_OK : result;
}

enum result
archive_add(struct archive *archive, const char *journal, const char *writer,
            struct archive_report *report, struct error *err)
{
	struct reader_place end = { .segment = 0 };
	struct arena *arena = arena_new();
	struct segment_list list;
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/%s", archive->folder, writer);
	enum result result = file_make_folder(folder, 0700, err);
	snprintf(folder, sizeof(folder), "%s/%s", journal, writer);
	if (result == RESULT_OK)
		result = segment_list(arena, folder, &list, err);
	(void)archive_end(archive, writer, &end);
	for (size_t i = 0; result == RESULT_OK && i + 1 < list.count; i++)
		if (list.items[i] >= end.segment)
			result = add_segment(archive, journal, writer,
			                     list.items[i], report, err);
	arena_free(&arena);
	return result;
}
