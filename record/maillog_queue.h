#ifndef RECORD_MAILLOG_QUEUE_H
#define RECORD_MAILLOG_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "record/event.h"

/*
 * The queue files that a mail log speaks of, by their ids: what was said of
 * each so far, until it is removed. Only the last ones are remembered; one
 * that was forgotten is found again in the store.
 */
#define MAILLOG_ID_SIZE 24

enum maillog_known {
	MAILLOG_NOT_ASKED,
	MAILLOG_UNKNOWN, /* to the store, when it was last asked */
	MAILLOG_FOUND
};

struct maillog_queue {
	char id[MAILLOG_ID_SIZE];
	char root[MAILLOG_ID_SIZE]; /* where its message came in; "" : here */
	unsigned root_recipient;    /* an alias of that one; 0: of none */
	bool is_entered;            /* this log tells how it began */
	char *message_id;           /* from the log; NULL */
	enum maillog_known known;
	int64_t asked_us;
	struct arena *arena; /* of events; NULL until found */
	struct event_list events;
	const struct event *submitted; /* one of them */

	struct maillog_queue *chain; /* same slot */
	struct maillog_queue *newer;
	struct maillog_queue *older;
};

struct maillog_queues;

struct maillog_queues *maillog_queues_new(size_t limit);
void maillog_queues_free(struct maillog_queues **queues);

/* NULL: nothing was said of it. */
struct maillog_queue *maillog_queue_find(struct maillog_queues *queues,
                                         struct span id);
/* Makes it when it is not there; the one longest unused may go for it. */
struct maillog_queue *maillog_queue_get(struct maillog_queues *queues,
                                        struct span id);
void maillog_queue_drop(struct maillog_queues *queues, struct span id);

#endif
