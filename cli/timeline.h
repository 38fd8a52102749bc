#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdio.h>

#include "record/event.h"

/*
 * One message's events for people: what left, what came back for each
 * recipient, who says so, and what it does not show (BND-7). Times are local
 * to this machine, with the zone of the first event given once.
 */
enum read_from {
	READ_STORE,
	READ_JOURNAL, /* of this host */
	READ_ARCHIVE  /* and what the journals here have beyond it */
};

struct timeline {
	struct arena *arena;
	const struct event_list *events; /* oldest first */
	enum read_from read_from;
};

void timeline_print(const struct timeline *timeline, FILE *out);

/* "21 Nov 2026 10:00:02 +01:00" */
char *timeline_time(struct arena *arena, time_ms_t when);

/* Nothing in it can move a terminal's cursor or forge a line. */
char *timeline_safe(struct arena *arena, const char *text);

/* The submitted event, or the refused one; NULL when there is none. */
const struct event *timeline_first(const struct event_list *events);

#endif
