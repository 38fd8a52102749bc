#include "record/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/event.h"

const struct segment_io segment_io_system = {
	.write = pwrite,
	.sync = fdatasync,
	.truncate = ftruncate,
};

void
segment_name(uint32_t number, const char *ending,
             char name_r[SEGMENT_NAME_SIZE])
{
	snprintf(name_r, SEGMENT_NAME_SIZE, "%08u.%s", (unsigned)number,
	         ending);
}

/* "00000001.log" -> 1; 0 for any other name. */
static uint32_t
number_of(const char *file)
{
	uint32_t number = 0;
	size_t i = 0;

	for (; ascii_is_digit(file[i]) && i < 9; i++)
		number = number * 10 + (uint32_t)(file[i] - '0');
	return i == 8 && strcmp(file + i, "." SEGMENT_LOG) == 0 ? number : 0;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

enum result
segment_list(struct arena *arena, const char *folder,
             struct segment_list *list_r, struct error *err)
{
	struct segment_list list = { NULL, 0, 0 };
	DIR *dir = opendir(folder);
	struct dirent *file;

	if (dir == NULL) {
		error_errno(err, errno, "cannot open folder %s", folder);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	while ((file = readdir(dir)) != NULL) {
		uint32_t number = number_of(file->d_name);

		if (number > 0)
			*(uint32_t *)arena_push(arena, (void **)&list.items,
			                        &list.count, &list.room,
			                        sizeof(number)) = number;
	}
	closedir(dir);
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items),
		      compare_numbers);
	*list_r = list;
	return RESULT_OK;
}

uint64_t
segment_first(const char *folder, uint32_t number)
{
	char path[PATH_MAX + SEGMENT_NAME_SIZE], name[SEGMENT_NAME_SIZE];
	char bytes[FRAME_HEAD_BYTES + 4 + FRAME_ENTRY_LIMIT];
	struct event_links links;

	segment_name(number, SEGMENT_LOG, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t got = pread(fd, bytes, sizeof(bytes), 0);
	close(fd);
	if (got <= FRAME_HEAD_BYTES + 4)
		return 0;

	/* The frame may be longer than this: its entry will do. */
	struct span entry = span_make(bytes + FRAME_HEAD_BYTES + 4,
	                              (size_t)got - FRAME_HEAD_BYTES - 4);

	return event_read_links(entry, &links) ? links.sequence : 0;
}

enum result
segment_write(const struct segment_io *io, int fd, struct span bytes,
              off_t offset, struct error *err)
{
	while (bytes.len > 0) {
		ssize_t put = io->write(fd, bytes.at, bytes.len, offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			error_errno(err, put == 0 ? EIO : errno,
			            "cannot write");
			return RESULT_RETRY;
		}
		bytes = span_skip(bytes, (size_t)put);
		offset += put;
	}
	return RESULT_OK;
}

/* False: a whole frame, but not the entry that comes next. */
static bool
scan_entry(struct segment_scan *scan, struct span entry)
{
	struct event_links links;

	if (!event_read_links(entry, &links) ||
	    (scan->first != 0 && links.sequence != scan->sequence + 1))
		return false;
	if (scan->first == 0)
		scan->first = links.sequence;
	scan->sequence = links.sequence;
	return true;
}

/* The last entry that is whole, behind a bad place too: it ends the chain. */
static void
scan_beyond(struct segment_scan *scan, struct span bytes, struct span *last)
{
	struct frame frame;
	size_t at = (size_t)scan->good;

	while ((at = frame_search(bytes, at)) < bytes.len) {
		struct event_links links;

		if (frame_read(span_skip(bytes, at), &frame) != FRAME_WHOLE)
			break;
		scan->is_damaged = true;
		if (event_read_links(frame.entry, &links) &&
		    links.sequence > scan->sequence) {
			if (scan->first == 0)
				scan->first = links.sequence;
			scan->sequence = links.sequence;
			*last = frame.entry;
		}
		at += frame.size;
	}
}

static time_ms_t
time_of(struct span entry)
{
	struct arena *arena = arena_new();
	struct event event = { .recorded = 0 };
	struct error ignored;
	bool is_ours = event_read(arena, entry, SPAN(""), &event, &ignored) ==
	               RESULT_OK;

	arena_free(&arena);
	return is_ours ? event.recorded : 0;
}

static void
scan_bytes(struct segment_scan *scan, struct span bytes)
{
	struct span last = SPAN("");
	struct frame frame;

	while (frame_read(span_skip(bytes, (size_t)scan->good), &frame) ==
	               FRAME_WHOLE &&
	       scan_entry(scan, frame.entry)) {
		if (scan->good == 0)
			scan->begun = time_of(frame.entry);
		last = frame.entry;
		scan->good += (int64_t)frame.size;
	}
	if (scan->good < scan->size)
		scan_beyond(scan, bytes, &last);
	if (scan->sequence > 0)
		digest_sha256(last.at, last.len, scan->hash);
}

enum result
segment_scan(int fd, struct segment_scan *scan_r, struct error *err)
{
	struct segment_scan scan = { .first = 0 };
	struct stat status;
	void *bytes;

	if (fstat(fd, &status) != 0) {
		error_errno(err, errno, "cannot look at it");
		return RESULT_BAD;
	}
	scan.size = status.st_size;
	if (scan.size > 0) {
		/* Nobody shortens it meanwhile: we hold the writer's lock. */
		bytes = mmap(NULL, (size_t)scan.size, PROT_READ, MAP_PRIVATE,
		             fd, 0);
		if (bytes == MAP_FAILED) {
			error_errno(err, errno, "cannot read it");
			return RESULT_BAD;
		}
		scan_bytes(&scan, span_make(bytes, (size_t)scan.size));
		munmap(bytes, (size_t)scan.size);
	}
	*scan_r = scan;
	return RESULT_OK;
}
