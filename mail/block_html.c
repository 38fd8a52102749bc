#include <string.h>

#include "base/buf.h"
#include "mail/block.h"
#include "mail/html.h"
#include "mail/html_tree.h"

#define BLOCK_LIMIT ((size_t)256 * 1024)
#define TEXT_LIMIT  ((size_t)1024 * 1024)
#define LINE_LENGTH 900 /* RFC 5322 says 998 */

const char *
block_id(struct arena *arena, const struct insert_block *block)
{
	return arena_printf(arena, "avis-%s", block->name);
}

/* Bytes of a UTF-8 sequence and its code point; the text is well-formed. */
static size_t
code_point(struct span text, unsigned *code_r)
{
	unsigned char first = (unsigned char)text.at[0];
	size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	unsigned code = first & (0xffu >> (size + 1));

	for (size_t i = 1; i < size && i < text.len; i++)
		code = code << 6 | ((unsigned char)text.at[i] & 0x3f);
	*code_r = code;
	return size;
}

/* BODY-4: as references, which mean the same in every charset. */
static void
add_ascii(struct buf *out, struct span text)
{
	size_t column = 0;

	while (text.len > 0) {
		unsigned char c = (unsigned char)text.at[0];
		unsigned code;
		size_t used = 1;

		column++;
		if (c >= 0x80) {
			used = code_point(text, &code);
			buf_printf(out, "&#%u;", code);
			column += 7;
		} else if (c == '\n' || (c == ' ' && column > LINE_LENGTH)) {
			buf_text(out, "\r\n");
			column = 0;
		} else if (c != '\r') {
			buf_byte(out, (char)c);
		}
		text = span_skip(text, used);
	}
}

static void
add_blocks(struct arena *arena, struct buf *out,
           const struct insert_block *const *blocks, size_t count,
           bool is_on_top)
{
	for (size_t i = 0; i < count; i++) {
		if (blocks[i]->is_on_top != is_on_top ||
		    blocks[i]->html[0] == '\0')
			continue;
		buf_printf(out, "\r\n<div id=\"%s\">",
		           block_id(arena, blocks[i]));
		add_ascii(out, span_trim(span_of(blocks[i]->html)));
		buf_text(out, "</div>\r\n");
	}
}

/* What is not ASCII as letters, so that offsets stay what they are. */
static struct span
masked(struct arena *arena, struct span html)
{
	char *out = arena_strndup(arena, html.at, html.len);

	for (size_t i = 0; i < html.len; i++)
		if ((unsigned char)out[i] >= 0x80 || out[i] == '\0')
			out[i] = 'x';
	return span_make(out, html.len);
}

bool
block_html_puts(struct arena *arena, struct span html,
                const struct insert_block *const *blocks, size_t count,
                struct recode_put *puts_r, size_t *count_r)
{
	struct html_place place;
	size_t puts = 0;

	if (!html_place_find(masked(arena, html), &place))
		return false;
	for (int side = 0; side < 2; side++) {
		struct buf out;

		buf_init(&out, BLOCK_LIMIT);
		add_blocks(arena, &out, blocks, count, side == 0);
		if (out.len > 0)
			puts_r[puts++] = (struct recode_put){
				side == 0 ? place.top : place.bottom, 0,
				span_make(
					arena_strndup(arena, out.data, out.len),
					out.len)
			};
		buf_done(&out);
	}
	*count_r = puts;
	return true;
}

/* As the value of an attribute: between quotes when it had none. */
static struct span
link_value(struct arena *arena, const char *url, bool is_quoted)
{
	struct buf out;
	struct span bytes;

	buf_init(&out, BLOCK_LIMIT);
	if (!is_quoted)
		buf_byte(&out, '"');
	for (; *url != '\0'; url++) {
		if (*url == '&')
			buf_text(&out, "&amp;");
		else if (*url == '"' || *url == '\'' || *url == '<' ||
		         *url == '>')
			buf_printf(&out, "&#%d;", *url);
		else
			buf_byte(&out, *url);
	}
	if (!is_quoted)
		buf_byte(&out, '"');
	bytes = span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	return bytes;
}

bool
block_link_puts(struct arena *arena, struct span html,
                const struct insert_request *request,
                struct recode_put **puts_r, size_t *count_r)
{
	struct html_link_list links;
	size_t count = 0;

	*count_r = 0;
	if (request->link == NULL)
		return true;
	if (!html_links(arena, masked(arena, html), &links))
		return false;
	*puts_r = arena_array(arena, links.count, sizeof(**puts_r));
	for (size_t i = 0; i < links.count; i++) {
		const struct html_link *link = &links.items[i];
		const char *url =
			request->link(request->link_context, link->url);

		if (url != NULL)
			(*puts_r)[count++] = (struct recode_put){
				link->at, link->len,
				link_value(arena, url, link->is_quoted)
			};
	}
	*count_r = count;
	return true;
}

/* Letters and digits alone, quote marks and line ends gone. */
static struct span
essence(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= 0x80 || ascii_is_alnum((char)c))
			out[len++] = ascii_lower((char)c);
	}
	out[len] = '\0';
	return span_make(out, len);
}

bool
block_is_there(struct arena *arena, const struct insert_block *block,
               struct span text, bool is_html)
{
	const char *sign = block->sign[0] != '\0' ? block->sign : block->text;
	struct span wanted = essence(arena, span_of(sign));

	if (is_html) {
		/* Mail programs put something in front of it when they quote.
		 */
		const char *id =
			arena_printf(arena, "%s\"", block_id(arena, block));

		if (span_find_text(text, id, 0) < text.len)
			return true;
		text = html_text(arena, text, TEXT_LIMIT);
	}
	text = essence(arena, text);
	return wanted.len > 0 && span_find_text(text, wanted.at, 0) < text.len;
}
