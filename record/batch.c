#include "record/batch.h"

void
batch_init(struct batch *batch)
{
	batch->count = 0;
	buf_init(&batch->bytes, BATCH_LIMIT);
}

void
batch_done(struct batch *batch)
{
	buf_done(&batch->bytes);
	batch->count = 0;
}

void
batch_reset(struct batch *batch)
{
	buf_reset(&batch->bytes);
	batch->count = 0;
}

static void
add_number(struct buf *out, char mark, size_t number)
{
	char digits[24];
	size_t at = sizeof(digits);

	digits[--at] = '\n';
	digits[--at] = '\r';
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	digits[--at] = mark;
	buf_add(out, digits + at, sizeof(digits) - at);
}

void
batch_add(struct batch *batch, const struct span *words, size_t count)
{
	struct buf *out = &batch->bytes;

	add_number(out, '*', count);
	for (size_t i = 0; i < count; i++) {
		add_number(out, '$', words[i].len);
		buf_span(out, words[i]);
		buf_add(out, "\r\n", 2);
	}
	batch->count++;
}
