#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/result.h"

/*
 * Memory that belongs to one message or one connection and goes with it.
 * Nothing in an arena is freed alone. Out of memory ends the process: the
 * MTA still has the message.
 */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **arena);

/* Forgets everything in it, keeps the first block for the next message. */
void arena_reset(struct arena *arena);

/* Bytes handed out since arena_new or arena_reset. */
size_t arena_used(const struct arena *arena);

/* Zeroed memory, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* size * count with overflow checked (aborts: it would be our bug). */
void *arena_array(struct arena *arena, size_t count, size_t size);

char *arena_strdup(struct arena *arena, const char *text);
/* Copies len bytes and adds a NUL. */
char *arena_strndup(struct arena *arena, const char *at, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
	FORMAT_LIKE(2, 3);

/*
 * A growing array inside an arena: returns room for one more item and
 * updates *items, *count and *room. Use: struct x *x = arena_push(arena,
 * (void **)&list->items, &list->count, &list->room, sizeof(*x));
 */
void *arena_push(struct arena *arena, void **items, size_t *count, size_t *room,
                 size_t size);

#endif
