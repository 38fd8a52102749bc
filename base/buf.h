#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/result.h"
#include "base/span.h"

/*
 * Bytes being built, on the heap, with a limit set at birth. Past the limit
 * nothing more is added and is_full stays true: check it once at the end.
 * data is never NULL and always has a NUL behind its len bytes.
 */
struct buf {
	char *data;
	size_t len;
	size_t room;
	size_t limit;
	bool is_full;
};

void buf_init(struct buf *buf, size_t limit);
void buf_done(struct buf *buf);
void buf_reset(struct buf *buf); /* empty again, memory kept */

/* Room behind len for that much, to be filled by the caller; false past the
 * limit. */
bool buf_reserve(struct buf *buf, size_t len);
void buf_add(struct buf *buf, const void *at, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_span(struct buf *buf, struct span s);
void buf_byte(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...) FORMAT_LIKE(2, 3);

struct span buf_as_span(const struct buf *buf);

#endif
