#ifndef RECORD_APPLY_H
#define RECORD_APPLY_H

#include "record/batch.h"
#include "record/event.h"
#include "record/schema.h"

/*
 * What an event writes to Redis, as commands that may be done any number of
 * times with the same outcome.
 */
struct apply {
	const struct keyring *keys;
	struct batch *batch;
	time_ms_t now;
	int64_t keep_ms; /* index entries older than this are trimmed */
	int64_t consent_keep_ms;
	struct buf value;
};

void apply_init(struct apply *apply, const struct keyring *keys,
                int64_t keep_ms, struct batch *batch);
void apply_done(struct apply *apply);

/*
 * What an event says about a person is written always. Otherwise one without
 * a message writes nothing, nor does one past its time; but a submission
 * past its time is kept for a day.
 */
void apply_event(struct apply *apply, const struct event *event);

/* The key lives until then at least, however late an older event comes. */
void apply_keep_until(struct apply *apply, struct span key, time_ms_t expiry);

#endif
