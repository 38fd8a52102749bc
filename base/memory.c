#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

static void *
memory_check(void *got)
{
	static const char words[] = "avis: out of memory\n";

	if (got == NULL) {
		if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
			abort();
		abort();
	}
	return got;
}

void *
memory_get(size_t size)
{
	return memory_check(malloc(size > 0 ? size : 1));
}

void *
memory_zeroed(size_t count, size_t size)
{
	return memory_check(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
memory_resize(void *old, size_t size)
{
	return memory_check(realloc(old, size > 0 ? size : 1));
}
