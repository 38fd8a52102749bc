#include <string.h>

#include "base/buf.h"
#include "mail/block.h"

#define BLOCK_LIMIT     ((size_t)64 * 1024)
#define LINE_LENGTH     76
#define SIGNATURE_LINES 12 /* longer ones are none */

/* A line of only "-- ", with a few lines behind it: where it begins. */
static size_t
signature_start(struct span text)
{
	struct span rest = text, line;
	size_t found = text.len, behind = 0;

	while (rest.len > 0) {
		size_t start = (size_t)(rest.at - text.at);

		if (!span_line(&rest, &line))
			break;
		behind++;
		if (span_equal(line, SPAN("-- "))) {
			found = start;
			behind = 0;
		}
	}
	return behind <= SIGNATURE_LINES ? found : text.len;
}

/* RFC 3676, 4.4: what would be read as a quote or a fold is stuffed. */
static void
stuff(struct buf *out, struct span line)
{
	if (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '>' ||
	                     span_starts(line, "From ")))
		buf_byte(out, ' ');
}

/* Where to break a line that is too long; words are not broken. */
static size_t
break_at(struct span line)
{
	size_t at = LINE_LENGTH;

	if (line.len <= LINE_LENGTH)
		return line.len;
	while (at > 0 && line.at[at] != ' ')
		at--;
	if (at == 0)
		at = span_find(line, ' ', LINE_LENGTH);
	return at;
}

static void
add_line(struct buf *out, struct span line, bool is_flowed)
{
	while (line.len > 0 && line.at[line.len - 1] == ' ')
		line.len--;
	do {
		size_t end = break_at(line);

		if (is_flowed)
			stuff(out, line);
		buf_span(out, span_take(line, end));
		buf_text(out, "\r\n");
		line = span_skip(line, end);
		while (line.len > 0 && line.at[0] == ' ')
			line = span_skip(line, 1);
	} while (line.len > 0);
}

static void
add_blocks(struct buf *out, const struct insert_block *const *blocks,
           size_t count, bool is_on_top, bool is_flowed)
{
	bool is_first = true;

	for (size_t i = 0; i < count; i++) {
		struct span rest = span_trim(span_of(blocks[i]->text)), line;

		if (blocks[i]->is_on_top != is_on_top || rest.len == 0)
			continue;
		if (!is_first)
			buf_text(out, "\r\n");
		is_first = false;
		while (span_line(&rest, &line))
			add_line(out, line, is_flowed);
	}
}

static struct span
taken(struct arena *arena, struct buf *out)
{
	struct span bytes =
		span_make(arena_strndup(arena, out->data, out->len), out->len);

	buf_done(out);
	return bytes;
}

static bool
put_top(struct arena *arena, bool is_flowed,
        const struct insert_block *const *blocks, size_t count,
        struct recode_put *put_r)
{
	struct buf out;

	buf_init(&out, BLOCK_LIMIT);
	add_blocks(&out, blocks, count, true, is_flowed);
	if (out.len > 0)
		buf_text(&out, "\r\n");
	*put_r = (struct recode_put){ 0, 0, taken(arena, &out) };
	return put_r->bytes.len > 0;
}

static bool
put_bottom(struct arena *arena, struct span text, bool is_flowed,
           const struct insert_block *const *blocks, size_t count,
           struct recode_put *put_r)
{
	size_t at = signature_start(text);
	bool is_line = at == 0 || text.at[at - 1] == '\n';
	struct buf out;

	buf_init(&out, BLOCK_LIMIT);
	buf_text(&out, is_line ? "" : "\r\n");
	buf_text(&out, at > 0 ? "\r\n" : "");

	size_t lead = out.len;

	add_blocks(&out, blocks, count, false, is_flowed);
	if (out.len == lead)
		out.len = 0;
	else if (at < text.len)
		buf_text(&out, "\r\n");
	else if (!is_line)
		out.len -= 2; /* the text had no line end there either */
	*put_r = (struct recode_put){ at, 0, taken(arena, &out) };
	return put_r->bytes.len > 0;
}

size_t
block_text_puts(struct arena *arena, struct span text, bool is_flowed,
                const struct insert_block *const *blocks, size_t count,
                struct recode_put *puts_r)
{
	size_t puts = 0;

	puts += put_top(arena, is_flowed, blocks, count, &puts_r[puts]);
	puts += put_bottom(arena, text, is_flowed, blocks, count,
	                   &puts_r[puts]);
	return puts;
}
