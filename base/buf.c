#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static char buf_nothing[1];

void
buf_init(struct buf *buf, size_t limit)
{
	*buf = (struct buf){ .data = buf_nothing, .limit = limit };
}

void
buf_done(struct buf *buf)
{
	if (buf->data != buf_nothing)
		free(buf->data);
	buf_init(buf, buf->limit);
}

void
buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->is_full = false;
	if (buf->data != buf_nothing)
		buf->data[0] = '\0';
}

/* Makes room for len more bytes and the NUL; false past the limit. */
static bool
buf_grow(struct buf *buf, size_t len)
{
	if (buf->is_full || len > buf->limit - buf->len) {
		buf->is_full = true;
		return false;
	}
	if (buf->len + len < buf->room)
		return true;

	size_t room = buf->room < 64 ? 128 : buf->room * 2;

	if (room < buf->len + len + 1)
		room = buf->len + len + 1;
	buf->data = memory_resize(buf->room == 0 ? NULL : buf->data, room);
	buf->room = room;
	return true;
}

bool
buf_reserve(struct buf *buf, size_t len)
{
	return buf_grow(buf, len);
}

void
buf_add(struct buf *buf, const void *at, size_t len)
{
	if (len == 0 || !buf_grow(buf, len))
		return;
	memcpy(buf->data + buf->len, at, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_span(struct buf *buf, struct span s)
{
	buf_add(buf, s.at, s.len);
}

void
buf_byte(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len > 0 && buf_grow(buf, (size_t)len)) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

struct span
buf_as_span(const struct buf *buf)
{
	return span_make(buf->data, buf->len);
}
