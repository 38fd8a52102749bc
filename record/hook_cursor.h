#ifndef RECORD_HOOK_CURSOR_H
#define RECORD_HOOK_CURSOR_H

#include "base/arena.h"
#include "record/reader.h"

/*
 * How far a receiver is: a small file of its own, replaced as a whole, so
 * that neither a kill nor a power cut loses or repeats more than what was in
 * flight. Nothing personal in it.
 */
struct hook_place {
	char writer[EVENT_WRITER_SIZE];
	struct reader_place place;
};

struct hook_cursor {
	time_ms_t since; /* what was recorded before is not told */
	time_ms_t last;  /* when the receiver last took one; 0: never */
	uint64_t delivered;
	uint64_t aside;    /* refused for good */
	char trouble[256]; /* why it is not taken now; "" */
	struct hook_place *places;
	size_t count;
	size_t room;
};

/* NONE: there is no file yet; cursor_r is empty then. */
enum result hook_cursor_read(struct arena *arena, const char *path,
                             struct hook_cursor *cursor_r,
                             struct error *err) MUST_CHECK;
enum result hook_cursor_write(const char *path,
                              const struct hook_cursor *cursor,
                              struct error *err) MUST_CHECK;

/* The place in that journal, made when it is not there. */
struct reader_place *hook_cursor_place(struct arena *arena,
                                       struct hook_cursor *cursor,
                                       const char *writer);

/* "FOLDER/NAME.json" */
char *hook_path(struct arena *arena, const char *folder, const char *name,
                const char *ending);

#endif
