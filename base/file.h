#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The whole file, at most limit bytes, with a NUL behind it. "-" is
 * standard input. NONE when there is no such file; BAD past the limit.
 */
enum result file_read(struct arena *arena, const char *path, size_t limit,
                      struct span *bytes_r, struct error *err) MUST_CHECK;

/* Whole or not at all: temporary name, fsync, rename, fsync of the folder. */
enum result file_replace(const char *path, struct span bytes, mode_t mode,
                         struct error *err) MUST_CHECK;

/* All of it, over short writes and EINTR. */
enum result file_write_all(int fd, const void *at, size_t len,
                           struct error *err) MUST_CHECK;

/* Makes new names in a folder durable. */
enum result file_sync_folder(const char *path, struct error *err) MUST_CHECK;

/* mkdir -p; only the last one gets the mode. OK when it is there already. */
enum result file_make_folder(const char *path, mode_t mode,
                             struct error *err) MUST_CHECK;

#endif
