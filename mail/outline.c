#include "mail/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/memory.h"
#include "mail/content.h"
#include "mail/header.h"
#include "mail/parts.h"

#define HEADER_LIMIT   ((size_t)64 * 1024) /* BODY-12 */
#define FIELD_LIMIT    1000
#define LINE_LIMIT     1000
#define BOUNDARY_LIMIT 200 /* RFC 2046 says 70 */

/* An open multipart, from the outermost in. */
struct level {
	size_t part;
	const char *boundary;
	size_t len;
	bool is_closed; /* what follows is its epilogue */
};

struct outline {
	struct arena *arena;
	struct outline_list list;
	struct level levels[PARTS_DEPTH];
	size_t depth;
	size_t now; /* the part whose bytes these are */
	bool is_in_header;
	struct buf header; /* of that part, so far */

	int64_t at;         /* offset of the next byte */
	int64_t line_start; /* of the line it stands in */
	size_t last_eol;    /* bytes of the line end before that line */
	struct buf line;    /* its first bytes, while they may matter */
	bool is_watched;    /* they may */
	bool ends_in_cr;
};

bool
outline_is_multipart(const struct outline_part *part)
{
	return text_starts(part->type, "multipart/");
}

static void
break_off(struct outline *outline, const char *why)
{
	if (outline->list.broken[0] == '\0')
		outline->list.broken = why;
}

static struct outline_part *
add_part(struct outline *outline, size_t parent, size_t depth)
{
	struct outline_list *list = &outline->list;
	struct outline_part *part =
		arena_push(outline->arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*part));

	*part = (struct outline_part){
		.parent = parent, .depth = depth, .end = -1, .close = -1
	};
	return part;
}

/* The header of a part is known: what is it, and is it a level of its own? */
static void
classify(struct outline *outline, size_t index)
{
	struct outline_part *part = &outline->list.items[index];
	const char *boundary;
	size_t len;

	part->type = content_kind(outline->arena, part->type_value);
	if (strchr(part->type, '/') == NULL) {
		bool is_digest = index > 0 &&
		                 text_is(outline->list.items[part->parent].type,
		                         "multipart/digest");

		if (part->type_value[0] != '\0')
			break_off(outline, "a Content-Type cannot be read");
		part->type = is_digest ? "message/rfc822" : "text/plain";
	}
	if (!outline_is_multipart(part))
		return;
	boundary =
		content_parameter(outline->arena, part->type_value, "boundary");
	len = strlen(boundary);
	if (len == 0 || len > BOUNDARY_LIMIT) {
		break_off(outline, "a multipart without a boundary");
		return;
	}
	if (outline->depth == PARTS_DEPTH) {
		break_off(outline, "parts too deep");
		return;
	}
	outline->levels[outline->depth++] = (struct level){
		.part = index, .boundary = boundary, .len = len
	};
}

struct outline *
outline_new(const struct outline_head *head)
{
	struct outline *outline = memory_zeroed(1, sizeof(*outline));
	struct outline_part *top;

	outline->arena = arena_new();
	outline->list.broken = "";
	buf_init(&outline->header, HEADER_LIMIT);
	buf_init(&outline->line, LINE_LIMIT);
	top = add_part(outline, 0, 0);
	top->type_value = arena_strdup(outline->arena, head->type_value);
	top->encoding = header_token(outline->arena, head->encoding);
	top->disposition = arena_strdup(outline->arena, head->disposition);
	classify(outline, 0);
	outline->is_watched = true;
	return outline;
}

void
outline_free(struct outline **outline)
{
	if (*outline == NULL)
		return;
	buf_done(&(*outline)->header);
	buf_done(&(*outline)->line);
	arena_free(&(*outline)->arena);
	free(*outline);
	*outline = NULL;
}

static void
end_header(struct outline *outline, int64_t body)
{
	struct arena *arena = outline->arena;
	struct outline_part *part = &outline->list.items[outline->now];
	struct header_list fields = { 0 };
	size_t used;

	header_read(arena, buf_as_span(&outline->header), FIELD_LIMIT, &fields,
	            &used);
	if (outline->header.is_full)
		break_off(outline, "the header of a part is too long");
	if (header_count(&fields, "Content-Type") > 1 ||
	    header_count(&fields, "Content-Transfer-Encoding") > 1)
		break_off(outline, "a part has two types or encodings");
	part->type_value = header_text(arena, &fields, "Content-Type");
	part->encoding =
		header_token(arena, header_text(arena, &fields,
	                                        "Content-Transfer-Encoding"));
	part->disposition = header_text(arena, &fields, "Content-Disposition");
	part->body = body;
	outline->is_in_header = false;
	classify(outline, outline->now);
}

