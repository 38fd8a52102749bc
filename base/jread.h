#ifndef BASE_JREAD_H
#define BASE_JREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Reads JSON; jread.c is the adapter for Jansson and its only user.
 * Values are looked up by name; a missing or differently typed one gives
 * the neutral value ("", 0, false), so readers check what they need.
 */
struct jread_doc;   /* owns everything read from it */
struct jread_value; /* borrowed from its document */

/* BAD for broken JSON and for a name given twice in one object (JCS-1). */
enum result jread_parse(struct span text, struct jread_doc **doc_r,
                        struct error *err) MUST_CHECK;
void jread_free(struct jread_doc **doc);
const struct jread_value *jread_top(const struct jread_doc *doc);

/* NULL when there is no such member or item. */
const struct jread_value *jread_get(const struct jread_value *object,
                                    const char *name);
const struct jread_value *jread_at(const struct jread_value *array,
                                   size_t index);
size_t jread_count(const struct jread_value *array);

/*
 * Walks the members of an object in the order they stand. *place is NULL at
 * the start; false at the end, and for what is no object.
 */
bool jread_next(const struct jread_value *object, void **place,
                const char **name_r, const struct jread_value **value_r);

/* The text lives as long as the document (get_text) or the arena (copy). */
const char *jread_get_text(const struct jread_value *object, const char *name);
char *jread_copy_text(struct arena *arena, const struct jread_value *object,
                      const char *name);
int64_t jread_get_int(const struct jread_value *object, const char *name);
bool jread_get_bool(const struct jread_value *object, const char *name);
/* For an item of an array of strings; "" when it is none. */
const char *jread_as_text(const struct jread_value *value);

#endif
