#ifndef RECORD_COUNTS_H
#define RECORD_COUNTS_H

#include "record/redis.h"
#include "record/schema.h"

/*
 * How many events of each kind one writer recorded on one day. Absolute
 * figures, written together with the cursor: reading a journal again gives
 * the same ones. `life` names one reading of the journal from its start;
 * figures of another life are not added to.
 */
#define COUNTS_DAY_SIZE  11
#define COUNTS_LIFE_SIZE 17

struct counts {
	char day[COUNTS_DAY_SIZE]; /* "" : none yet */
	uint64_t by_kind[EVENT_KINDS];
	bool is_stale; /* what Redis has is of another life */
};

/* Is the event of the day that is being counted? */
bool counts_is_day(const struct counts *counts, const struct event *event);

/* Goes on with the event's day from what Redis has. */
enum result counts_load(struct counts *counts, const struct event *event,
                        const char *life, struct redis *redis,
                        int64_t deadline_us, struct error *err) MUST_CHECK;
void counts_add(struct counts *counts, const struct event *event);
void counts_write(const struct counts *counts, const char *writer,
                  const char *life, struct batch *batch);

#endif
