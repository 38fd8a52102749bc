#ifndef BASE_JWRITE_H
#define BASE_JWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * Writes JSON into a buf. Canonical when members are given in byte order of
 * their names (RFC 8785 as narrowed by JCS-2: strings, booleans, null,
 * integers within 2^53, arrays, objects). The writer asserts nesting; with
 * is_canonical it also asserts the order of the names.
 * Text that is not UTF-8 is written with U+FFFD for each bad byte: what is
 * written can always be read.
 */
#define JSON_DEPTH 16

struct jwrite {
	struct buf *out;
	bool is_canonical;
	bool is_pretty;
	int depth;
	bool has_item[JSON_DEPTH];
	bool is_array[JSON_DEPTH];
	const char *last_name[JSON_DEPTH];
};

void jwrite_init(struct jwrite *json, struct buf *out, bool is_canonical);

/* In an object every value has a name; in an array and at the top: NULL. */
void jwrite_object(struct jwrite *json, const char *name);
void jwrite_array(struct jwrite *json, const char *name);
void jwrite_end(struct jwrite *json); /* closes the innermost of them */

void jwrite_text(struct jwrite *json, const char *name, const char *value);
void jwrite_span(struct jwrite *json, const char *name, struct span value);
void jwrite_int(struct jwrite *json, const char *name, int64_t value);
void jwrite_bool(struct jwrite *json, const char *name, bool value);
void jwrite_null(struct jwrite *json, const char *name);

/* Left out when the text is empty. */
void jwrite_text_if(struct jwrite *json, const char *name, const char *value);

#endif
