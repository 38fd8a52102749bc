#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGN             _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size;
	size_t used;
	max_align_t data[];
};

struct arena {
	struct block *first; /* kept over a reset */
	struct block *now;   /* where the next bytes come from */
	size_t used;
};

static struct block *
block_new(size_t size)
{
	struct block *block = memory_get(sizeof(*block) + size);

	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

struct arena *
arena_new(void)
{
	struct arena *arena = memory_get(sizeof(*arena));

	arena->first = block_new(FIRST_BLOCK_BYTES);
	arena->now = arena->first;
	arena->used = 0;
	return arena;
}

static void
blocks_free(struct block *block)
{
	while (block != NULL) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	blocks_free((*arena)->first);
	free(*arena);
	*arena = NULL;
}

void
arena_reset(struct arena *arena)
{
	blocks_free(arena->first->next);
	arena->first->next = NULL;
	arena->first->used = 0;
	arena->now = arena->first;
	arena->used = 0;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	assert(size < SIZE_MAX / 2);
	size = (size + ALIGN - 1) / ALIGN * ALIGN;

	struct block *block = arena->now;

	if (block->size - block->used < size) {
		size_t want = block->size * 2;

		if (want > (size_t)1024 * 1024)
			want = (size_t)1024 * 1024;
		block = block_new(size > want ? size : want);
		arena->now->next = block;
		arena->now = block;
	}

	void *at = (char *)block->data + block->used;

	block->used += size;
	arena->used += size;
	return memset(at, 0, size);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		abort();
	return arena_alloc(arena, bytes);
}

char *
arena_strndup(struct arena *arena, const char *at, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, at, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);

	char *text = arena_alloc(arena, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

void *
arena_push(struct arena *arena, void **items, size_t *count, size_t *room,
           size_t size)
{
	if (*count == *room) {
		size_t more = *room == 0 ? 8 : *room * 2;
		void *grown = arena_array(arena, more, size);

		if (*count > 0)
			memcpy(grown, *items, *count * size);
		*items = grown;
		*room = more;
	}
	return (char *)*items + size * (*count)++;
}
