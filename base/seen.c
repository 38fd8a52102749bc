#include "base/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/random.h"

#define FIRST_SLOTS ((uint64_t)128 * 1024)

struct seen {
	char folder[PATH_MAX];
	uint8_t key[16];
	int fd;
	uint64_t *slots; /* 0: free */
	uint64_t room;   /* a power of two */
	uint64_t count;
};

static enum result
map_file(struct seen *seen, uint64_t room, struct error *err)
{
	size_t bytes = (size_t)room * sizeof(uint64_t);
	char path[PATH_MAX];
	void *at;

	snprintf(path, sizeof(path), "%s/.seen.XXXXXX", seen->folder);
	seen->fd = mkstemp(path);
	if (seen->fd < 0) {
		error_errno(err, errno, "cannot make a file in %s",
		            seen->folder);
		return RESULT_RETRY;
	}
	unlink(path);
	/* A full disk must be told now, not by a signal later. */
	errno = posix_fallocate(seen->fd, 0, (off_t)bytes);
	at = errno != 0 ? MAP_FAILED
	                : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
	                       seen->fd, 0);
	if (at == MAP_FAILED) {
		error_errno(err, errno, "%zu MiB for %s", bytes >> 20, path);
		close(seen->fd);
		seen->fd = -1;
		return RESULT_RETRY;
	}
	seen->slots = at;
	seen->room = room;
	return RESULT_OK;
}

static void
unmap(uint64_t *slots, uint64_t room, int fd)
{
	if (slots != NULL)
		munmap(slots, (size_t)room * sizeof(uint64_t));
	if (fd >= 0)
		close(fd);
}

enum result
seen_new(const char *folder, struct seen **seen_r, struct error *err)
{
	struct seen *seen = memory_zeroed(1, sizeof(*seen));

	snprintf(seen->folder, sizeof(seen->folder), "%s", folder);
	random_bytes(seen->key, sizeof(seen->key));
	if (map_file(seen, FIRST_SLOTS, err) != RESULT_OK) {
		free(seen);
		return RESULT_RETRY;
	}
	*seen_r = seen;
	return RESULT_OK;
}

void
seen_free(struct seen **seen)
{
	if (*seen == NULL)
		return;
	unmap((*seen)->slots, (*seen)->room, (*seen)->fd);
	free(*seen);
	*seen = NULL;
}

/* Where it is, or the free slot where it belongs. */
static uint64_t *
slot_of(struct seen *seen, uint64_t print)
{
	uint64_t at = print & (seen->room - 1);

	while (seen->slots[at] != 0 && seen->slots[at] != print)
		at = (at + 1) & (seen->room - 1);
	return &seen->slots[at];
}

static enum result
grow(struct seen *seen, struct error *err)
{
	uint64_t *slots = seen->slots, room = seen->room;
	int fd = seen->fd;

	if (map_file(seen, room * 2, err) != RESULT_OK) {
		seen->fd = fd;
		return RESULT_RETRY;
	}
	for (uint64_t i = 0; i < room; i++)
		if (slots[i] != 0)
			*slot_of(seen, slots[i]) = slots[i];
	unmap(slots, room, fd);
	return RESULT_OK;
}

enum result
seen_add(struct seen *seen, struct span row, struct error *err)
{
	uint8_t sum[DIGEST_BYTES];
	uint64_t print, *slot;

	digest_hmac(seen->key, sizeof(seen->key), row.at, row.len, sum);
	memcpy(&print, sum, sizeof(print));
	print |= print == 0;
	if (seen->count * 2 >= seen->room && grow(seen, err) != RESULT_OK)
		return RESULT_RETRY;
	slot = slot_of(seen, print);
	if (*slot != 0)
		return RESULT_NONE;
	*slot = print;
	seen->count++;
	return RESULT_OK;
}

uint64_t
seen_count(const struct seen *seen)
{
	return seen->count;
}
