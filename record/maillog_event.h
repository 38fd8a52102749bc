#ifndef RECORD_MAILLOG_EVENT_H
#define RECORD_MAILLOG_EVENT_H

#include "record/event.h"
#include "record/maillog_fact.h"
#include "record/maillog_queue.h"
#include "record/maillog_tls.h"

/*
 * What a line means for one recipient, as an event: only what was seen
 * (EVD-6). A hand-over is no delivery unless this machine put the message
 * into a mailbox itself or gave it to the mailbox service by LMTP.
 */
struct maillog_sight {
	const struct maillog_line *line;
	const struct maillog_fact *fact;
	const struct maillog_queue *queue;        /* its message is known */
	const struct maillog_tls_connection *tls; /* NULL: not seen */
	const char *line_id;
	const char *where;
	struct span raw;
	struct span to;
	unsigned recipient;
};

void maillog_event(struct arena *arena, const struct maillog_sight *sight,
                   struct event *event_r);

/* Names a line by what it says, so that it is known when it comes again. */
#define MAILLOG_LINE_ID_SIZE 23
void maillog_line_id(const struct maillog_line *line,
                     char id_r[MAILLOG_LINE_ID_SIZE]);

#endif
