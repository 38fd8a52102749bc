#include "mail/splice.h"

#include <string.h>

#define PIECE_BYTES ((size_t)64 * 1024)

static struct span
read_memory(void *context, int64_t at, size_t len)
{
	const struct span *body = context;

	return span_take(span_skip(*body, (size_t)at), len);
}

struct body_source
body_source_of(struct span *body)
{
	return (struct body_source){ .size = (int64_t)body->len,
		                     .read = read_memory,
		                     .context = body };
}

bool
body_read(const struct body_source *source, int64_t at, size_t len, char *out)
{
	while (len > 0) {
		struct span piece = source->read(source->context, at, len);

		if (piece.len == 0)
			return false;
		memcpy(out, piece.at, piece.len);
		out += piece.len;
		at += (int64_t)piece.len;
		len -= piece.len;
	}
	return true;
}

bool
splice_add(struct arena *arena, struct splice_list *list, int64_t at,
           int64_t cut, struct span put)
{
	size_t place = list->count;

	while (place > 0 && list->items[place - 1].at > at)
		place--;
	if (place > 0 &&
	    list->items[place - 1].at + list->items[place - 1].cut > at)
		return false;
	if (place < list->count && at + cut > list->items[place].at)
		return false;
	arena_push(arena, (void **)&list->items, &list->count, &list->room,
	           sizeof(*list->items));
	memmove(list->items + place + 1, list->items + place,
	        (list->count - 1 - place) * sizeof(*list->items));
	list->items[place] =
		(struct splice){ .at = at, .cut = cut, .put = put };
	return true;
}

int64_t
splice_size(const struct splice_list *list, int64_t old_size)
{
	for (size_t i = 0; i < list->count; i++)
		old_size +=
			(int64_t)list->items[i].put.len - list->items[i].cut;
	return old_size;
}

/* The old bytes from..to, as they are. */
static bool
copy_old(const struct body_source *source, int64_t from, int64_t to,
         bool (*take)(void *context, struct span piece), void *context)
{
	while (from < to) {
		size_t want = to - from < (int64_t)PIECE_BYTES
		                      ? (size_t)(to - from)
		                      : PIECE_BYTES;
		struct span piece = source->read(source->context, from, want);

		if (piece.len == 0 || !take(context, piece))
			return false;
		from += (int64_t)piece.len;
	}
	return true;
}

bool
splice_stream(const struct splice_list *list, const struct body_source *source,
              bool (*take)(void *context, struct span piece), void *context)
{
	int64_t at = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct splice *splice = &list->items[i];

		if (!copy_old(source, at, splice->at, take, context))
			return false;
		if (splice->put.len > 0 && !take(context, splice->put))
			return false;
		at = splice->at + splice->cut;
	}
	return copy_old(source, at, source->size, take, context);
}

/* From there in the old body, up to that place. */
static struct span
read_old(const struct spliced *spliced, int64_t at, int64_t end, size_t len)
{
	if (end - at < (int64_t)len)
		len = (size_t)(end - at);
	return spliced->source->read(spliced->source->context, at, len);
}

/* `at` goes down to 0 as pieces of the new body are passed by. */
static struct span
read_spliced(void *context, int64_t at, size_t len)
{
	const struct spliced *spliced = context;
	int64_t old = 0;

	for (size_t i = 0; i < spliced->list->count; i++) {
		const struct splice *splice = &spliced->list->items[i];
		int64_t put = (int64_t)splice->put.len;

		if (at < splice->at - old)
			return read_old(spliced, old + at, splice->at, len);
		at -= splice->at - old;
		if (at < put)
			return span_take(span_skip(splice->put, (size_t)at),
			                 len);
		at -= put;
		old = splice->at + splice->cut;
	}
	if (old + at >= spliced->source->size)
		return SPAN("");
	return read_old(spliced, old + at, spliced->source->size, len);
}

struct body_source
spliced_source(struct spliced *spliced)
{
	return (struct body_source){
		.size = splice_size(spliced->list, spliced->source->size),
		.read = read_spliced,
		.context = spliced,
	};
}
