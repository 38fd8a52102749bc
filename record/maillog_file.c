#include "record/maillog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/memory.h"
#include "record/gzip.h"
#include "record/maillog_rotated.h"

#define ROOM_BYTES  ((size_t)256 * 1024)
#define LINE_LIMIT  ((size_t)64 * 1024)
#define WHERE_BYTES 320
/* Whoever writes it goes on writing for a moment after it was renamed. */
#define GRACE_US INT64_C(2000000)

struct maillog_file {
	struct arena *arena; /* of the list of rotated files */
	char *path;
	bool is_once;
	bool is_lost;
	struct maillog_clock clock;

	struct maillog_rotated rotated; /* still to be read, newest first */
	size_t next;                    /* of them; 0: none but the file */
	struct gzip *old;               /* one of them, or the one of once */
	int fd;                         /* the file itself; -1 */
	int64_t renamed_us;             /* when that was seen; 0 */
	const char *name;               /* of what is read now */
	bool is_ended;

	char *room;
	size_t start, len; /* what was read and not given */
	uint64_t offset;   /* of start */
	size_t skipping;   /* inside a line that is too long */
	char where[WHERE_BYTES];
};

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void
stop_reading(struct maillog_file *file)
{
	gzip_close(&file->old);
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->renamed_us = 0;
}

static void
begin_at(struct maillog_file *file, const char *path, uint64_t offset)
{
	file->name = name_of(path);
	file->offset = offset;
	file->start = file->len = 0;
	file->skipping = 0;
	file->is_ended = false;
}

