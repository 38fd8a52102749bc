#ifndef RECORD_CLICKS_H
#define RECORD_CLICKS_H

#include "record/event.h"

/*
 * How often links were followed: all, and of these by machines. A label on an
 * event is what its client said of itself; that three of one message come
 * within ten seconds shows a machine too, and labels all three. None of it is
 * evidence that a person read anything.
 */
#define CLICKS_RECENT 256

struct click_counts {
	uint64_t raw;
	uint64_t machine;
};
uint64_t click_counts_human(const struct click_counts *counts);

struct clicks_seen {
	struct message_id message;
	time_ms_t time; /* 0: a free place */
	bool is_machine;
	struct click_counts *counts;
};

/* Zeroed to begin with; the latest of them, over all messages. */
struct clicks {
	struct clicks_seen recent[CLICKS_RECENT];
	size_t next;
};

/*
 * Other kinds of events change nothing. In the order of time, or nearly;
 * counts must outlive what is added behind.
 */
void clicks_add(struct clicks *clicks, const struct event *event,
                struct click_counts *counts);

#endif
