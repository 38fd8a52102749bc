#ifndef RECORD_FEED_H
#define RECORD_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "record/store.h"

/*
 * One journal into Redis, some hundred events at a time. The events of a
 * batch are written first; only when Redis has said yes to all of them do
 * cursor and counters follow, together. Whatever happens in between, the
 * batch is read and written again, with the same outcome.
 */
struct feed;

/* is_anew: from the first entry on, whatever the cursor says. */
struct feed *feed_new(const char *folder, const char *writer,
                      struct store *store, const struct keyring *keys,
                      bool is_anew);
void feed_free(struct feed **feed);

/*
 * One batch. OK: *count_r events were written, there may be more. NONE: the
 * end for now. After RETRY it starts again at the cursor. BAD: another
 * schema, or no journal.
 */
enum result feed_some(struct feed *feed, uint64_t *count_r,
                      struct error *err) MUST_CHECK;

#endif
