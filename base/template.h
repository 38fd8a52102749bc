#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/span.h"

/*
 * A page or a mail with fields in it:
 *
 *     {{name}}                  the value, escaped as its place demands
 *     {{t "Hello, {name}."}}    a text to be translated, with values in it
 *     {{if name}} {{if not name}} {{else}} {{end}}
 *     {{each name}} {{end}}     once for each item of a list
 *     {{page}}                  in a frame: the page itself
 *
 * A value stands in text or between the quotes of an attribute; a template
 * that has one elsewhere does not parse, so that what parses cannot be made
 * to say something else by a value. A line with nothing but {{if}}, {{else}},
 * {{each}} or {{end}} leaves no line behind.
 */
struct template;

enum template_kind {
	TEMPLATE_HTML,
	TEMPLATE_PLAIN /* mail: nothing is escaped */
};

#define TEMPLATE_BYTES ((size_t)256 * 1024)

struct template_source {
	enum template_kind kind;
	struct span bytes;        /* borrowed */
	const char *const *known; /* names a field may have, ended by NULL;
	                             NULL: any */
};
/* BAD: the text says what is wrong, line_r where. */
enum result template_parse(struct arena *arena,
                           const struct template_source *source,
                           struct template **template_r, unsigned *line_r,
                           struct error *err) MUST_CHECK;

/* Gives the text in the reader's language, or the same text. */
typedef const char *template_words(const void *context, const char *text);

struct template_use {
	const struct template *page; /* for {{page}}; or NULL */
	const struct fields *fields;
	template_words *words; /* NULL: as it stands */
	const void *context;
};
void template_render(const struct template *frame,
                     const struct template_use *use, struct buf *out);

/* A text with {name} in it, outside of any template: a subject, a title. */
char *template_text(struct arena *arena, const char *text,
                    const struct fields *fields);

#endif