/* The file that is being written. */
static enum result
open_now(struct maillog_file *file, uint64_t offset, struct error *err)
{
	stop_reading(file);
	begin_at(file, file->path, offset);
	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0) {
		error_errno(err, errno, "cannot open %s", file->path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	/* The bytes before the place, for the next mark. */
	size_t before = offset < MAILLOG_MARK_BYTES ? (size_t)offset
	                                            : MAILLOG_MARK_BYTES;
	ssize_t got =
		pread(file->fd, file->room, before, (off_t)(offset - before));

	file->start = file->len = got > 0 ? (size_t)got : 0;
	return RESULT_OK;
}

static enum result
open_old(struct maillog_file *file, const char *path, uint64_t offset,
         struct error *err)
{
	size_t before = offset < MAILLOG_MARK_BYTES ? (size_t)offset
	                                            : MAILLOG_MARK_BYTES;
	size_t len = 0, more;
	struct stat st;

	stop_reading(file);
	begin_at(file, path, offset);
	enum result result = gzip_open(path, &file->old, err);
	if (result == RESULT_OK)
		result = gzip_skip(file->old, offset - before, err);
	while (result == RESULT_OK && len < before) {
		result = gzip_read(file->old, file->room + len, before - len,
		                   &more, err);
		len += result == RESULT_OK ? more : 0;
	}
	file->start = file->len = len;
	/* No line of it is younger than its last change. */
	if (result == RESULT_OK && stat(path, &st) == 0)
		file->clock.latest = (time_ms_t)st.st_mtim.tv_sec * 1000;
	return result;
}

/* The oldest of what is still to be read, or the file itself. */
static enum result
open_next(struct maillog_file *file, struct error *err)
{
	while (file->next > 0) {
		file->next--;
		if (file->next == 0)
			break;
		if (open_old(file, file->rotated.paths[file->next], 0, err) ==
		    RESULT_OK)
			return RESULT_OK;
		file->is_lost = true;
	}
	return open_now(file, 0, err);
}

/* Finds the place again in what there is now. */
static enum result
go_to(struct maillog_file *file, const struct maillog_place *place,
      struct error *err)
{
	size_t index;

	arena_reset(file->arena);
	file->next = 0;
	file->rotated = (struct maillog_rotated){ NULL, 0, 0 };

	enum result result = maillog_rotated_list(file->arena, file->path,
	                                          &file->rotated, err);
	if (result != RESULT_OK)
		return result;
	if (place->offset == 0)
		return open_now(file, 0, err);
	if (!maillog_rotated_find(&file->rotated, place, &index)) {
		file->is_lost = true;
		return open_now(file, 0, err);
	}
	if (strcmp(name_of(file->rotated.paths[index]), name_of(file->path)) ==
	    0)
		return open_now(file, place->offset, err);
	/* Without the file itself, 0 is the newest rotated one. */
	bool has_now = strcmp(name_of(file->rotated.paths[0]),
	                      name_of(file->path)) == 0;
	file->next = has_now ? index : index + 1;
	return open_old(file, file->rotated.paths[index], place->offset, err);
}

static bool
read_cursor(const char *text, struct maillog_place *place_r)
{
	char letters[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];

	return sscanf(text, "file %" SCNu64 " %43[-_A-Za-z0-9]",
	              &place_r->offset, letters) == 2 &&
	       decode_base64url(span_of(letters), place_r->mark, DIGEST_BYTES);
}

/* Where start stands, by what stands before it. */
static void
place_now(const struct maillog_file *file, struct maillog_place *place_r)
{
	maillog_place_set(place_r, file->offset, file->room, file->start);
}

void
maillog_file_cursor(const struct maillog_file *file,
                    char cursor_r[MAILLOG_CURSOR_SIZE])
{
	char letters[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];
	struct maillog_place place;

	place_now(file, &place);
	encode_base64url(place.mark, DIGEST_BYTES, letters);
	snprintf(cursor_r, MAILLOG_CURSOR_SIZE, "file %" PRIu64 " %s",
	         place.offset, letters);
}

enum result
maillog_file_open(const struct maillog_input_options *options,
                  struct maillog_file **file_r, struct error *err)
{
	struct maillog_file *file = memory_zeroed(1, sizeof(*file));
	struct maillog_place place = { .offset = 0 };
	enum result result;

	file->arena = arena_new();
	file->path = memory_zeroed(1, strlen(options->path) + 1);
	memcpy(file->path, options->path, strlen(options->path));
	file->room = memory_get(ROOM_BYTES);
	file->fd = -1;
	file->is_once = options->is_once;
	file->clock =
		(struct maillog_clock){ .latest = clock_now(),
		                        .first_year = options->first_year };
	if (options->is_once)
		result = open_old(file, file->path, 0, err);
	else if (read_cursor(options->cursor, &place))
		result = go_to(file, &place, err);
	else
		result = open_now(file, 0, err);
	if (result != RESULT_OK) {
		maillog_file_close(&file);
		return result;
	}
	*file_r = file;
	return RESULT_OK;
}

void
maillog_file_close(struct maillog_file **file)
{
	if (*file == NULL)
		return;
	stop_reading(*file);
	arena_free(&(*file)->arena);
	free((*file)->path);
	free((*file)->room);
	free(*file);
	*file = NULL;
}

bool
maillog_file_lost(struct maillog_file *file)
{
	bool is_lost = file->is_lost;

	file->is_lost = false;
	return is_lost;
}

/* --- reading ---------------------------------------------------------- */

/* Keeps the bytes that the next mark is made of. */
static void
make_room(struct maillog_file *file)
{
	size_t keep = file->start < MAILLOG_MARK_BYTES ? file->start
	                                               : MAILLOG_MARK_BYTES;
	size_t from = file->start - keep;

	memmove(file->room, file->room + from, file->len - from);
	file->start = keep;
	file->len -= from;
}

/*
 * Is what was read still there? Cut short and grown again between two looks,
 * a file would go on in the middle of something else.
 */
static bool
is_unchanged(const struct maillog_file *file, uint64_t at)
{
	char bytes[MAILLOG_MARK_BYTES];
	size_t len = file->len < sizeof(bytes) ? file->len : sizeof(bytes);

	return pread(file->fd, bytes, len, (off_t)(at - len)) == (ssize_t)len &&
	       memcmp(bytes, file->room + file->len - len, len) == 0;
}

static enum result
find_again(struct maillog_file *file, struct error *err)
{
	struct maillog_place place;

	place_now(file, &place);
	return go_to(file, &place, err);
}

static enum result
read_more(struct maillog_file *file, struct error *err)
{
	size_t got = 0;

	make_room(file);
	if (file->old != NULL) {
		enum result result =
			gzip_read(file->old, file->room + file->len,
		                  ROOM_BYTES - file->len, &got, err);

		file->len += result == RESULT_OK ? got : 0;
		return result;
	}

	if (file->fd < 0)
		return open_now(file, 0, err);

	uint64_t at = file->offset + (file->len - file->start);

	if (!is_unchanged(file, at))
		return find_again(file, err);

	ssize_t len = pread(file->fd, file->room + file->len,
	                    ROOM_BYTES - file->len, (off_t)at);

	if (len < 0) {
		error_errno(err, errno, "cannot read %s", file->path);
		return RESULT_BAD;
	}
	file->clock.latest = clock_now();
	file->len += (size_t)len;
	return len > 0 ? RESULT_OK : RESULT_NONE;
}

/* At the end of the file: has it been renamed? */
static enum result
look_for_rotation(struct maillog_file *file, struct error *err)
{
	struct stat now, ours;

	if (file->fd < 0 || fstat(file->fd, &ours) != 0 ||
	    stat(file->path, &now) != 0)
		return RESULT_NONE;
	if (now.st_ino == ours.st_ino && now.st_dev == ours.st_dev)
		return RESULT_NONE;
	if (file->renamed_us == 0)
		file->renamed_us = clock_steady_us();
	if (clock_steady_us() < file->renamed_us + GRACE_US)
		return RESULT_NONE;
	return find_again(file, err);
}

static enum result
at_end(struct maillog_file *file, struct error *err)
{
	if (file->is_once) {
		file->is_ended = true;
		return RESULT_NONE;
	}
	if (file->old != NULL)
		return open_next(file, err);
	return look_for_rotation(file, err);
}

/* A whole line in the room; at the end of an old file its last words too. */
static bool
take_line(struct maillog_file *file, bool is_last, struct span *line_r)
{
	char *at = file->room + file->start;
	size_t len = file->len - file->start;
	char *end = len > 0 ? memchr(at, '\n', len) : NULL;

	if (end == NULL && (!is_last || len == 0))
		return false;
	*line_r = span_make(at, end != NULL ? (size_t)(end - at) : len);
	size_t taken = end != NULL ? line_r->len + 1 : len;
	snprintf(file->where, sizeof(file->where), "%s:%" PRIu64, file->name,
	         file->offset);
	file->start += taken;
	file->offset += taken;
	return true;
}

/* No MTA writes such a line: what is there of it is passed by. */
static void
drop_long_line(struct maillog_file *file)
{
	size_t len = file->len - file->start;

	if (len < LINE_LIMIT)
		return;
	file->start += len;
	file->offset += len;
	file->skipping += len;
}

enum result
maillog_file_next(struct maillog_file *file, struct maillog_entry *entry_r,
                  struct error *err)
{
	struct span line;
	enum result result;

	for (;;) {
		if (take_line(file, false, &line)) {
			if (file->skipping == 0)
				break;
			file->skipping = 0;
			continue;
		}
		drop_long_line(file);
		if (file->is_ended)
			return RESULT_NONE;
		result = read_more(file, err);
		if (result == RESULT_OK)
			continue;
		if (result == RESULT_BAD)
			return result;
		if (file->old != NULL && take_line(file, true, &line))
			break;
		result = at_end(file, err);
		if (result != RESULT_OK)
			return result;
	}
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	*entry_r = (struct maillog_entry){ .raw = line, .where = file->where };
	entry_r->is_line =
		maillog_line_read(&file->clock, line, &entry_r->line);
	return RESULT_OK;
}
