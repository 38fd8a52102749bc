#ifndef RECORD_SEGMENT_H
#define RECORD_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "record/frame.h"

/*
 * The files of one writer: N.log and N.keys, N from 1 in eight digits, and
 * what is found at the end of a log. All segments but the last one are
 * closed: nothing is added to them any more, and sealing may take them.
 */
#define SEGMENT_NAME_SIZE 24
#define SEGMENT_LOG       "log"
#define SEGMENT_KEYS      "keys"

/* The calls that may fail, so that tests can make them fail. */
struct segment_io {
	ssize_t (*write)(int fd, const void *at, size_t len, off_t offset);
	int (*sync)(int fd);
	int (*truncate)(int fd, off_t size);
};
extern const struct segment_io segment_io_system;

struct segment_list {
	uint32_t *items; /* ascending */
	size_t count;
	size_t room;
};

/* "00000001.log" */
void segment_name(uint32_t number, const char *ending,
                  char name_r[SEGMENT_NAME_SIZE]);

/* NONE: no such folder. */
enum result segment_list(struct arena *arena, const char *folder,
                         struct segment_list *list_r,
                         struct error *err) MUST_CHECK;

/* The sequence of the first entry in a log; 0 when it has none. */
uint64_t segment_first(const char *folder, uint32_t number);

/* What a log holds, from its first byte to its last. */
struct segment_scan {
	uint64_t first;    /* sequence of the first entry; 0: no entry */
	uint64_t sequence; /* of the last entry; 0: no entry */
	time_ms_t begun;   /* when the first entry was recorded */
	uint8_t hash[DIGEST_BYTES]; /* of the last entry */
	int64_t good; /* bytes up to the first that is not whole */
	int64_t size;
	bool is_damaged; /* whole frames stand behind the bad place */
};
enum result segment_scan(int fd, struct segment_scan *scan_r,
                         struct error *err) MUST_CHECK;

/* All of it at that offset, over short writes and EINTR. */
enum result segment_write(const struct segment_io *io, int fd,
                          struct span bytes, off_t offset,
                          struct error *err) MUST_CHECK;

#endif
