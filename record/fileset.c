#include "record/fileset.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define BLOCK 512
#define DEPTH 4

/* The part of it that holds a name: where it is, or would be. */
static size_t
place_of(const struct fileset *set, const char *name, bool *is_there_r)
{
	size_t low = 0, high = set->count;

	*is_there_r = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(set->items[middle].name, name);

		if (order == 0) {
			*is_there_r = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
fileset_add(struct arena *arena, struct fileset *set, const char *name,
            struct span bytes)
{
	bool is_there;
	size_t at = place_of(set, name, &is_there);

	if (!is_there) {
		arena_push(arena, (void **)&set->items, &set->count, &set->room,
		           sizeof(*set->items));
		memmove(&set->items[at + 1], &set->items[at],
		        (set->count - 1 - at) * sizeof(*set->items));
	}
	assert(set->items != NULL);
	set->items[at] =
		(struct fileset_file){ arena_strdup(arena, name), bytes };
}

const struct fileset_file *
fileset_find(const struct fileset *set, const char *name)
{
	bool is_there;
	size_t at = place_of(set, name, &is_there);

	return is_there ? &set->items[at] : NULL;
}

/* BND-1: ASCII, no spaces, nothing that leads elsewhere. */
static bool
is_plain(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > FILESET_NAME || name[0] == '/' ||
	    strstr(name, "..") != NULL)
		return false;
	for (; *name != '\0'; name++)
		if (!ascii_is_alnum(*name) && strchr("./_-", *name) == NULL)
			return false;
	return true;
}

static enum result
take(struct arena *arena, struct fileset *set, const char *name,
     struct span bytes, size_t *total, struct error *err)
{
	*total += bytes.len;
	if (!is_plain(name))
		error_set(err, "a file has a strange name: %s", name);
	else if (fileset_find(set, name) != NULL)
		error_set(err, "%s is there twice", name);
	else if (*total > FILESET_LIMIT || set->count >= FILESET_FILES)
		error_set(err, "it is too large for a bundle");
	else {
		fileset_add(arena, set, name, bytes);
		return RESULT_OK;
	}
	return RESULT_BAD;
}

/* --- tar (POSIX ustar) ------------------------------------------------ */

static void
octal(char *at, size_t size, size_t value)
{
	snprintf(at, size, "%0*zo", (int)size - 1, value);
}

static void
tar_add(struct buf *out, const char *name, struct span bytes)
{
	static const char zeros[BLOCK];
	char head[BLOCK] = { 0 };
	unsigned sum = 0;

	snprintf(head, 100, "%s", name);
	octal(head + 100, 8, 0644);
	octal(head + 108, 8, 0);
	octal(head + 116, 8, 0);
	octal(head + 124, 12, bytes.len);
	octal(head + 136, 12, 0);
	memset(head + 148, ' ', 8);
	head[156] = '0';
	memcpy(head + 257, "ustar", 6);
	memcpy(head + 263, "00", 2);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	buf_add(out, head, BLOCK);
	buf_span(out, bytes);
	buf_add(out, zeros, (BLOCK - bytes.len % BLOCK) % BLOCK);
}

static enum result
write_tar(const struct fileset *set, const char *path, const char *top,
          struct error *err)
{
	static const char end[2 * BLOCK];
	char name[FILESET_NAME + 64];
	struct buf out;
	enum result result;

	buf_init(&out, FILESET_LIMIT * 2);
	for (size_t i = 0; i < set->count; i++) {
		snprintf(name, sizeof(name), "%s/%s", top, set->items[i].name);
		tar_add(&out, name, set->items[i].bytes);
	}
	buf_add(&out, end, sizeof(end));
	if (strcmp(path, "-") == 0)
		result = file_write_all(STDOUT_FILENO, out.data, out.len, err);
	else
		result = file_replace(path, buf_as_span(&out), 0640, err);
	buf_done(&out);
	return result;
}

static bool
tar_sum_fits(const char *head)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)head[i];
	return strtoul(head + 148, NULL, 8) == sum;
}

/* The name behind the one folder that all of it lies in. */
static const char *
below_top(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash != NULL ? slash + 1 : name;
}

static enum result
read_tar(struct arena *arena, struct span bytes, struct fileset *set,
         struct error *err)
{
	size_t total = 0;

