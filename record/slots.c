#include "record/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "record/appender.h"
#include "record/segment.h"

static const uint8_t zeros[SEAL_KEY_BYTES];

/* One slot. RETRY: the disk fails. */
static enum result
erase_slot(int fd, off_t at, struct slots_report *report, struct error *err)
{
	uint8_t key[SEAL_KEY_BYTES];
	struct span none = span_make((const char *)zeros, sizeof(zeros));

	if (pread(fd, key, sizeof(key), at) != (ssize_t)sizeof(key)) {
		report->missing++;
		return RESULT_OK;
	}
	if (memcmp(key, zeros, sizeof(key)) == 0) {
		report->already++;
		return RESULT_OK;
	}
	explicit_bzero(key, sizeof(key));
	report->erased++;
	return segment_write(&segment_io_system, fd, none, at, err);
}

static enum result
erase_slots(int fd, uint64_t first, const uint64_t *sequences, size_t count,
            struct slots_report *report, struct error *err)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; result == RESULT_OK && i < count; i++) {
		if (sequences[i] < first)
			report->missing++;
		else
			result = erase_slot(fd,
			                    (off_t)((sequences[i] - first) *
			                            SEAL_KEY_BYTES),
			                    report, err);
	}
	/* Zeros of an earlier call may not be on disk yet. */
	if (result == RESULT_OK && fdatasync(fd) != 0) {
		error_errno(err, errno, "cannot sync");
		result = RESULT_RETRY;
	}
	return result;
}

enum result
slots_erase_file(const char *path, uint64_t first, const uint64_t *sequences,
                 size_t count, struct slots_report *report, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		report->missing += count;
		return RESULT_OK;
	}
	if (fd < 0) {
		error_errno(err, errno, "cannot open %s", path);
		return RESULT_BAD;
	}
	enum result result =
		erase_slots(fd, first, sequences, count, report, err);
	close(fd);
	if (result != RESULT_OK)
		error_prefix(err, "%s", path);
	return result;
}

/* How many of the sequences come before that one? */
static size_t
count_before(const uint64_t *sequences, size_t count, uint64_t sequence)
{
	while (count > 0 && sequences[count - 1] >= sequence)
		count--;
	return count;
}

/*
 * Where a segment starts below the end of the one before it, the later one
 * counts: what the earlier has there was never acknowledged.
 */
enum result
slots_erase(const char *folder, const uint64_t *sequences, size_t count,
            struct slots_report *report, struct error *err)
{
	struct arena *arena = arena_new();
	struct segment_list list;
	enum result result = segment_list(arena, folder, &list, err);
	size_t done = 0;
	uint64_t synced;

	/* Slots that no entry uses yet are the writer's own. */
	if (appender_read_synced(folder, &synced))
		done = count - count_before(sequences, count, synced + 1);
	size_t beyond = done;

	/* From the last segment back: each takes what is not before it. */
	for (size_t i = list.count; result == RESULT_OK && i-- > 0;) {
		char path[PATH_MAX + SEGMENT_NAME_SIZE];
		char name[SEGMENT_NAME_SIZE];
		uint64_t first = segment_first(folder, list.items[i]);
		size_t left = count - done;
		size_t before = count_before(sequences, left, first);

		if (first == 0 || before == left)
			continue;
		segment_name(list.items[i], SEGMENT_KEYS, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		result = slots_erase_file(path, first, sequences + before,
		                          left - before, report, err);
		done += left - before;
	}
	if (result == RESULT_OK)
		report->missing += count - done + beyond;
	arena_free(&arena);
	return result;
}
