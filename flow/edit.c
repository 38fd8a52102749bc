#include "flow/edit.h"

#include "base/buf.h"

#define LINE_BYTES 1000

struct edit *
edit_push(struct arena *arena, struct edit_list *list, enum edit_kind kind)
{
	struct edit *edit =
		arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*edit));

	*edit = (struct edit){
		.kind = kind, .name = "", .value = "", .args = ""
	};
	return edit;
}

void
edit_sender(struct arena *arena, struct edit_list *list, const char *address,
            const char *args)
{
	struct edit *edit = edit_push(arena, list, EDIT_SET_SENDER);

	edit->value = address;
	edit->args = args;
}

void
edit_drop_recipient(struct arena *arena, struct edit_list *list,
                    const char *path)
{
	edit_push(arena, list, EDIT_DROP_RECIPIENT)->value = path;
}

void
edit_add_recipient(struct arena *arena, struct edit_list *list,
                   const char *path, const char *args)
{
	struct edit *edit = edit_push(arena, list, EDIT_ADD_RECIPIENT);

	edit->value = path;
	edit->args = args;
}

void
edit_header(struct arena *arena, struct edit_list *list, enum edit_kind kind,
            const char *name, const char *value)
{
	struct edit *edit = edit_push(arena, list, kind);

	edit->name = name;
	edit->value = value;
}

void
edit_body(struct arena *arena, struct edit_list *list,
          const struct splice_list *splices, const struct body_source *source)
{
	struct edit *edit = edit_push(arena, list, EDIT_REPLACE_BODY);

	edit->splices = splices;
	edit->source = source;
}

/* As one splice into nothing. */
void
edit_whole_body(struct arena *arena, struct edit_list *list, struct span body)
{
	struct splice_list *splices = arena_alloc(arena, sizeof(*splices));
	struct body_source *source = arena_alloc(arena, sizeof(*source));
	struct span *nothing = arena_alloc(arena, sizeof(*nothing));

	*nothing = SPAN("");
	*source = body_source_of(nothing);
	splice_add(arena, splices, 0, 0, body);
	edit_body(arena, list, splices, source);
}

const struct edit *
edit_of_body(const struct edit_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == EDIT_REPLACE_BODY)
			return &list->items[i];
	return NULL;
}

void
edit_change_header(struct arena *arena, struct edit_list *list,
                   const char *name, unsigned index, const char *value)
{
	struct edit *edit = edit_push(arena, list, EDIT_CHANGE_HEADER);

	edit->name = name;
	edit->index = index;
	edit->value = value;
}

void
edit_delete_header(struct arena *arena, struct edit_list *list,
                   const char *name, unsigned index)
{
	struct edit *edit = edit_push(arena, list, EDIT_DELETE_HEADER);

	edit->name = name;
	edit->index = index;
}

char *
edit_list_line(struct arena *arena, const struct edit_list *list)
{
	static const char *const words[] = {
		[EDIT_SET_SENDER] = "sender",   [EDIT_DROP_RECIPIENT] = "-rcpt",
		[EDIT_ADD_RECIPIENT] = "+rcpt", [EDIT_CHANGE_HEADER] = "~",
		[EDIT_DELETE_HEADER] = "-",     [EDIT_ADD_HEADER] = "+",
		[EDIT_INSERT_HEADER] = "+",     [EDIT_REPLACE_BODY] = "body",
		[EDIT_HOLD] = "hold",
	};
	struct buf line;

	buf_init(&line, LINE_BYTES);
	for (size_t i = 0; i < list->count; i++)
		buf_printf(&line, "%s%s%s", i > 0 ? " " : "",
		           words[list->items[i].kind], list->items[i].name);

	char *text = arena_strndup(arena, line.data, line.len);

	buf_done(&line);
	return text;
}
