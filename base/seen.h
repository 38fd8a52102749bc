#ifndef BASE_SEEN_H
#define BASE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/*
 * "Was this here before?" for tens of millions of rows, in a file without a
 * name that the kernel keeps in memory as long as there is room: 64 bits of a
 * keyed hash each, the key is of this process alone. That two different rows
 * look the same among 10^7 is less likely than one in 10^12.
 */
struct seen;

/* folder: where the file may grow (16 bytes a row). */
enum result seen_new(const char *folder, struct seen **seen_r,
                     struct error *err) MUST_CHECK;
void seen_free(struct seen **seen);

/*
 * OK: it is new, and was added. NONE: it was there. RETRY: the disk is full.
 */
enum result seen_add(struct seen *seen, struct span row,
                     struct error *err) MUST_CHECK;
uint64_t seen_count(const struct seen *seen);

#endif
