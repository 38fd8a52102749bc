#ifndef RECORD_HELD_H
#define RECORD_HELD_H

#include "record/event.h"
#include "record/store.h"

/*
 * Messages on hold in an MTA's queue, for `avis release`: an event "held"
 * puts one on this list, an event "released" (or "refused" with one of two
 * details) takes it off, in whatever order they are read.
 */
struct held {
	struct message_id message;
	time_ms_t due; /* 0: nobody knows */
	const char *class_name;
	const char *queue_id;
	char host[EVENT_WRITER_SIZE]; /* whose queue: the writer's name before
	                                 its last dot */
};

struct held_list {
	struct held *items;
	size_t count;
	size_t room;
};

/*
 * What is due until then, the first due first, at most limit; HELD_ALL: all;
 * HELD_UNDATED: what nobody knows the time of. NONE: nothing.
 */
#define HELD_ALL     INT64_C(0)
#define HELD_UNDATED INT64_C(-1)
enum result held_find(struct arena *arena, struct store *store, time_ms_t until,
                      size_t limit, struct held_list *list_r,
                      struct error *err) MUST_CHECK;

/* The detail of "refused": it ends on hold, because of what was said since. */
#define HELD_REFUSED "refused-held"
/* Another: the MTA did not do as told, so it was 4xx and is in no queue. */
#define HELD_TAKEN_BACK "edit-failed"

/* In Redis: one sorted set by due time; let go is this much later. */
#define HELD_KEY       "avis:held"
#define HELD_GONE      INT64_C(1000000000000000)
#define HELD_GONE_TEXT "1000000000000000"

#endif
