#ifndef RECORD_BATCH_H
#define RECORD_BATCH_H

#include "base/buf.h"
#include "base/span.h"

/*
 * Commands for Redis in the form they are sent: built apart from any
 * connection, so that they can be sent again on another one.
 */
struct batch {
	struct buf bytes;
	size_t count;
};

#define BATCH_LIMIT ((size_t)64 * 1024 * 1024)

void batch_init(struct batch *batch);
void batch_done(struct batch *batch);
void batch_reset(struct batch *batch);

void batch_add(struct batch *batch, const struct span *words, size_t count);

/* BATCH(&batch, SPAN("GET"), key) */
#define BATCH(batch, ...)                                                      \
	batch_add((batch), (const struct span[]){ __VA_ARGS__ },               \
	          sizeof((const struct span[]){ __VA_ARGS__ }) /               \
	                  sizeof(struct span))

#endif
