#include "mail/attach.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/span.h"
#include "mail/content.h"
#include "mail/parts.h"

#define LINE_LIMIT     1000 /* RFC 5322; of a longer line the start counts */
#define FIELD_LIMIT    8192
#define BOUNDARY_LIMIT 256 /* RFC 2046 says 70 */

struct attach {
	struct arena *arena; /* for one part's header at a time */
	struct buf line;
	struct buf field; /* a header field, its folds joined */
	char boundaries[PARTS_DEPTH][BOUNDARY_LIMIT];
	size_t depth;
	const char *type;
	const char *disposition;
	bool is_in_header;
	bool is_found;
};

static bool
is_signature(const char *kind)
{
	static const char *const kinds[] = { "application/pkcs7-signature",
		                             "application/x-pkcs7-signature",
		                             "application/pgp-signature" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_is(kind, kinds[i]))
			return true;
	return false;
}

static bool
is_attachment(struct attach *attach, const char *kind)
{
	struct arena *arena = attach->arena;

	if (is_signature(kind))
		return false;
	if (text_is(content_kind(arena, attach->disposition), "attachment"))
		return true;
	if (kind[0] == '\0' || text_starts(kind, "text/") ||
	    text_starts(kind, "multipart/"))
		return false;
	return content_parameter(arena, attach->type, "name")[0] != '\0' ||
	       content_parameter(arena, attach->disposition, "filename")[0] !=
	               '\0';
}

static void
start_header(struct attach *attach)
{
	arena_reset(attach->arena);
	attach->type = "";
	attach->disposition = "";
	attach->is_in_header = true;
	buf_reset(&attach->field);
}

/* The header of a part (or of the message) is known. */
static void
end_header(struct attach *attach)
{
	const char *kind = content_kind(attach->arena, attach->type);

	attach->is_in_header = false;
	if (is_attachment(attach, kind)) {
		attach->is_found = true;
		return;
	}
	if (text_is(kind, "message/rfc822")) {
		start_header(attach);
		return;
	}
	if (!text_starts(kind, "multipart/") || attach->depth >= PARTS_DEPTH)
		return;

	const char *boundary =
		content_parameter(attach->arena, attach->type, "boundary");
	size_t len = strlen(boundary);

	if (len > 0 && len < BOUNDARY_LIMIT)
		memcpy(attach->boundaries[attach->depth++], boundary, len + 1);
}

struct attach *
attach_new(const char *content_type, const char *disposition)
{
	struct attach *attach = memory_zeroed(1, sizeof(*attach));

	attach->arena = arena_new();
	buf_init(&attach->line, LINE_LIMIT);
	buf_init(&attach->field, FIELD_LIMIT);
	start_header(attach);
	attach->type = content_type;
	attach->disposition = disposition;
	end_header(attach);
	/* The caller's texts are only lent. */
	attach->type = "";
	attach->disposition = "";
	return attach;
}

void
attach_free(struct attach **attach)
{
	if (*attach == NULL)
		return;
	arena_free(&(*attach)->arena);
	buf_done(&(*attach)->line);
	buf_done(&(*attach)->field);
	free(*attach);
	*attach = NULL;
}

static void
end_field(struct attach *attach)
{
	struct span field = buf_as_span(&attach->field);
	size_t colon = span_find(field, ':', 0);
	struct span name = span_trim(span_take(field, colon));
	struct span value = span_skip(field, colon + 1);

	if (span_is(name, "content-type"))
		attach->type =
			arena_strndup(attach->arena, value.at, value.len);
	else if (span_is(name, "content-disposition"))
		attach->disposition =
			arena_strndup(attach->arena, value.at, value.len);
	buf_reset(&attach->field);
}

static void
header_line(struct attach *attach, struct span line)
{
	bool is_fold =
		line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');

	if (!is_fold)
		end_field(attach);
	if (line.len == 0)
		end_header(attach);
	else if (!attach->field.is_full)
		buf_span(&attach->field, line);
}

/* Is the line a delimiter of an open multipart? The innermost wins. */
static bool
is_delimiter(struct attach *attach, struct span line)
{
	if (line.len < 3 || line.at[0] != '-' || line.at[1] != '-')
		return false;
	line = span_skip(line, 2);
	for (size_t i = attach->depth; i-- > 0;) {
		struct span boundary = span_of(attach->boundaries[i]);
		struct span after = span_skip(line, boundary.len);

		if (!span_equal(span_take(line, boundary.len), boundary))
			continue;
		bool is_close = span_starts(after, "--");
		if (span_trim(span_skip(after, is_close ? 2 : 0)).len > 0)
			continue;
		if (attach->is_in_header) {
			end_field(attach);
			end_header(attach);
		}
		attach->depth = is_close ? i : i + 1;
		start_header(attach);
		attach->is_in_header = !is_close;
		return true;
	}
	return false;
}

static void
end_line(struct attach *attach)
{
	struct span line = buf_as_span(&attach->line);

	while (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (!is_delimiter(attach, line) && attach->is_in_header)
		header_line(attach, line);
	buf_reset(&attach->line);
}

/* Of a line only so much is kept as can matter. */
static void
add_to_line(struct attach *attach, struct span bytes)
{
	size_t room = attach->line.limit - attach->line.len;

	buf_span(&attach->line, span_take(bytes, room));
}

void
attach_add(struct attach *attach, const void *at, size_t len)
{
	struct span rest = span_make(at, len);

	while (rest.len > 0 && !attach->is_found &&
	       (attach->depth > 0 || attach->is_in_header)) {
		size_t end = span_find(rest, '\n', 0);

		add_to_line(attach, span_take(rest, end));
		if (end < rest.len)
			end_line(attach);
		rest = span_skip(rest, end + 1);
	}
}

bool
attach_is_found(const struct attach *attach)
{
	return attach->is_found;
}
