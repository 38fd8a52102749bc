#include "flow/apply.h"

#include <string.h>

/* The index-th (from 1) line of that name which is still there. */
static struct applied_line *
line_at(struct applied *applied, const char *name, unsigned index)
{
	for (size_t i = 0; i < applied->count; i++) {
		struct applied_line *line = &applied->lines[i];

		if (line->mark == APPLIED_DELETED ||
		    line->mark == APPLIED_ADDED || !text_is(line->name, name))
			continue;
		if (--index == 0)
			return line;
	}
	return NULL;
}

static struct applied_line *
push_line(struct arena *arena, struct applied *applied)
{
	return arena_push(arena, (void **)&applied->lines, &applied->count,
	                  &applied->room, sizeof(struct applied_line));
}

static void
add_line(struct arena *arena, struct applied *applied, const struct edit *edit)
{
	struct applied_line *line = push_line(arena, applied);

	if (edit->kind == EDIT_INSERT_HEADER) {
		memmove(applied->lines + 1, applied->lines,
		        (applied->count - 1) * sizeof(*line));
		line = applied->lines;
	}
	*line = (struct applied_line){ APPLIED_ADDED, edit->name, edit->value,
		                       "" };
}

static void
apply_one(struct arena *arena, struct applied *applied, const struct edit *edit)
{
	struct applied_line *line;

	if (edit->kind == EDIT_ADD_HEADER || edit->kind == EDIT_INSERT_HEADER) {
		add_line(arena, applied, edit);
		return;
	}
	if (edit->kind != EDIT_CHANGE_HEADER &&
	    edit->kind != EDIT_DELETE_HEADER)
		return;
	line = line_at(applied, edit->name, edit->index);
	if (line == NULL)
		return;
	if (edit->kind == EDIT_DELETE_HEADER) {
		line->mark = APPLIED_DELETED;
		return;
	}
	line->mark = APPLIED_CHANGED;
	line->before = line->value;
	line->value = edit->value;
}

void
apply_headers(const struct message *message, const struct edit_list *edits,
              struct applied *applied_r)
{
	struct arena *arena = message->arena;

	*applied_r = (struct applied){ 0 };
	for (size_t i = 0; i < message->headers.count; i++) {
		const struct header *header = &message->headers.items[i];
		struct span value = span_of(header->value);

		while (value.len > 0 &&
		       (value.at[0] == ' ' || value.at[0] == '\t'))
			value = span_skip(value, 1);
		*push_line(arena, applied_r) =
			(struct applied_line){ APPLIED_KEPT, header->name,
			                       value.at, "" };
	}
	for (size_t i = 0; i < edits->count; i++)
		apply_one(arena, applied_r, &edits->items[i]);
}
