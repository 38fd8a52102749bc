#ifndef RECORD_WALK_H
#define RECORD_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/event.h"

/*
 * Every entry of the journals in a folder, writer by writer, from the first
 * to the last that is on disk: for what has to look at all of them.
 */
struct walk_entry {
	const char *folder; /* JOURNAL/WRITER */
	const char *writer;
	uint32_t segment;
	const struct event *event; /* its memory goes with the call */
	struct span entry;
	struct span payload; /* "" when erased */
	bool is_erased;
};

/* Anything but OK ends the walk. */
typedef enum result walk_look(void *context, const struct walk_entry *entry,
                              struct error *err);

struct walk {
	const char *folder; /* of all writers */
	const char *writer; /* only this one; NULL: all */
	walk_look *look;
	void *context;
	void (*progress)(uint64_t entries); /* now and then; may be NULL */
	bool is_damaged; /* set when entries had to be passed by */
};

/* NONE: there is no such journal. Else what look gave last, or RESULT_OK. */
enum result walk_journals(struct walk *walk, struct error *err) MUST_CHECK;

#endif
