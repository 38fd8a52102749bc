#include "record/gzip.h"

#include <errno.h>
#include <stdlib.h>

#include <zlib.h>

#include "base/memory.h"

#define WINDOW_BYTES (128 * 1024)
#define STEP_BYTES   65536u

struct gzip {
	gzFile file;
};

enum result
gzip_open(const char *path, struct gzip **gzip_r, struct error *err)
{
	errno = 0;

	gzFile file = gzopen(path, "rbe");

	if (file == NULL) {
		error_errno(err, errno, "cannot open %s", path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	gzbuffer(file, WINDOW_BYTES);
	*gzip_r = memory_zeroed(1, sizeof(**gzip_r));
	(*gzip_r)->file = file;
	return RESULT_OK;
}

void
gzip_close(struct gzip **gzip)
{
	if (*gzip == NULL)
		return;
	gzclose((*gzip)->file);
	free(*gzip);
	*gzip = NULL;
}

enum result
gzip_read(struct gzip *gzip, void *at, size_t room, size_t *len_r,
          struct error *err)
{
	int number = Z_OK;
	int got = gzread(gzip->file, at,
	                 room < STEP_BYTES ? (unsigned)room : STEP_BYTES);

	if (got > 0) {
		*len_r = (size_t)got;
		return RESULT_OK;
	}
	const char *text = gzerror(gzip->file, &number);

	if (got == 0 && number == Z_OK)
		return RESULT_NONE;
	error_set(err, "it does not decompress: %s", text);
	return RESULT_BAD;
}

enum result
gzip_skip(struct gzip *gzip, uint64_t bytes, struct error *err)
{
	char room[4096];
	enum result result = RESULT_OK;

	while (result == RESULT_OK && bytes > 0) {
		size_t len =
			bytes < sizeof(room) ? (size_t)bytes : sizeof(room);

		result = gzip_read(gzip, room, len, &len, err);
		if (result == RESULT_OK)
			bytes -= len;
	}
	return result;
}
