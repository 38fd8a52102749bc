#define PCRE2_CODE_UNIT_WIDTH 8

#include "policy/pcre.h"

#include <stdlib.h>

#include <pcre2.h>

#include "base/memory.h"

/*
 * An expression of the settings is trusted, the text is not: "(a+)+b" must
 * not hold a thread. A tenth of a second at the very most.
 */
#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 2000
#define HEAP_KIB    1024
#define TEXT_BYTES  ((size_t)64 * 1024)

struct pcre {
	pcre2_code *code;
	pcre2_match_context *limits;
};

enum result
pcre_new(const char *expression, struct pcre **pcre_r, struct error *err)
{
	int number;
	PCRE2_SIZE offset;
	PCRE2_UCHAR message[128];
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
		PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			PCRE2_NEVER_BACKSLASH_C,
		&number, &offset, NULL);

	if (code == NULL) {
		pcre2_get_error_message(number, message, sizeof(message));
		error_set(err, "%s, at character %zu", (char *)message,
		          (size_t)offset + 1);
		return RESULT_BAD;
	}
	/* Without it the same matches are only slower. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);

	struct pcre *pcre = memory_zeroed(1, sizeof(*pcre));

	pcre->code = code;
	pcre->limits = pcre2_match_context_create(NULL);
	if (pcre->limits == NULL)
		abort();
	pcre2_set_match_limit(pcre->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pcre->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(pcre->limits, HEAP_KIB);
	*pcre_r = pcre;
	return RESULT_OK;
}

void
pcre_free(struct pcre **pcre)
{
	if (*pcre == NULL)
		return;
	pcre2_match_context_free((*pcre)->limits);
	pcre2_code_free((*pcre)->code);
	free(*pcre);
	*pcre = NULL;
}

static void *
from_arena(PCRE2_SIZE size, void *arena)
{
	return arena_alloc(arena, size);
}

static void
left_to_arena(void *at, void *arena)
{
	(void)at;
	(void)arena;
}

bool
pcre_matches(const struct pcre *pcre, struct arena *arena, struct span text)
{
	pcre2_general_context *memory =
		pcre2_general_context_create(from_arena, left_to_arena, arena);
	pcre2_match_data *data = pcre2_match_data_create(1, memory);

	text = span_take(text, TEXT_BYTES);
	return pcre2_match(pcre->code, (PCRE2_SPTR)text.at, text.len, 0, 0,
	                   data, pcre->limits) >= 0;
}
