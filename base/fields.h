#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * What a template is filled with: named texts, flags and lists, in an arena.
 * An item of a list sees its own fields first, then those around it.
 */
struct fields;

struct fields *fields_new(struct arena *arena);
/* Borrowed for as long as the fields are; the later value holds. */
void fields_text(struct fields *fields, const char *name, const char *value);
void fields_flag(struct fields *fields, const char *name, bool value);
/* One more item of the list of that name. */
struct fields *fields_item(struct fields *fields, const char *list);

/* "" when there is none. */
const char *fields_get(const struct fields *fields, const char *name);
/* A flag that is set, a text or a list that is not empty. */
bool fields_has(const struct fields *fields, const char *name);
/* NULL past the last one. */
const struct fields *fields_at(const struct fields *fields, const char *list,
                               size_t index);

#endif
