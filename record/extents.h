#ifndef RECORD_EXTENTS_H
#define RECORD_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Which sequences stand in which segment of a writer. What a failed batch
 * left at the end of a segment, and the next one has again, counts there;
 * the last segment reaches as far as is synced.
 */
struct extent {
	uint32_t segment;
	uint64_t first;  /* sequence */
	uint64_t before; /* the first sequence that is not in it */
	bool is_closed;
};

struct extent_list {
	struct extent *items; /* without those that hold no entry */
	size_t count;
	size_t room;
};

/* folder is JOURNAL/WRITER. NONE: no such folder. */
enum result extents_read(struct arena *arena, const char *folder,
                         struct extent_list *list_r,
                         struct error *err) MUST_CHECK;

/* NULL: in none of them. */
const struct extent *extents_find(const struct extent_list *list,
                                  uint64_t sequence);

/* The sequence behind the last one; 0 when there is none. */
uint64_t extents_end(const struct extent_list *list);

#endif
