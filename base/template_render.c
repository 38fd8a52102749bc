#include <string.h>

#include "base/template_tree.h"

/* Far more than any page has: texts within texts come from translations. */
#define TEXT_BYTES ((size_t)16 * 1024)

struct render {
	const struct template_use *use;
	const struct fields *fields;
	struct buf *out;
};

static void render_list(const struct render *render,
                        const struct template_list *list);

static const char *
value_of(const struct fields *fields, struct span name)
{
	char text[64];

	if (name.len >= sizeof(text))
		return "";
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	return fields_get(fields, text);
}

static void
put_bytes(struct buf *out, enum place_kind place, struct span bytes)
{
	char piece[256];

	while (bytes.len > 0) {
		struct span now = span_take(bytes, sizeof(piece) - 1);

		memcpy(piece, now.at, now.len);
		piece[now.len] = '\0';
		html_escape(out, place, piece);
		bytes = span_skip(bytes, now.len);
	}
}

static void
render_words(struct buf *out, enum place_kind place, const char *words,
             const struct fields *fields)
{
	struct span rest = span_of(words);

	while (rest.len > 0) {
		size_t open = span_find(rest, '{', 0);
		struct span name;

		put_bytes(out, place, span_take(rest, open));
		rest = span_skip(rest, open);
		if (rest.len == 0)
			break;
		if (template_take_field(&rest, &name)) {
			html_escape(out, place, value_of(fields, name));
		} else {
			put_bytes(out, place, span_take(rest, 1));
			rest = span_skip(rest, 1);
		}
	}
}

static const char *
translated(const struct template_use *use, const char *words)
{
	return use->words == NULL ? words : use->words(use->context, words);
}

static void
render_each(const struct render *render, const struct template_node *node)
{
	const struct fields *item;

	for (size_t i = 0;
	     (item = fields_at(render->fields, node->name, i)) != NULL; i++) {
		struct render inside = *render;

		inside.fields = item;
		render_list(&inside, &node->inside);
	}
}

static void
render_node(const struct render *render, const struct template_node *node)
{
	const struct template_use *use = render->use;
	bool is_so;

	switch (node->kind) {
	case TEMPLATE_BYTES_AS_THEY_ARE:
		buf_span(render->out, node->bytes);
		break;
	case TEMPLATE_VALUE:
		html_escape(render->out, node->place,
		            fields_get(render->fields, node->name));
		break;
	case TEMPLATE_WORDS:
		render_words(render->out, node->place,
		             translated(use, node->name), render->fields);
		break;
	case TEMPLATE_IF:
		is_so = fields_has(render->fields, node->name) != node->is_not;
		render_list(render, is_so ? &node->inside : &node->otherwise);
		break;
	case TEMPLATE_EACH:
		render_each(render, node);
		break;
	case TEMPLATE_PAGE:
		/* A page has no page in it. */
		if (use->page != NULL) {
			struct template_use inside = *use;

			inside.page = NULL;
			template_render(use->page, &inside, render->out);
		}
		break;
	}
}

static void
render_list(const struct render *render, const struct template_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		render_node(render, &list->items[i]);
}

void
template_render(const struct template *frame, const struct template_use *use,
                struct buf *out)
{
	struct render render = { .use = use,
		                 .fields = use->fields,
		                 .out = out };

	render_list(&render, &frame->top);
}

char *
template_text(struct arena *arena, const char *text,
              const struct fields *fields)
{
	struct buf out;
	char *copy;

	buf_init(&out, TEXT_BYTES);
	render_words(&out, PLACE_PLAIN, text, fields);
	copy = arena_strndup(arena, out.data, out.len);
	buf_done(&out);
	return copy;
}
