#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUE  "\"'><zqzq"
#define ESCAPE "<zqzq"
#define OUTPUT ((size_t)1024 * 1024)

static const char *
reversed(const void *context, const char *text)
{
	(void)context;
	return text[0] == 'x' ? "{a}{b}{" : text;
}

/* Whatever the template, no value leaves the place it was put in. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct span source =
		span_make(arena_strndup(arena, (const char *)data, size), size);
	struct fields *fields = fields_new(arena);
	struct template_use use = { .fields = fields, .words = reversed };
	struct template *template;
	struct error err;
	unsigned line;
	struct buf out;

	fields_text(fields, "a", VALUE);
	fields_text(fields, "b", "");
	fields_text(fields_item(fields, "list"), "b", VALUE);
	fields_flag(fields_item(fields, "list"), "a", true);
	buf_init(&out, OUTPUT);
	if (size <= TEMPLATE_BYTES &&
	    span_find_text(source, "zqzq", 0) == source.len &&
	    template_parse(arena,
	                   &(const struct template_source){ TEMPLATE_HTML,
	                                                    source, NULL },
	                   &template, &line, &err) == RESULT_OK) {
		use.page = template;
		template_render(template, &use, &out);
		if (strstr(out.data, ESCAPE) != NULL)
			abort();
	}
	buf_done(&out);
	arena_free(&arena);
	return 0;
}
