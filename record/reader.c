#include "record/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "record/appender.h"
#include "record/segment.h"

#define WINDOW_BYTES ((size_t)256 * 1024)

struct reader {
	char folder[PATH_MAX];
	struct reader_place place; /* before the next entry */
	uint64_t limit;

	int log; /* of place.segment; -1: not open */
	int keys;
	uint64_t first; /* sequence of its key slot 0 */
	/*
	 * Sequence at which the next segment that has entries takes over; 0:
	 * there is none yet. What stands in this one from there on was never
	 * acknowledged: a batch that failed and could not be cut away.
	 */
	uint64_t next_first;
	uint32_t next_segment; /* 0: there is none yet */

	struct buf window; /* bytes of the log from place.offset on */
	size_t window_at;
	struct buf plain;
};

static int
open_file(const struct reader *reader, uint32_t number, const char *ending)
{
	char path[PATH_MAX + SEGMENT_NAME_SIZE], name[SEGMENT_NAME_SIZE];

	segment_name(number, ending, name);
	snprintf(path, sizeof(path), "%s/%s", reader->folder, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
close_files(struct reader *reader)
{
	if (reader->log >= 0)
		close(reader->log);
	if (reader->keys >= 0)
		close(reader->keys);
	reader->log = reader->keys = -1;
}

static void
forget_window(struct reader *reader)
{
	buf_reset(&reader->window);
	reader->window_at = 0;
}

static bool
segment_exists(const struct reader *reader, uint32_t number)
{
	int fd = open_file(reader, number, SEGMENT_LOG);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What comes after this segment, as far as it is there. */
static void
look_ahead(struct reader *reader)
{
	uint32_t number = reader->place.segment + 1;

	reader->next_segment = 0;
	reader->next_first = 0;
	while (reader->next_first == 0 && segment_exists(reader, number)) {
		if (reader->next_segment == 0)
			reader->next_segment = number;
		reader->next_first = segment_first(reader->folder, number);
		number++;
	}
}

static enum result
open_segment(struct reader *reader, struct error *err)
{
	reader->log = open_file(reader, reader->place.segment, SEGMENT_LOG);
	if (reader->log < 0) {
		error_errno(err, errno, "cannot open %s/%08u." SEGMENT_LOG,
		            reader->folder, (unsigned)reader->place.segment);
		return RESULT_BAD;
	}
	reader->keys = open_file(reader, reader->place.segment, SEGMENT_KEYS);
	if (reader->place.offset == 0)
		reader->first = reader->place.sequence + 1;
	else
		reader->first =
			segment_first(reader->folder, reader->place.segment);
	forget_window(reader);
	look_ahead(reader);
	return RESULT_OK;
}

static enum result
find_first_segment(struct reader *reader, struct error *err)
{
	struct segment_list list;
	struct arena *arena = arena_new();
	enum result result = segment_list(arena, reader->folder, &list, err);

	if (result == RESULT_OK && list.count == 0) {
		error_set(err, "no journal in %s", reader->folder);
		result = RESULT_NONE;
	}
	if (result == RESULT_OK) {
		uint64_t first;

		reader->place.segment = list.items[0];
		first = segment_first(reader->folder, list.items[0]);
		/* Older segments may have been archived and taken away. */
		if (list.items[0] > 1 && first > 0)
			reader->place.sequence = first - 1;
		reader->place.has_hash = list.items[0] == 1;
	}
	arena_free(&arena);
	return result;
}

static enum result
check_place(struct reader *reader, struct error *err)
{
	struct stat status;

	if (fstat(reader->log, &status) == 0 &&
	    (uint64_t)status.st_size >= reader->place.offset)
		return RESULT_OK;
	error_set(err, "%s/%08u." SEGMENT_LOG " ends before byte %llu",
	          reader->folder, (unsigned)reader->place.segment,
	          (unsigned long long)reader->place.offset);
	return RESULT_BAD;
}

enum result
reader_open(const char *folder, struct reader_place from,
            struct reader **reader_r, struct error *err)
{
	struct reader *reader = memory_zeroed(1, sizeof(*reader));
	enum result result = RESULT_OK;

	snprintf(reader->folder, sizeof(reader->folder), "%s", folder);
	reader->place = from;
	reader->limit = UINT64_MAX;
	reader->log = reader->keys = -1;
	buf_init(&reader->window,
	         FRAME_HEAD_BYTES + FRAME_BODY_LIMIT + WINDOW_BYTES);
	buf_init(&reader->plain, FRAME_PLAIN_LIMIT + SEAL_EXTRA_BYTES);
	if (from.segment == 0)
		result = find_first_segment(reader, err);
	if (result == RESULT_OK)
		result = open_segment(reader, err);
	if (result == RESULT_OK)
		result = check_place(reader, err);
	if (result != RESULT_OK) {
		reader_close(&reader);
		return result;
	}
	*reader_r = reader;
	return RESULT_OK;
}

void
reader_close(struct reader **reader)
{
	struct reader *old = *reader;

	if (old == NULL)
		return;
	close_files(old);
	buf_done(&old->window);
	buf_done(&old->plain);
	free(old);
	*reader = NULL;
}

bool
reader_is_live(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	return is_locked;
}

struct reader_place
reader_where(const struct reader *reader)
{
	return reader->place;
}

void
reader_set_limit(struct reader *reader, uint64_t sequence)
{
	if (sequence == reader->limit)
		return;
	/* Bytes read before may have been taken back since. */
	forget_window(reader);
	reader->limit = sequence;
	if (reader->next_first == 0)
		look_ahead(reader);
}

/* More of the log behind what the window holds; false at its end. */
static bool
read_more(struct reader *reader, size_t want)
{
	struct buf *window = &reader->window;
	char part[16 * 1024];
	size_t goal = want > WINDOW_BYTES ? want : WINDOW_BYTES;
	struct span rest = span_skip(buf_as_span(window), reader->window_at);
	bool has_more = false;

	memmove(window->data, rest.at, rest.len);
	window->len = rest.len;
	reader->window_at = 0;
	while (window->len < goal) {
		off_t at = (off_t)(reader->place.offset + window->len);
		ssize_t got = pread(reader->log, part, sizeof(part), at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		buf_add(window, part, (size_t)got);
		has_more = true;
	}
	return has_more;
}

static enum frame_state
frame_here(struct reader *reader, struct frame *frame)
{
	for (;;) {
		struct span bytes = span_skip(buf_as_span(&reader->window),
		                              reader->window_at);
		enum frame_state state = frame_read(bytes, frame);

		if (state == FRAME_WHOLE || state == FRAME_BROKEN)
			return state;
		if (!read_more(reader, frame->size))
			return state;
	}
}

static void
where_bad(const struct reader *reader, struct error *err)
{
	error_prefix(err, "%s/%08u." SEGMENT_LOG " at byte %llu, entry %llu",
	             reader->folder, (unsigned)reader->place.segment,
	             (unsigned long long)reader->place.offset,
	             (unsigned long long)reader->place.sequence + 1);
}

static enum result
check_chain(const struct reader *reader, struct span entry,
            struct event_links *links, struct error *err)
{
	const struct reader_place *place = &reader->place;

	if (!event_read_links(entry, links)) {
		error_set(err, "c, prev or seq is missing");
		return RESULT_BAD;
	}
	if (links->sequence != place->sequence + 1) {
		error_set(err, "it says it is entry %llu",
		          (unsigned long long)links->sequence);
		return RESULT_BAD;
	}
	if (place->has_hash &&
	    memcmp(links->prev, place->hash, DIGEST_BYTES) != 0) {
		error_set(err,
		          "prev is not the hash of entry %llu: one of "
		          "the two was changed",
		          (unsigned long long)place->sequence);
		return RESULT_BAD;
	}
	return RESULT_OK;
}

static bool
is_zeroed(const uint8_t key[SEAL_KEY_BYTES])
{
	uint8_t all = 0;

	for (size_t i = 0; i < SEAL_KEY_BYTES; i++)
		all |= key[i];
	return all == 0;
}

static enum result
read_key(const struct reader *reader, uint8_t key_r[SEAL_KEY_BYTES],
         struct error *err)
{
	uint64_t slot = reader->place.sequence + 1 - reader->first;

	if (reader->keys >= 0 &&
	    pread(reader->keys, key_r, SEAL_KEY_BYTES,
	          (off_t)(slot * SEAL_KEY_BYTES)) == SEAL_KEY_BYTES)
		return RESULT_OK;
	error_set(err, "its key is missing (%08u." SEGMENT_KEYS ", slot %llu)",
	          (unsigned)reader->place.segment, (unsigned long long)slot);
	return RESULT_BAD;
}

/* The payload behind its salt, checked against the commitment. */
static enum result
open_payload(struct reader *reader, struct span sealed,
             const struct event_links *links, struct reader_entry *entry_r,
             struct error *err)
{
	struct buf *plain = &reader->plain;
	uint8_t key[SEAL_KEY_BYTES], sum[DIGEST_BYTES];

	entry_r->payload = entry_r->salted = SPAN("");
	if (read_key(reader, key, err) != RESULT_OK)
		return RESULT_BAD;
	entry_r->is_erased = is_zeroed(key);
	if (entry_r->is_erased)
		return RESULT_OK;

	/* The sealed bytes only make room: they are longer than the text. */
	buf_reset(plain);
	buf_span(plain, sealed);
	bool is_open = sealed.len >= SEAL_EXTRA_BYTES + FRAME_SALT_BYTES &&
	               !plain->is_full &&
	               digest_open(key, sealed.at, sealed.len, plain->data);
	explicit_bzero(key, sizeof(key));
	if (!is_open) {
		error_set(err,
		          "its payload does not open: it or its key "
		          "(%08u." SEGMENT_KEYS ") was changed",
		          (unsigned)reader->place.segment);
		return RESULT_BAD;
	}
	plain->len = sealed.len - SEAL_EXTRA_BYTES;
	digest_sha256(plain->data, plain->len, sum);
	if (memcmp(sum, links->commitment, DIGEST_BYTES) != 0) {
		error_set(err, "its payload is not the one it committed to");
		return RESULT_BAD;
	}
	entry_r->salted = buf_as_span(plain);
	entry_r->payload = span_skip(entry_r->salted, FRAME_SALT_BYTES);
	return RESULT_OK;
}

static enum result
take_entry(struct reader *reader, const struct frame *frame,
           struct reader_entry *entry_r, struct error *err)
{
	struct event_links links;

	if (check_chain(reader, frame->entry, &links, err) != RESULT_OK ||
	    open_payload(reader, frame->sealed, &links, entry_r, err) !=
	            RESULT_OK) {
		where_bad(reader, err);
		return RESULT_BAD;
	}
	entry_r->entry = frame->entry;
	digest_sha256(frame->entry.at, frame->entry.len, entry_r->hash);
	memcpy(reader->place.hash, entry_r->hash, DIGEST_BYTES);
	reader->place.has_hash = true;
	reader->place.sequence++;
	reader->place.offset += frame->size;
	reader->window_at += frame->size;
	return RESULT_OK;
}

static enum result
next_segment(struct reader *reader, struct error *err)
{
	close_files(reader);
	reader->place.segment = reader->next_segment;
	reader->place.offset = 0;
	return open_segment(reader, err);
}

/* Is this entry one that the next segment has again? */
static bool
is_superseded(const struct reader *reader, struct span entry)
{
	struct event_links links;

	return reader->next_first != 0 && event_read_links(entry, &links) &&
	       links.sequence >= reader->next_first;
}

static bool
is_past_limit(const struct reader *reader)
{
	return reader->place.sequence >= reader->limit;
}

/*
 * No further entry here. OK: gone on to the next segment, look again. NONE:
 * the end for now.
 */
static enum result
end_of_segment(struct reader *reader, enum frame_state state, struct error *err)
{
	bool takes_over = reader->next_first == reader->place.sequence + 1;

	if (reader->next_segment != 0 &&
	    (takes_over || (state == FRAME_END && reader->next_first == 0)))
		return next_segment(reader, err);
	if (reader->next_first == 0 && state != FRAME_BROKEN)
		return RESULT_NONE;
	if (state == FRAME_BROKEN)
		error_set(err, "the frame is damaged (length or checksum)");
	else
		error_set(err,
		          "the file ends before it, but the next one "
		          "starts with entry %llu",
		          (unsigned long long)reader->next_first);
	where_bad(reader, err);
	return RESULT_BAD;
}

/*
 * A closed segment is looked at once more before leaving it: between our
 * reading its end and seeing the next one, it may have grown.
 */
static enum frame_state
look_again(struct reader *reader, enum frame_state state, struct frame *frame)
{
	if (reader->next_segment == 0) {
		look_ahead(reader);
		if (reader->next_segment != 0) {
			forget_window(reader);
			state = frame_here(reader, frame);
		}
	}
	return state;
}

enum result
reader_next(struct reader *reader, struct reader_entry *entry_r,
            struct error *err)
{
	for (;;) {
		struct frame frame;
		enum result result;
		enum frame_state state;

		if (is_past_limit(reader))
			return RESULT_NONE;
		state = frame_here(reader, &frame);
		if (state != FRAME_WHOLE)
			state = look_again(reader, state, &frame);
		if (state == FRAME_WHOLE && !is_superseded(reader, frame.entry))
			return take_entry(reader, &frame, entry_r, err);
		result = end_of_segment(reader, state, err);
		if (result != RESULT_OK) {
			forget_window(reader);
			return result;
		}
	}
}

/* Whole log from place.offset + 1 on: skipping is rare. */
static enum result
skip_in_segment(struct reader *reader)
{
	struct stat status;
	struct event_links links;
	struct frame frame;
	size_t at;

	forget_window(reader);
	if (fstat(reader->log, &status) != 0)
		return RESULT_NONE;
	reader->window.limit = (size_t)status.st_size + WINDOW_BYTES;
	read_more(reader, (size_t)status.st_size);
	at = 0;
	while ((at = frame_search(buf_as_span(&reader->window), at + 1)) <
	       reader->window.len) {
		struct span bytes = span_skip(buf_as_span(&reader->window), at);

		if (frame_read(bytes, &frame) == FRAME_WHOLE &&
		    event_read_links(frame.entry, &links) &&
		    links.sequence > reader->place.sequence)
			break;
	}
	bool is_found = at < reader->window.len;
	forget_window(reader);
	if (!is_found)
		return RESULT_NONE;
	reader->place.offset += at;
	reader->place.sequence = links.sequence - 1;
	reader->place.has_hash = false;
	return RESULT_OK;
}

enum result
reader_skip(struct reader *reader, struct error *err)
{
	enum result result = skip_in_segment(reader);

	if (result == RESULT_OK)
		return RESULT_OK;
	if (reader->next_segment == 0 || reader->next_first == 0)
		return RESULT_NONE;
	reader->place.sequence = reader->next_first - 1;
	reader->place.has_hash = false;
	return next_segment(reader, err);
}

/* Bytes behind the last whole entry, when no writer is there to finish it. */
static enum result
check_tail(const struct reader *reader, struct error *err)
{
	struct stat status;

	if (fstat(reader->log, &status) != 0 ||
	    (uint64_t)status.st_size == reader->place.offset)
		return RESULT_OK;
	error_set(err,
	          "%lld bytes of an unfinished entry (the writer cuts them "
	          "when it starts)",
	          (long long)status.st_size - (long long)reader->place.offset);
	where_bad(reader, err);
	return RESULT_BAD;
}

static enum result
verify_entries(struct reader *reader, void (*progress)(uint64_t entries),
               struct verify_report *report, struct error *err)
{
	uint32_t segment = 0;

	for (;;) {
		struct reader_entry entry;
		enum result result = reader_next(reader, &entry, err);

		if (result != RESULT_OK)
			return result;
		if (segment != reader->place.segment)
			report->segments++;
		segment = reader->place.segment;
		report->entries++;
		report->erased += entry.is_erased ? 1 : 0;
		memcpy(report->last_hash, entry.hash, DIGEST_BYTES);
		if (progress != NULL && report->entries % 1024 == 0)
			progress(report->entries);
	}
}

enum result
reader_verify(const char *folder, void (*progress)(uint64_t entries),
              struct verify_report *report_r, struct error *err)
{
	struct verify_report report = { .entries = 0 };
	struct reader_place start = { .segment = 0 };
	struct reader *reader;
	uint64_t synced;
	bool is_live =
		reader_is_live(folder) && appender_read_synced(folder, &synced);
	enum result result = reader_open(folder, start, &reader, err);

	*report_r = report;
	if (result != RESULT_OK)
		return result;
	if (is_live)
		reader_set_limit(reader, synced);
	result = verify_entries(reader, progress, &report, err);
	if (result == RESULT_NONE && is_live &&
	    reader->place.sequence < synced) {
		error_set(err, "it ends there, but %llu entries were synced",
		          (unsigned long long)synced);
		where_bad(reader, err);
		result = RESULT_BAD;
	} else if (result == RESULT_NONE) {
		result = is_live ? RESULT_OK : check_tail(reader, err);
	}
	reader_close(&reader);
	*report_r = report;
	return result;
}
