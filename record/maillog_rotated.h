#ifndef RECORD_MAILLOG_ROTATED_H
#define RECORD_MAILLOG_ROTATED_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

/*
 * A place in a log: how many bytes in, and a digest of the last ones before
 * it. Rotation changes a file's name, its inode or its compression, but not
 * that.
 */
#define MAILLOG_MARK_BYTES 256

struct maillog_place {
	uint64_t offset;
	uint8_t mark[DIGEST_BYTES];
};

void maillog_place_set(struct maillog_place *place, uint64_t offset,
                       const void *before, size_t len);

/* mail.log, mail.log.1, mail.log.2.gz, mail.log-20261121...: newest first. */
struct maillog_rotated {
	const char **paths;
	size_t count;
	size_t room;
};
enum result maillog_rotated_list(struct arena *arena, const char *path,
                                 struct maillog_rotated *list_r,
                                 struct error *err) MUST_CHECK;

/* Which of them has that place; false: none has it any more. */
bool maillog_rotated_find(const struct maillog_rotated *list,
                          const struct maillog_place *place, size_t *index_r);

#endif
