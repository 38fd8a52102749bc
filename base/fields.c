#include "base/fields.h"

#include <string.h>

struct field {
	const char *name;
	const char *text;
	bool is_set;
	struct fields **items;
	size_t count;
	size_t room;
};

struct fields {
	struct arena *arena;
	const struct fields *around;
	struct field *items;
	size_t count;
	size_t room;
};

struct fields *
fields_new(struct arena *arena)
{
	struct fields *fields = arena_alloc(arena, sizeof(*fields));

	fields->arena = arena;
	return fields;
}

static struct field *
find_here(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->items[i].name, name) == 0)
			return &fields->items[i];
	return NULL;
}

static const struct field *
find(const struct fields *fields, const char *name)
{
	for (; fields != NULL; fields = fields->around) {
		const struct field *field = find_here(fields, name);

		if (field != NULL)
			return field;
	}
	return NULL;
}

static struct field *
place_for(struct fields *fields, const char *name)
{
	struct field *field = find_here(fields, name);

	if (field != NULL)
		return field;
	field = arena_push(fields->arena, (void **)&fields->items,
	                   &fields->count, &fields->room, sizeof(*field));
	field->name = name;
	field->text = "";
	return field;
}

void
fields_text(struct fields *fields, const char *name, const char *value)
{
	struct field *field = place_for(fields, name);

	field->text = value;
	field->is_set = value[0] != '\0';
}

void
fields_flag(struct fields *fields, const char *name, bool value)
{
	place_for(fields, name)->is_set = value;
}

struct fields *
fields_item(struct fields *fields, const char *list)
{
	struct field *field = place_for(fields, list);
	struct fields **item =
		arena_push(fields->arena, (void **)&field->items, &field->count,
	                   &field->room, sizeof(struct fields *));

	field->is_set = true;
	*item = fields_new(fields->arena);
	(*item)->around = fields;
	return *item;
}

const char *
fields_get(const struct fields *fields, const char *name)
{
	const struct field *field = find(fields, name);

	return field == NULL ? "" : field->text;
}

bool
fields_has(const struct fields *fields, const char *name)
{
	const struct field *field = find(fields, name);

	return field != NULL && field->is_set;
}

const struct fields *
fields_at(const struct fields *fields, const char *list, size_t index)
{
	const struct field *field = find(fields, list);

	return field == NULL || index >= field->count ? NULL
	                                              : field->items[index];
}
