#include <string.h>

#include "mail/html_tree.h"
#include "mail/insert_parts.h"

static bool
feed(void *context, struct span piece)
{
	outline_add(context, piece.at, piece.len);
	return true;
}

static bool
is_same_part(const struct insert *insert, size_t index,
             const struct outline_part *new)
{
	const struct outline_part *old =
		&insert->request->outline->items[index];
	bool is_edited = index == 0;

	for (size_t i = 0; i < insert->targets.count; i++)
		is_edited |= insert->targets.parts[i] == index;
	for (size_t up = index; !is_edited && up != 0;)
		is_edited = (up = insert->request->outline->items[up].parent) ==
		            index;
	return text_is(old->type, new->type) && old->parent == new->parent &&
	       old->depth == new->depth &&
	       (is_edited || outline_is_multipart(old) ||
	        (old->end - old->body ==
	         new->end - new->body &&text_is(old->encoding, new->encoding)));
}

/* The bytes of an edited part in the new body. */
struct gather {
	int64_t at; /* of the new body */
	int64_t from, to;
	char *out;
	size_t len;
};

/* False once it has them: the rest need not stream by. */
static bool
gather(void *context, struct span piece)
{
	struct gather *gather = context;
	int64_t start = gather->at, end = start + (int64_t)piece.len;
	int64_t from = start > gather->from ? start : gather->from;
	int64_t to = end < gather->to ? end : gather->to;

	if (from < to) {
		memcpy(gather->out + gather->len, piece.at + (from - start),
		       (size_t)(to - from));
		gather->len += (size_t)(to - from);
	}
	gather->at = end;
	return end < gather->to;
}

static bool
is_as_wanted(struct insert *insert, const struct work *work,
             const struct outline_part *new)
{
	struct gather state = { .from = new->body, .to = new->end };
	struct recode again;

	state.out =
		arena_alloc(insert->arena, (size_t)(new->end - new->body) + 1);
	(void)splice_stream(&insert->result->splices, insert->request->source,
	                    gather, &state);
	if ((int64_t)state.len != new->end - new->body ||
	    !recode_read(insert->arena, span_make(state.out, state.len),
	                 new->encoding, &again) ||
	    !span_equal(again.text, work->after))
		return false;
	if (!work->is_html)
		return true;
	for (size_t i = 0; i < insert->block_count; i++)
		if (insert->blocks[i]->html[0] != '\0' &&
		    !html_place_is_seen(
			    again.text,
			    block_id(insert->arena, insert->blocks[i])))
			return false;
	return true;
}

bool
insert_is_sound(struct insert *insert)
{
	const struct outline_list *old = insert->request->outline;
	const struct insert_result *result = insert->result;
	const struct outline_head head = {
		.type_value = result->type_value[0] != '\0'
		                      ? result->type_value
		                      : old->items[0].type_value,
		.encoding = result->encoding[0] != '\0'
		                    ? result->encoding
		                    : old->items[0].encoding,
		.disposition = old->items[0].disposition,
	};
	struct outline *outline = outline_new(&head);
	bool is_new_part = insert->targets.kind == TARGET_NEW_PART;
	bool is_good = splice_stream(&result->splices, insert->request->source,
	                             feed, outline);
	const struct outline_list *new = outline_end(outline);

	is_good = is_good && new->broken[0] == '\0' &&
	          new->count == old->count + is_new_part;
	for (size_t i = 0; is_good && i < old->count; i++)
		is_good = is_same_part(insert, i, &new->items[i]);
	for (size_t i = 0; is_good && i < insert->targets.count; i++)
		is_good = is_as_wanted(insert, &insert->works[i],
		                       &new->items[insert->targets.parts[i]]);
	outline_free(&outline);
	return is_good;
}
