#define _GNU_SOURCE /* memmem */
#include "mail/parts.h"

#include <string.h>

#include "mail/content.h"
#include "mail/mime.h"

#define FIELD_LIMIT    1000
#define BOUNDARY_LIMIT 1000 /* RFC 2046 says 70; no line is longer */

struct walk {
	struct arena *arena;
	struct part_list *list;
};

struct delimiter {
	size_t start; /* of its line */
	size_t end;   /* one behind its line end */
	bool is_close;
};

static void walk_entity(struct walk *walk, struct span entity, size_t parent,
                        size_t depth);

bool
part_is_multipart(const struct part *part)
{
	return text_starts(part->type, "multipart/");
}

/* The next line "--boundary" or "--boundary--" from there on. */
static bool
next_delimiter(struct span body, struct span dashed, size_t from,
               struct delimiter *found_r)
{
	while (from < body.len) {
		const char *at = memmem(body.at + from, body.len - from,
		                        dashed.at, dashed.len);

		if (at == NULL)
			return false;

		size_t start = (size_t)(at - body.at);
		struct span rest = span_skip(body, start + dashed.len);
		bool is_close = span_starts(rest, "--");
		struct span after = span_skip(rest, is_close ? 2 : 0);
		size_t i = 0;

		from = start + dashed.len;
		if (start > 0 && body.at[start - 1] != '\n')
			continue;
		while (i < after.len && after.at[i] != '\n' &&
		       ascii_is_space(after.at[i]))
			i++;
		if (i < after.len && after.at[i] != '\n')
			continue;
		found_r->start = start;
		found_r->end =
			(size_t)(after.at - body.at) + i + (i < after.len);
		found_r->is_close = is_close;
		return true;
	}
	return false;
}

/* The line end in front of a delimiter belongs to the delimiter. */
static struct span
between(struct span body, size_t start, size_t end)
{
	struct span s =
		span_make(body.at + start, end > start ? end - start : 0);

	if (s.len > 0 && s.at[s.len - 1] == '\n')
		s.len--;
	while (s.len > 0 && s.at[s.len - 1] == '\r')
		s.len--;
	return s;
}

static size_t
walk_parts(struct walk *walk, struct span body, struct span dashed,
           size_t parent)
{
	size_t depth = walk->list->items[parent].depth + 1;
	struct delimiter now;
	size_t count = 0;
	size_t start = 0;
	bool is_inside = false;
	size_t from = 0;

	while (!walk->list->is_over_limit &&
	       next_delimiter(body, dashed, from, &now)) {
		if (is_inside)
			walk_entity(walk, between(body, start, now.start),
			            parent, depth);
		count++;
		start = from = now.end;
		is_inside = !now.is_close;
	}
	/* The last delimiter is missing when a report was cut to a size. */
	if (is_inside && start < body.len)
		walk_entity(walk, span_skip(body, start), parent, depth);
	return count;
}

/* A line of dashes that a Content- field follows, when nothing names it. */
static struct span
guess_boundary(struct span body)
{
	struct span rest = body;
	struct span line;

	while (span_line(&rest, &line)) {
		line = span_trim(line);
		if (line.len > 2 && line.len < BOUNDARY_LIMIT &&
		    span_starts(line, "--") && span_starts(rest, "content-"))
			return line;
	}
	return SPAN("");
}

static void
walk_multipart(struct walk *walk, size_t index)
{
	struct part *part = &walk->list->items[index];
	struct span body = part->body;
	const char *boundary =
		content_parameter(walk->arena, part->type_value, "boundary");
	size_t count = 0;

	if (boundary[0] != '\0' && strlen(boundary) < BOUNDARY_LIMIT)
		count = walk_parts(
			walk, body,
			span_of(arena_printf(walk->arena, "--%s", boundary)),
			index);
	if (count > 0)
		return;

	struct span guess = guess_boundary(body);
	if (guess.len > 0)
		count = walk_parts(walk, body, guess, index);
	if (count == 0)
		walk->list->items[index].type = "text/plain";
}

/* A part may come without a header and begin with its text. */
static bool
has_header(struct span entity)
{
	size_t colon = span_find(entity, ':', 0);
	size_t end = span_find(entity, '\n', 0);

	return entity.len == 0 || entity.at[0] == '\n' ||
	       entity.at[0] == '\r' || (colon < end && colon < 80) ||
	       span_starts(entity, "From ");
}

static const char *
default_type(const struct part_list *list, size_t parent)
{
	return list->count > 0 && text_is(list->items[parent].type,
	                                  "multipart/digest")
	               ? "message/rfc822"
	               : "text/plain";
}

static void
walk_entity(struct walk *walk, struct span entity, size_t parent, size_t depth)
{
	struct part_list *list = walk->list;
	struct part part = { .whole = entity,
		             .parent = parent,
		             .depth = depth };
	size_t used = 0;

	if (list->count >= PARTS_LIMIT || depth > PARTS_DEPTH) {
		list->is_over_limit = true;
		return;
	}
	if (depth == 0 || has_header(entity))
		header_read(walk->arena, entity, FIELD_LIMIT, &part.headers,
		            &used);
	part.body = span_skip(entity, used);
	part.type_value =
		header_text(walk->arena, &part.headers, "Content-Type");
	part.encoding = header_token(walk->arena,
	                             header_text(walk->arena, &part.headers,
	                                         "Content-Transfer-Encoding"));
	part.type = content_kind(walk->arena, part.type_value);
	if (strchr(part.type, '/') == NULL)
		part.type = default_type(list, parent);

	size_t index = list->count;
	struct part *item =
		arena_push(walk->arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*item));
	*item = part;
	if (part_is_multipart(item))
		walk_multipart(walk, index);
}

void
parts_read(struct arena *arena, struct span message, struct part_list *list_r)
{
	struct walk walk = { arena, list_r };

	*list_r = (struct part_list){ 0 };
	walk_entity(&walk, message, 0, 0);
}

struct span
part_bytes(struct arena *arena, const struct part *part, size_t limit)
{
	return mime_decode_body(arena, part->body, part->encoding, limit);
}

struct span
part_text(struct arena *arena, const struct part *part, size_t limit)
{
	struct span bytes = part_bytes(arena, part, limit);
	const char *charset =
		content_parameter(arena, part->type_value, "charset");

	return mime_to_utf8(arena, bytes, charset);
}
