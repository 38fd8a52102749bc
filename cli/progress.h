#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far a long command is: one line on stderr, past the first second, and
 * only for someone who watches. Zero at the start.
 */
struct progress {
	int64_t start_us;
	int64_t last_us;
	bool is_shown;
};

/*
 * done of total as a bar, with count things of that name; total 0: no bar,
 * the count alone.
 */
void progress_show(struct progress *progress, uint64_t done, uint64_t total,
                   uint64_t count, const char *things);
/* Wipes the line, before anything else is written. */
void progress_end(struct progress *progress);

#endif
