#include "record/appender.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

#define KEY_CHUNK   ((size_t)4096) /* slots written ahead at once */
#define BATCH_BYTES ((size_t)64 * 1024 * 1024)
#define SYNCED_NAME "synced"

struct chain {
	uint64_t sequence;
	uint8_t hash[DIGEST_BYTES];
};

struct appender {
	struct segment_io io;
	char path[PATH_MAX];
	char writer[EVENT_WRITER_SIZE];
	int64_t segment_bytes;
	int64_t segment_age_ms;
	int folder; /* its lock is ours while it is open */
	int synced;

	/* the segment */
	uint32_t number;
	int log;
	int keys;
	uint64_t first;  /* sequence of key slot 0 */
	int64_t offset;  /* where the next batch goes */
	time_ms_t begun; /* when its first entry was recorded */
	bool is_spoiled; /* the next batch wants a new segment */

	/* keys written ahead: for sequences chunk_first and up */
	uint8_t (*chunk)[SEAL_KEY_BYTES];
	uint64_t chunk_first;
	size_t chunk_count;

	struct chain done; /* on disk */
	struct chain next; /* with the batch */
	struct buf batch;
	struct buf entry;
	bool has_failed; /* no keys for an entry of the batch */
	struct error failure;
};

/*
 * The group may read what is chained, so that sealing needs no other right;
 * the keys are the owner's alone.
 */
static enum result
open_file(struct appender *appender, const char *name, int flags, int *fd_r,
          struct error *err)
{
	bool is_keys = span_ends(span_of(name), "." SEGMENT_KEYS);
	int fd = openat(appender->folder, name, flags | O_RDWR | O_CLOEXEC,
	                is_keys ? 0600 : 0640);

	if (fd < 0) {
		error_errno(err, errno, "cannot open %s/%s", appender->path,
		            name);
		return RESULT_RETRY;
	}
	*fd_r = fd;
	return RESULT_OK;
}

static void
close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * Slots that no entry uses go, so that each slot of a closed segment
 * belongs to an entry. Best effort: a longer file does no harm.
 */
static void
close_segment(struct appender *appender)
{
	uint64_t used = appender->done.sequence + 1 - appender->first;

	if (appender->keys >= 0 &&
	    appender->io.truncate(appender->keys,
	                          (off_t)(used * SEAL_KEY_BYTES)) == 0 &&
	    appender->io.sync(appender->keys) != 0)
		appender->is_spoiled = true;
	close_file(&appender->log);
	close_file(&appender->keys);
}

static enum result
open_segment(struct appender *appender, uint32_t number, int flags,
             struct error *err)
{
	char name[SEGMENT_NAME_SIZE];
	enum result result;

	segment_name(number, SEGMENT_KEYS, name);
	result = open_file(appender, name, flags | O_CREAT, &appender->keys,
	                   err);
	if (result != RESULT_OK)
		return result;
	segment_name(number, SEGMENT_LOG, name);
	result =
		open_file(appender, name, flags | O_CREAT, &appender->log, err);
	if (result == RESULT_OK && fsync(appender->folder) != 0) {
		error_errno(err, errno, "cannot sync %s", appender->path);
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK) {
		close_file(&appender->log);
		close_file(&appender->keys);
		return result;
	}
	appender->number = number;
	return RESULT_OK;
}

/*
 * The lock is ours, and the number is past all that hold entries: what a
 * failed attempt left under that name may go (O_TRUNC).
 */
static enum result
new_segment(struct appender *appender, struct error *err)
{
	close_segment(appender);
	enum result result =
		open_segment(appender, appender->number + 1, O_TRUNC, err);
	if (result != RESULT_OK) {
		appender->is_spoiled = true;
		return result;
	}
	appender->first = appender->done.sequence + 1;
	appender->offset = 0;
	appender->chunk_count = 0;
	appender->is_spoiled = false;
	return RESULT_OK;
}

