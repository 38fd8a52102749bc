#define _GNU_SOURCE /* O_TMPFILE */
#include "milter/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"

#define MEMORY_BYTES ((size_t)256 * 1024)
#define READ_BYTES   ((size_t)64 * 1024)

struct spool {
	const char *folder;
	struct buf memory; /* all of it, or what is not in the file yet */
	int fd;            /* -1: no file */
	int64_t size;
	int64_t written; /* to the file */
	bool is_broken;
	char *window; /* what was read last */
};

struct spool *
spool_new(const char *folder)
{
	struct spool *spool = memory_zeroed(1, sizeof(*spool));

	spool->folder = folder;
	spool->fd = -1;
	buf_init(&spool->memory, MEMORY_BYTES);
	return spool;
}

void
spool_free(struct spool **spool)
{
	if (*spool == NULL)
		return;
	if ((*spool)->fd >= 0)
		close((*spool)->fd);
	buf_done(&(*spool)->memory);
	free((*spool)->window);
	free(*spool);
	*spool = NULL;
}

static bool
broken(struct spool *spool, const char *what)
{
	static struct log_gate gate;
	struct error err;

	error_errno(&err, errno, "cannot %s in %s", what, spool->folder);
	log_warn_gated(&gate, "%s", err.text);
	spool->is_broken = true;
	return false;
}

static bool
open_file(struct spool *spool)
{
	if (spool->fd >= 0)
		return true;
	spool->fd = open(spool->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return spool->fd >= 0 || broken(spool, "make a file");
}

static bool
write_out(struct spool *spool, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t done =
			pwrite(spool->fd, bytes.at, bytes.len, spool->written);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return broken(spool, "write a body");
		spool->written += done;
		bytes = span_skip(bytes, (size_t)done);
	}
	return true;
}

bool
spool_add(struct spool *spool, const void *at, size_t len)
{
	struct span bytes = span_make(at, len);

	if (spool->is_broken)
		return false;
	spool->size += (int64_t)len;
	if (spool->memory.len + len <= MEMORY_BYTES) {
		buf_span(&spool->memory, bytes);
		return true;
	}
	if (!open_file(spool) ||
	    !write_out(spool, buf_as_span(&spool->memory)) ||
	    !write_out(spool, bytes))
		return false;
	buf_reset(&spool->memory);
	return true;
}

bool
spool_is_whole(const struct spool *spool)
{
	return !spool->is_broken;
}

static struct span
read_file(struct spool *spool, int64_t at, size_t len)
{
	ssize_t got;

	if (spool->window == NULL)
		spool->window = memory_zeroed(1, READ_BYTES);
	if (len > READ_BYTES)
		len = READ_BYTES;
	do
		got = pread(spool->fd, spool->window, len, at);
	while (got < 0 && errno == EINTR);
	return span_make(spool->window, got > 0 ? (size_t)got : 0);
}

static struct span
read_spool(void *context, int64_t at, size_t len)
{
	struct spool *spool = context;
	struct span memory = buf_as_span(&spool->memory);

	if (at >= spool->written)
		return span_take(
			span_skip(memory, (size_t)(at - spool->written)), len);
	if ((int64_t)len > spool->written - at)
		len = (size_t)(spool->written - at);
	return read_file(spool, at, len);
}

struct body_source
spool_source(struct spool *spool)
{
	return (struct body_source){ .size = spool->size,
		                     .read = read_spool,
		                     .context = spool };
}
