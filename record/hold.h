#ifndef RECORD_HOLD_H
#define RECORD_HOLD_H

#include <stdbool.h>

#include "conf/settings.h"
#include "record/local.h"

/*
 * Legal holds (X-16, GDPR-9): what is under one is neither erased nor
 * expires, on this host. A hold is an event "hold" of the journal HOST.avis,
 * its lifting an event "hold-lifted"; they name it by an id of ten letters.
 * A later event "hold" of the same id moves the review date.
 *
 * It covers one message, or all mail to an address, or a class within a
 * time. The number of a case is kept with it, to find and lift what belongs
 * together.
 */
#define HOLD_ID_SIZE 11

struct hold {
	const char *id;
	const char *reason; /* "legal-obligation" or "legal-claim" */
	const char *text;
	const char *author;
	const char *number; /* of the case; "" */
	time_ms_t made;
	time_ms_t review;

	/* what it covers */
	bool has_message;
	struct message_id message;
	const char *address; /* "" */
	const char *class_name;
	time_ms_t since;
	time_ms_t until; /* 0: open */
};

struct hold_list {
	struct hold *items; /* those in force, oldest first */
	size_t count;
	size_t room;
	/* For addresses: the messages that went there. */
	struct message_id_list messages;
};

/*
 * All in force on this host. BAD: the journal that has them is damaged, so
 * nothing must be erased now.
 */
enum result hold_read(struct arena *arena, const struct settings *settings,
                      struct hold_list *list_r, struct error *err) MUST_CHECK;

/* Which messages the addresses among them stand for. */
enum result hold_expand(struct hold_list *list, struct local *local,
                        struct error *err) MUST_CHECK;

/* The first hold that covers the event; NULL: none. After hold_expand. */
const struct hold *hold_covering(const struct hold_list *list,
                                 const struct event *event);

/* The event that makes it, or changes it; id "" makes one. */
void hold_event(struct arena *arena, struct hold *hold, struct event *event_r);
void hold_lifted_event(struct arena *arena, const struct hold *hold,
                       const char *author, const char *text,
                       struct event *event_r);

#endif
