#ifndef MILTER_INBOUND_EVENTS_H
#define MILTER_INBOUND_EVENTS_H

#include "mail/report.h"
#include "milter/session.h"

/*
 * What a report says, made into events: graded (REP-9, REP-10, MDN-8), one
 * per recipient group (REP-11).
 */
struct inbound_case {
	struct arrival *arrival;
	const struct event *submitted; /* NULL: the message is not known */
	const struct event_list *earlier;
	const struct report *report;

	/* filled by inbound_record */
	bool is_wanted;       /* the author wants to see it */
	bool is_over_limit;   /* not all of it was recorded: limits.events */
	size_t queued;        /* events */
	const char *sign;     /* of an automatic reply; "" */
	enum event_kind kind; /* of the last event, new or not */
};

/* The event that says to whom the message went; NULL. */
const struct event *inbound_submission(const struct event_list *events);

/*
 * Queues the events; what the very same report said before (the sender's MTA
 * tried again) is not recorded twice.
 */
void inbound_record(struct session *session, struct inbound_case *found);

#endif