/* Fresh keys from that sequence on, on disk before anything uses them. */
static enum result
make_keys(struct appender *appender, uint64_t sequence, struct error *err)
{
	uint64_t slot = sequence - appender->first;
	struct span bytes = span_make((const char *)appender->chunk,
	                              KEY_CHUNK * SEAL_KEY_BYTES);

	appender->chunk_count = 0;
	random_bytes(appender->chunk, bytes.len);
	enum result result = segment_write(&appender->io, appender->keys, bytes,
	                                   (off_t)(slot * SEAL_KEY_BYTES), err);
	if (result == RESULT_OK && appender->io.sync(appender->keys) != 0) {
		error_errno(err, errno, "cannot sync");
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK) {
		error_prefix(err, "%s/%08u." SEGMENT_KEYS, appender->path,
		             (unsigned)appender->number);
		return result;
	}
	appender->chunk_first = sequence;
	appender->chunk_count = KEY_CHUNK;
	return RESULT_OK;
}

/* NULL: there is none, and the failure is noted. */
static const uint8_t *
key_for(struct appender *appender, uint64_t sequence)
{
	bool is_there =
		sequence >= appender->chunk_first &&
		sequence - appender->chunk_first < appender->chunk_count;

	if (!is_there &&
	    make_keys(appender, sequence, &appender->failure) != RESULT_OK) {
		appender->has_failed = true;
		return NULL;
	}
	return appender->chunk[sequence - appender->chunk_first];
}

/* Keys do not stay in memory longer than it takes to use them. */
static void
forget_keys(struct appender *appender, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		if (i >= appender->chunk_first &&
		    i - appender->chunk_first < appender->chunk_count)
			explicit_bzero(
				appender->chunk[i - appender->chunk_first],
				SEAL_KEY_BYTES);
}

static bool
wants_new_segment(const struct appender *appender)
{
	int64_t age_ms = clock_now() - appender->begun;

	return appender->is_spoiled ||
	       appender->offset >= appender->segment_bytes ||
	       (appender->segment_age_ms > 0 && appender->offset > 0 &&
	        age_ms >= appender->segment_age_ms);
}

void
appender_add(struct appender *appender, struct appender_item *item)
{
	struct event *event = item->event;
	struct buf *entry = &appender->entry;

	if (appender->batch.len == 0 && !appender->has_failed &&
	    wants_new_segment(appender) &&
	    new_segment(appender, &appender->failure) != RESULT_OK)
		appender->has_failed = true;
	if (appender->has_failed)
		return;

	const uint8_t *key = key_for(appender, appender->next.sequence + 1);

	if (key == NULL)
		return;
	snprintf(event->writer, sizeof(event->writer), "%s", appender->writer);
	event->sequence = appender->next.sequence + 1;
	event->recorded = clock_now();
	if (appender->offset == 0 && appender->batch.len == 0)
		appender->begun = event->recorded;
	buf_reset(entry);
	event_write_entry(event, appender->next.hash, item->commitment, entry);
	assert(!entry->is_full);
	frame_write(&appender->batch, buf_as_span(entry), item->plain, key);
	digest_sha256(entry->data, entry->len, appender->next.hash);
	appender->next.sequence++;
}

size_t
appender_pending(const struct appender *appender)
{
	return appender->batch.len;
}

static void
note_synced(struct appender *appender)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(appender->done.sequence >> (8 * i));
	/* The forwarder only waits longer when this fails. */
	if (pwrite(appender->synced, bytes, sizeof(bytes), 0) < 0)
		return;
}

