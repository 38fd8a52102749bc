#include "mail/attach.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/span.h"

#define LINE_BYTES  1000
#define FIELD_BYTES 4000

/* A header field being put together from its folded lines, and a line. */
struct attach {
	bool is_multipart;
	bool is_found;
	bool is_in_header; /* behind a boundary, before the empty line */
	size_t line_len;
	size_t field_len;
	char line[LINE_BYTES];
	char field[FIELD_BYTES];
};

static bool
is_named_non_text(struct span type)
{
	return !span_starts(type, "text/") &&
	       !span_starts(type, "multipart/") &&
	       !span_starts(type, "message/") &&
	       (span_find_text(type, "name=", 0) < type.len ||
	        span_find_text(type, "name*", 0) < type.len);
}

struct attach *
attach_new(const char *content_type)
{
	struct attach *attach = memory_zeroed(1, sizeof(*attach));
	struct span type = span_trim(span_of(content_type));

	attach->is_multipart = span_starts(type, "multipart/");
	attach->is_found = is_named_non_text(type);
	return attach;
}

void
attach_free(struct attach **attach)
{
	free(*attach);
	*attach = NULL;
}

bool
attach_found(const struct attach *attach)
{
	return attach->is_found;
}

static void
field_end(struct attach *attach)
{
	struct span field = span_make(attach->field, attach->field_len);
	size_t colon = span_find(field, ':', 0);
	struct span name = span_trim(span_take(field, colon));
	struct span value = span_trim(span_skip(field, colon + 1));

	attach->field_len = 0;
	if (span_is(name, "Content-Disposition"))
		attach->is_found |=
			span_starts(value, "attachment") &&
			(value.len == 10 || !ascii_is_alnum(value.at[10]));
	else if (span_is(name, "Content-Type"))
		attach->is_found |= is_named_non_text(value);
}

static void
line_end(struct attach *attach)
{
	struct span line = span_make(attach->line, attach->line_len);

	attach->line_len = 0;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (!attach->is_in_header) {
		attach->is_in_header = span_starts(line, "--");
		return;
	}
	if (line.len == 0 || (line.at[0] != ' ' && line.at[0] != '\t'))
		field_end(attach);
	if (line.len == 0) {
		attach->is_in_header = false;
		return;
	}
	line = span_take(line, FIELD_BYTES - attach->field_len);
	memcpy(attach->field + attach->field_len, line.at, line.len);
	attach->field_len += line.len;
}

void
attach_add(struct attach *attach, const void *at, size_t len)
{
	struct span rest = span_make(at, len);

	if (!attach->is_multipart)
		return;
	while (rest.len > 0 && !attach->is_found) {
		size_t end = span_find(rest, '\n', 0);
		struct span part = span_take(span_take(rest, end),
		                             LINE_BYTES - attach->line_len);

		memcpy(attach->line + attach->line_len, part.at, part.len);
		attach->line_len += part.len;
		if (end < rest.len)
			line_end(attach);
		rest = span_skip(rest, end + 1);
	}
}