	while (bytes.len >= BLOCK && bytes.at[0] != '\0') {
		const char *head = bytes.at;
		char name[101] = { 0 };
		size_t len = strtoul(head + 124, NULL, 8);
		size_t room = (len + BLOCK - 1) / BLOCK * BLOCK;

		memcpy(name, head, 100);
		if (!tar_sum_fits(head) || len > FILESET_LIMIT ||
		    room > bytes.len - BLOCK ||
		    (head[156] != '0' && head[156] != '5')) {
			error_set(err, "not a tar file as we write it");
			return RESULT_BAD;
		}
		bytes = span_skip(bytes, BLOCK);
		if (head[156] == '0' &&
		    take(arena, set, below_top(name), span_take(bytes, len),
		         &total, err) != RESULT_OK)
			return RESULT_BAD;
		bytes = span_skip(bytes, room);
	}
	return RESULT_OK;
}

/* --- folders ---------------------------------------------------------- */

static enum result
write_folder(const struct fileset *set, const char *path, struct error *err)
{
	enum result result = RESULT_OK;
	char name[PATH_MAX];

	for (size_t i = 0; result == RESULT_OK && i < set->count; i++) {
		const struct fileset_file *file = &set->items[i];
		char *slash;

		if (snprintf(name, sizeof(name), "%s/%s", path, file->name) >=
		    (int)sizeof(name)) {
			error_set(err, "path too long: %s", path);
			return RESULT_BAD;
		}
		slash = strrchr(name, '/');
		*slash = '\0';
		result = file_make_folder(name, 0750, err);
		*slash = '/';
		if (result == RESULT_OK)
			result = file_replace(name, file->bytes, 0640, err);
	}
	return result;
}

struct reading {
	struct arena *arena;
	struct fileset *set;
	size_t total;
	const char *top;
};

static enum result
read_one(struct reading *reading, const char *path, const char *name,
         struct error *err)
{
	struct span bytes;
	enum result result =
		file_read(reading->arena, path, FILESET_LIMIT, &bytes, err);

	if (result != RESULT_OK)
		return RESULT_BAD;
	return take(reading->arena, reading->set, name, bytes, &reading->total,
	            err);
}

static enum result
read_folder(struct reading *reading, const char *below, int depth,
            struct error *err)
{
	const char *path =
		arena_printf(reading->arena, "%s/%s", reading->top, below);
	DIR *dir = opendir(path);
	enum result result = RESULT_OK;
	struct dirent *file;

	if (dir == NULL || depth > DEPTH) {
		error_errno(err, errno, "cannot open folder %s", path);
		if (dir != NULL)
			closedir(dir);
		return RESULT_BAD;
	}
	while (result == RESULT_OK && (file = readdir(dir)) != NULL) {
		const char *name = file->d_name;
		struct stat status;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		path = arena_printf(reading->arena, "%s/%s%s", reading->top,
		                    below, name);
		name = arena_printf(reading->arena, "%s%s", below, name);
		if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
			result = read_folder(
				reading,
				arena_printf(reading->arena, "%s/", name),
				depth + 1, err);
		} else if (S_ISREG(status.st_mode)) {
			result = read_one(reading, path, name, err);
		} else {
			error_set(err, "%s is no plain file", path);
			result = RESULT_BAD;
		}
	}
	closedir(dir);
	return result;
}

/* --- either ----------------------------------------------------------- */

static bool
is_tar(const char *path)
{
	return strcmp(path, "-") == 0 || span_ends(span_of(path), ".tar");
}

enum result
fileset_write(const struct fileset *set, const char *path, const char *top,
              struct error *err)
{
	if (strcmp(path, "-") != 0 && access(path, F_OK) == 0) {
		error_set(err, "%s is there already; nothing was changed",
		          path);
		return RESULT_BAD;
	}
	return is_tar(path) ? write_tar(set, path, top, err)
	                    : write_folder(set, path, err);
}

enum result
fileset_read(struct arena *arena, const char *path, struct fileset *set_r,
             struct error *err)
{
	struct fileset set = { NULL, 0, 0 };
	struct reading reading = { arena, &set, 0, path };
	struct span bytes;
	enum result result;

	if (!is_tar(path)) {
		result = read_folder(&reading, "", 0, err);
	} else {
		result = file_read(arena, path, FILESET_LIMIT * 2, &bytes, err);
		if (result == RESULT_OK)
			result = read_tar(arena, bytes, &set, err);
	}
	if (result != RESULT_OK)
		return RESULT_BAD;
	*set_r = set;
	return RESULT_OK;
}
