#include "mail/part_header.h"

#include <string.h>

#include "base/buf.h"

#define HEADER_LIMIT ((size_t)128 * 1024)

struct field {
	const char *name;
	const char *value; /* new; "" : as it is, NULL: it goes */
	bool is_there;
};

/* The bytes of one field with its folds, from its name to its line end. */
static struct span
next_field(struct span *rest)
{
	struct span field = *rest;
	size_t end = 0;

	do {
		end = span_find(field, '\n', end) + 1;
		if (end > field.len)
			end = field.len;
	} while (end < field.len &&
	         (field.at[end] == ' ' || field.at[end] == '\t'));
	*rest = span_skip(*rest, end);
	return span_take(field, end);
}

static void
write_field(struct buf *out, const struct field *field)
{
	buf_printf(out, "%s: ", field->name);
	for (const char *c = field->value; *c != '\0'; c++) {
		if (*c == '\r')
			continue;
		if (*c == '\n')
			buf_byte(out, '\r');
		buf_byte(out, *c);
	}
	buf_text(out, "\r\n");
}

static struct field *
known(struct field *fields, size_t count, struct span line)
{
	struct span name = span_trim(span_take(line, span_find(line, ':', 0)));

	for (size_t i = 0; i < count; i++)
		if (span_is(name, fields[i].name))
			return &fields[i];
	return NULL;
}

static void
rewrite(struct span header, struct field *fields, size_t count, struct buf *out)
{
	while (header.len > 0) {
		struct span line = next_field(&header);
		struct field *field = known(fields, count, line);
		bool is_end = span_trim(line).len == 0;

		for (size_t i = 0; is_end && i < count; i++)
			if (!fields[i].is_there && fields[i].value != NULL &&
			    fields[i].value[0] != '\0')
				write_field(out, &fields[i]);
		if (field != NULL)
			field->is_there = true;
		if (field == NULL ||
		    (field->value != NULL && field->value[0] == '\0'))
			buf_span(out, line);
		else if (field->value != NULL)
			write_field(out, field);
	}
}

bool
part_header_change(struct arena *arena, const struct body_source *source,
                   const struct outline_part *part, const char *type,
                   const char *encoding, struct splice_list *list)
{
	struct field fields[] = {
		{ .name = "Content-Type", .value = type },
		{ .name = "Content-Transfer-Encoding", .value = encoding },
		{ .name = "Content-MD5", .value = NULL },
		{ .name = "Content-Length", .value = NULL },
	};
	size_t len = (size_t)(part->body - part->start);
	struct span header;
	struct buf out;
	char *bytes;

	if (len > HEADER_LIMIT)
		return false;
	bytes = arena_alloc(arena, len + 1);
	header = span_make(bytes, len);
	if (!body_read(source, part->start, len, bytes) ||
	    !span_ends(header, "\r\n"))
		return false;
	buf_init(&out, HEADER_LIMIT * 2);
	rewrite(header, fields, sizeof(fields) / sizeof(fields[0]), &out);

	bool is_fine =
		!out.is_full &&
		splice_add(arena, list, part->start, (int64_t)len,
	                   span_make(arena_strndup(arena, out.data, out.len),
	                             out.len));

	buf_done(&out);
	return is_fine;
}