/* The bytes of whatever is open, down to that level, end there. */
static void
end_parts(struct outline *outline, size_t level, int64_t end)
{
	struct outline_list *list = &outline->list;
	struct outline_part *part = &list->items[outline->now];

	if (outline->is_in_header) {
		/* A header that runs into the delimiter: no body at all. */
		end_header(outline, end < part->start ? part->start : end);
		outline->depth = level + 1;
		part = &list->items[outline->now];
	}
	if (end < part->body)
		end = part->body;
	for (size_t i = outline->depth; i-- > level + 1;) {
		const struct level *open = &outline->levels[i];

		if (!open->is_closed)
			break_off(outline, "a multipart is not closed");
		list->items[open->part].end = end;
	}
	if (part->end < 0 && outline->now != outline->levels[level].part)
		part->end = end;
	outline->depth = level + 1;
}

static void
begin_part(struct outline *outline, size_t level, int64_t start)
{
	if (outline->list.count >= PARTS_LIMIT) {
		break_off(outline, "too many parts");
		return;
	}
	outline->now = outline->list.count;
	add_part(outline, outline->levels[level].part, level + 1)->start =
		start;
	outline->is_in_header = true;
	buf_reset(&outline->header);
}

/* Is the line a delimiter of an open multipart? The innermost wins. */
static bool
take_delimiter(struct outline *outline, struct span line, int64_t next)
{
	if (line.len < 3 || line.at[0] != '-' || line.at[1] != '-')
		return false;
	line = span_skip(line, 2);
	for (size_t i = outline->depth; i-- > 0;) {
		struct level *level = &outline->levels[i];
		struct span after = span_skip(line, level->len);
		bool is_close = span_starts(after, "--");

		if (!span_equal(span_take(line, level->len),
		                span_make(level->boundary, level->len)) ||
		    span_trim(span_skip(after, is_close ? 2 : 0)).len > 0)
			continue;
		if (level->is_closed) {
			break_off(outline, "a delimiter behind the last one");
			return true;
		}
		end_parts(outline, i,
		          outline->line_start - (int64_t)outline->last_eol);
		if (is_close) {
			level->is_closed = true;
			outline->now = level->part;
			outline->list.items[level->part].close =
				outline->line_start;
		} else {
			begin_part(outline, i, next);
		}
		return true;
	}
	return false;
}

/* A whole line is there; next is the offset behind its end. */
static void
end_line(struct outline *outline, int64_t next)
{
	struct span line = buf_as_span(&outline->line);

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (take_delimiter(outline, line, next))
		return;
	if (!outline->is_in_header)
		return;
	if (line.len == 0) {
		end_header(outline, next);
		return;
	}
	buf_span(&outline->header, line);
	buf_byte(&outline->header, '\n');
}

/* Of a line only so much is kept as can matter: most are no delimiter. */
static void
watch(struct outline *outline, struct span bytes)
{
	if (!outline->is_watched || bytes.len == 0)
		return;
	if (outline->line.len == 0 && bytes.at[0] != '-' &&
	    !outline->is_in_header) {
		outline->is_watched = false;
		return;
	}
	buf_span(&outline->line,
	         span_take(bytes, LINE_LIMIT - outline->line.len));
	if (outline->line.len == LINE_LIMIT && outline->is_in_header)
		break_off(outline, "a header line is too long");
}

void
outline_add(struct outline *outline, const void *at, size_t len)
{
	struct span rest = span_make(at, len);

	while (rest.len > 0) {
		size_t end = span_find(rest, '\n', 0);
		struct span piece = span_take(rest, end);

		watch(outline, piece);
		outline->at += (int64_t)piece.len;
		if (piece.len > 0)
			outline->ends_in_cr = piece.at[piece.len - 1] == '\r';
		rest = span_skip(rest, end);
		if (rest.len == 0)
			break;
		rest = span_skip(rest, 1);
		outline->at++;
		if (outline->is_watched)
			end_line(outline, outline->at);
		outline->last_eol = outline->ends_in_cr ? 2 : 1;
		outline->ends_in_cr = false;
		outline->line_start = outline->at;
		outline->is_watched = true;
		buf_reset(&outline->line);
	}
}

const struct outline_list *
outline_end(struct outline *outline)
{
	struct outline_list *list = &outline->list;

	if (outline->is_watched && outline->at > outline->line_start) {
		/* The last line may come without an end. */
		end_line(outline, outline->at);
		outline->is_watched = false;
	}
	if (outline->is_in_header)
		end_header(outline, outline->at);
	for (size_t i = 0; i < outline->depth; i++)
		if (!outline->levels[i].is_closed)
			break_off(outline, "a multipart is not closed");
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].end < 0)
			list->items[i].end = outline->at;
	list->size = outline->at;
	return list;
}
