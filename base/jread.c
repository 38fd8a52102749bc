#include "base/jread.h"

#include <jansson.h>

/* Both opaque types are Jansson's own; the names keep it out of sight. */
static const json_t *
plain(const struct jread_value *value)
{
	return (const json_t *)(const void *)value;
}

static const struct jread_value *
dressed(const json_t *value)
{
	return (const struct jread_value *)(const void *)value;
}

enum result
jread_parse(struct span text, struct jread_doc **doc_r, struct error *err)
{
	json_error_t problem;
	json_t *top =
		json_loadb(text.at, text.len,
	                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);

	if (top == NULL) {
		error_set(err, "JSON, byte %d: %s", problem.position,
		          problem.text);
		return RESULT_BAD;
	}
	*doc_r = (struct jread_doc *)(void *)top;
	return RESULT_OK;
}

void
jread_free(struct jread_doc **doc)
{
	json_decref((json_t *)(void *)*doc);
	*doc = NULL;
}

const struct jread_value *
jread_top(const struct jread_doc *doc)
{
	return (const struct jread_value *)(const void *)doc;
}

const struct jread_value *
jread_get(const struct jread_value *object, const char *name)
{
	return dressed(json_object_get(plain(object), name));
}

const struct jread_value *
jread_at(const struct jread_value *array, size_t index)
{
	return dressed(json_array_get(plain(array), index));
}

size_t
jread_count(const struct jread_value *array)
{
	return json_array_size(plain(array));
}

bool
jread_next(const struct jread_value *object, void **place, const char **name_r,
           const struct jread_value **value_r)
{
	/* Jansson wants a writable object, to walk it only. */
	json_t *walked = (json_t *)(uintptr_t)object;

	*place = *place == NULL ? json_object_iter(walked)
	                        : json_object_iter_next(walked, *place);
	if (*place == NULL)
		return false;
	*name_r = json_object_iter_key(*place);
	*value_r = dressed(json_object_iter_value(*place));
	return true;
}

const char *
jread_as_text(const struct jread_value *value)
{
	const char *text = json_string_value(plain(value));

	return text == NULL ? "" : text;
}

const char *
jread_get_text(const struct jread_value *object, const char *name)
{
	return jread_as_text(jread_get(object, name));
}

char *
jread_copy_text(struct arena *arena, const struct jread_value *object,
                const char *name)
{
	return arena_strdup(arena, jread_get_text(object, name));
}

int64_t
jread_get_int(const struct jread_value *object, const char *name)
{
	return json_integer_value(plain(jread_get(object, name)));
}

bool
jread_get_bool(const struct jread_value *object, const char *name)
{
	return json_is_true(plain(jread_get(object, name)));
}
