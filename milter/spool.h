#ifndef MILTER_SPOOL_H
#define MILTER_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/splice.h"

/*
 * The body of one message while it is looked at: in memory as long as it is
 * short, else in a file without a name, which is gone when the process is.
 * Its memory is bounded whatever the size (issue: 50 MB cost as much as
 * 50 KB, but for the file).
 */
struct spool;

/* folder: where the file lies; another one for each process is not needed. */
struct spool *spool_new(const char *folder);
void spool_free(struct spool **spool);

/* False: the disk did not take it; from then on spool_is_whole says no. */
bool spool_add(struct spool *spool, const void *at, size_t len);
bool spool_is_whole(const struct spool *spool);

/* Reads it; the source is good until the next spool_add. One user. */
struct body_source spool_source(struct spool *spool);

#endif
