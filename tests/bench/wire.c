#include "tests/bench/wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define WIRE_VERSION   6
#define WIRE_HEADER    5
#define WIRE_MAX_BYTES (1U << 24)

static uint32_t
u32_at(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

size_t
wire_start(struct buf *out, char letter)
{
	size_t start = out->len;

	buf_add(out, "\0\0\0\0", 4);
	buf_byte(out, letter);
	return start;
}

void
wire_end(struct buf *out, size_t start)
{
	uint32_t len = htonl((uint32_t)(out->len - start - 4));

	memcpy(out->data + start, &len, sizeof(len));
}

void
wire_u32(struct buf *out, uint32_t value)
{
	uint32_t bytes = htonl(value);

	buf_add(out, &bytes, sizeof(bytes));
}

void
wire_text(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text) + 1);
}

void
wire_offer(struct buf *out)
{
	size_t start = wire_start(out, 'O');

	wire_u32(out, WIRE_VERSION);
	wire_u32(out, WIRE_ACTIONS);
	wire_u32(out, WIRE_STEPS);
	wire_end(out, start);
}

bool
wire_read_terms(struct span data, struct wire_terms *terms_r)
{
	memset(terms_r, 0, sizeof(*terms_r));
	if (data.len < 12)
		return false;
	terms_r->steps = u32_at(data.at + 8);
	data = span_skip(data, 12);
	while (data.len > 4) {
		uint32_t stage = u32_at(data.at);
		struct span list = span_skip(data, 4);
		size_t len = span_find(list, '\0', 0);

		if (stage >= WIRE_STAGES || len >= WIRE_SYMLIST_SIZE)
			return false;
		memcpy(terms_r->symbols[stage], list.at, len);
		data = span_skip(list, len + 1);
	}
	return true;
}

bool
wire_take(struct span *bytes, struct wire_packet *packet_r, bool *is_broken_r)
{
	uint32_t len;

	*is_broken_r = false;
	if (bytes->len < WIRE_HEADER)
		return false;
	len = u32_at(bytes->at);
	if (len == 0 || len > WIRE_MAX_BYTES) {
		*is_broken_r = true;
		return false;
	}
	if (bytes->len - 4 < len)
		return false;
	packet_r->letter = bytes->at[4];
	packet_r->data = span_make(bytes->at + WIRE_HEADER, len - 1);
	*bytes = span_skip(*bytes, (size_t)len + 4);
	return true;
}

bool
wire_is_edit(char letter)
{
	return letter != '\0' && strchr("hmi+2-ebql", letter) != NULL;
}
