#include "record/frame.h"

#include <string.h>

#include "base/crc32c.h"

static uint32_t
get_u32(const char *at)
{
	const uint8_t *b = (const uint8_t *)at;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static void
put_u32(char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(uint8_t)(value >> (8 * i));
}

enum frame_state
frame_read(struct span bytes, struct frame *frame_r)
{
	frame_r->size = FRAME_HEAD_BYTES;
	if (bytes.len == 0)
		return FRAME_END;
	if (bytes.len < FRAME_HEAD_BYTES)
		return FRAME_SHORT;

	size_t len = get_u32(bytes.at);

	if (len < 4 || len > FRAME_BODY_LIMIT)
		return FRAME_BROKEN;
	frame_r->size = FRAME_HEAD_BYTES + len;
	if (bytes.len < frame_r->size)
		return FRAME_SHORT;

	struct span body = span_make(bytes.at + FRAME_HEAD_BYTES, len);

	if (crc32c(0, body.at, body.len) != get_u32(bytes.at + 4))
		return FRAME_BROKEN;

	size_t entry_len = get_u32(body.at);

	if (entry_len > FRAME_ENTRY_LIMIT || entry_len > len - 4)
		return FRAME_BROKEN;
	frame_r->entry = span_make(body.at + 4, entry_len);
	frame_r->sealed = span_skip(body, 4 + entry_len);
	return FRAME_WHOLE;
}

void
frame_write(struct buf *out, struct span entry, struct span plain,
            const uint8_t key[SEAL_KEY_BYTES])
{
	size_t start = out->len;
	size_t sealed = plain.len + SEAL_EXTRA_BYTES;
	size_t len = 4 + entry.len + sealed;
	char head[FRAME_HEAD_BYTES + 4];

	put_u32(head, (uint32_t)len);
	put_u32(head + FRAME_HEAD_BYTES, (uint32_t)entry.len);
	buf_add(out, head, sizeof(head));
	buf_span(out, entry);
	/* Room for the sealed bytes, which overwrite what is put here. */
	buf_span(out, plain);
	buf_add(out, (char[SEAL_EXTRA_BYTES]){ 0 }, SEAL_EXTRA_BYTES);
	if (out->is_full)
		return;

	char *body = out->data + start + FRAME_HEAD_BYTES;

	digest_seal(key, plain.at, plain.len, body + 4 + entry.len);
	put_u32(body - 4, crc32c(0, body, len));
}

size_t
frame_search(struct span bytes, size_t from)
{
	const size_t lead = FRAME_HEAD_BYTES + 4;
	size_t at = from + lead;
	struct frame frame;

	while ((at = span_find(bytes, '{', at)) < bytes.len) {
		struct span rest = span_skip(bytes, at - lead);

		if (span_starts(span_skip(bytes, at), "{\"") &&
		    frame_read(rest, &frame) == FRAME_WHOLE)
			return at - lead;
		at++;
	}
	return bytes.len;
}