bool
appender_read_synced(const char *folder, uint64_t *sequence_r)
{
	char path[PATH_MAX];
	uint8_t bytes[8];
	uint64_t sequence = 0;

	snprintf(path, sizeof(path), "%s/" SYNCED_NAME, folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
	close(fd);
	if (got != (ssize_t)sizeof(bytes))
		return false;
	for (int i = 0; i < 8; i++)
		sequence |= (uint64_t)bytes[i] << (8 * i);
	*sequence_r = sequence;
	return true;
}

static enum result
write_batch(struct appender *appender, struct error *err)
{
	if (appender->has_failed) {
		*err = appender->failure;
		return RESULT_RETRY;
	}
	if (appender->batch.is_full) {
		error_set(err, "batch is larger than %zu bytes",
		          appender->batch.limit);
		return RESULT_RETRY;
	}
	enum result result = segment_write(&appender->io, appender->log,
	                                   buf_as_span(&appender->batch),
	                                   appender->offset, err);
	if (result == RESULT_OK && appender->io.sync(appender->log) != 0) {
		error_errno(err, errno, "cannot sync");
		/* What the kernel holds of the file is not to be trusted. */
		appender->is_spoiled = true;
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK)
		error_prefix(err, "%s/%08u." SEGMENT_LOG, appender->path,
		             (unsigned)appender->number);
	return result;
}

/* Nothing of the batch may count: the next entry takes its sequence. */
static void
roll_back(struct appender *appender)
{
	appender->next = appender->done;
	appender->chunk_count = 0;
	if (appender->log >= 0 &&
	    appender->io.truncate(appender->log, appender->offset) != 0)
		appender->is_spoiled = true;
}

enum result
appender_commit(struct appender *appender, struct error *err)
{
	enum result result = write_batch(appender, err);

	if (result == RESULT_OK) {
		appender->offset += (int64_t)appender->batch.len;
		forget_keys(appender, appender->done.sequence + 1,
		            appender->next.sequence);
		appender->done = appender->next;
		note_synced(appender);
	} else {
		roll_back(appender);
	}
	appender->has_failed = false;
	if (appender->batch.room > (size_t)4 * 1024 * 1024)
		buf_done(&appender->batch);
	buf_reset(&appender->batch);
	return result;
}

uint64_t
appender_sequence(const struct appender *appender)
{
	return appender->done.sequence;
}

/* A reader that asks whether we are there holds it for a moment, too. */
static bool
lock_folder(int folder)
{
	const struct timespec moment = { 0, 20000000 };

	for (int i = 0; i < 10; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static enum result
open_folder(struct appender *appender, struct error *err)
{
	struct stat status;
	bool is_new = stat(appender->path, &status) != 0;
	enum result result = file_make_folder(appender->path, 0750, err);

	if (result != RESULT_OK)
		return result;
	appender->folder =
		open(appender->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (appender->folder < 0) {
		error_errno(err, errno, "cannot open folder %s",
		            appender->path);
		return RESULT_BAD;
	}
	if (!lock_folder(appender->folder)) {
		error_set(err, "%s: another process writes this journal",
		          appender->path);
		return RESULT_BAD;
	}
	if (is_new) {
		char parent[PATH_MAX + 4];

		snprintf(parent, sizeof(parent), "%s/..", appender->path);
		result = file_sync_folder(parent, err);
	}
	return result;
}

/* Cuts the tail that is not whole; the gap says what was lost. */
static enum result
cut_tail(struct appender *appender, const struct segment_scan *scan,
         struct appender_gap *gap, struct error *err)
{
	gap->is_found = true;
	gap->is_damaged = scan->is_damaged;
	gap->segment = appender->number;
	gap->offset = scan->good;
	if (scan->is_damaged) {
		/* Which slot is whose is not sure here: keep them all. */
		close_file(&appender->keys);
		appender->is_spoiled = true;
		return RESULT_OK;
	}
	gap->bytes = scan->size - scan->good;
	if (ftruncate(appender->log, scan->good) != 0 ||
	    fsync(appender->log) != 0) {
		error_errno(err, errno, "cannot cut %s/%08u." SEGMENT_LOG,
		            appender->path, (unsigned)appender->number);
		return RESULT_RETRY;
	}
	return RESULT_OK;
}

/*
 * The end of the chain stands in an earlier segment when the last one is
 * empty: a new one was made, and nothing was written yet.
 */
static enum result
find_earlier_end(struct appender *appender, const struct segment_list *list,
                 struct error *err)
{
	for (size_t i = list->count - 1; i-- > 0;) {
		char name[SEGMENT_NAME_SIZE];
		struct segment_scan scan;
		int fd;

		segment_name(list->items[i], SEGMENT_LOG, name);
		if (open_file(appender, name, 0, &fd, err) != RESULT_OK)
			return RESULT_BAD;
		enum result result = segment_scan(fd, &scan, err);
		close(fd);
		if (result != RESULT_OK)
			return result;
		if (scan.sequence > 0) {
			appender->done.sequence = scan.sequence;
			memcpy(appender->done.hash, scan.hash, DIGEST_BYTES);
			break;
		}
	}
	appender->first = appender->done.sequence + 1;
	return RESULT_OK;
}

static enum result
find_end(struct appender *appender, const struct segment_list *list,
         struct appender_gap *gap, struct error *err)
{
	struct segment_scan scan;
	enum result result =
		open_segment(appender, list->items[list->count - 1], 0, err);

	if (result != RESULT_OK)
		return result;
	result = segment_scan(appender->log, &scan, err);
	if (result == RESULT_OK && scan.good < scan.size)
		result = cut_tail(appender, &scan, gap, err);
	if (result != RESULT_OK)
		return result;
	appender->offset = scan.good;
	if (scan.sequence == 0)
		return find_earlier_end(appender, list, err);
	appender->first = scan.first;
	appender->begun = scan.begun;
	appender->done.sequence = scan.sequence;
	memcpy(appender->done.hash, scan.hash, DIGEST_BYTES);
	return RESULT_OK;
}

static enum result
open_files(struct appender *appender, struct appender_gap *gap,
           struct error *err)
{
	struct segment_list list;
	struct arena *arena;
	enum result result = open_folder(appender, err);

	if (result != RESULT_OK)
		return result;
	arena = arena_new();
	result = segment_list(arena, appender->path, &list, err);
	if (result == RESULT_OK)
		result = list.count > 0 ? find_end(appender, &list, gap, err)
		                        : open_segment(appender, 1, 0, err);
	arena_free(&arena);
	if (result == RESULT_OK && list.count == 0)
		appender->first = 1;
	if (result == RESULT_OK)
		result = open_file(appender, SYNCED_NAME, O_CREAT,
		                   &appender->synced, err);
	if (result == RESULT_OK && fsync(appender->log) != 0) {
		error_errno(err, errno, "cannot sync %s", appender->path);
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK)
		return result;
	appender->next = appender->done;
	note_synced(appender);
	return RESULT_OK;
}

enum result
appender_open(const struct appender_options *options,
              struct appender **appender_r, struct appender_gap *gap_r,
              struct error *err)
{
	struct appender *appender = memory_zeroed(1, sizeof(*appender));

	*gap_r = (struct appender_gap){ .is_found = false };
	appender->io = *options->io;
	appender->segment_bytes = options->segment_bytes;
	appender->segment_age_ms = options->segment_age_ms;
	snprintf(appender->path, sizeof(appender->path), "%s", options->folder);
	snprintf(appender->writer, sizeof(appender->writer), "%s",
	         options->writer);
	appender->folder = appender->synced = -1;
	appender->log = appender->keys = -1;
	appender->chunk = memory_zeroed(KEY_CHUNK, SEAL_KEY_BYTES);
	buf_init(&appender->batch, BATCH_BYTES);
	buf_init(&appender->entry, FRAME_ENTRY_LIMIT);

	enum result result = open_files(appender, gap_r, err);
	if (result != RESULT_OK) {
		/* A journal that cannot be opened loses no key slots. */
		close_file(&appender->keys);
		appender_close(&appender);
		return result;
	}
	*appender_r = appender;
	return RESULT_OK;
}

void
appender_close(struct appender **appender)
{
	struct appender *old = *appender;

	if (old == NULL)
		return;
	close_segment(old);
	close_file(&old->synced);
	close_file(&old->folder);
	explicit_bzero(old->chunk, KEY_CHUNK * SEAL_KEY_BYTES);
	free(old->chunk);
	buf_done(&old->batch);
	buf_done(&old->entry);
	free(old);
	*appender = NULL;
}
