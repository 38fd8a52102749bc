#ifndef RECORD_TRACE_H
#define RECORD_TRACE_H

#include "base/keyring.h"
#include "record/event.h"
#include "record/person.h"

/*
 * All that the journals of this host hold of one person: what GDPR-8 shows
 * and GDPR-9 destroys. Two readings of the journals: which messages went to
 * the person, then every entry about them or naming the address.
 */
enum trace_part {
	TRACE_WHOLE,  /* the payload is this person's alone */
	TRACE_SHARED, /* it names others too */
	TRACE_NAME    /* no payload; the entry has the person's name */
};

struct trace_item {
	const char *folder; /* JOURNAL/WRITER */
	enum trace_part part;
	unsigned recipient; /* the person's place in the message; 0: none */
	struct event event; /* an amended one as what it stands for */
};

struct trace_message {
	struct message_id id;
	unsigned recipient; /* the person's place in it */
	bool is_shared;     /* it went to others too */
};

struct trace {
	char person[PERSON_SIZE];
	const char *address;
	struct trace_item *items; /* by writer and sequence */
	size_t count;
	size_t room;
	struct trace_message *messages; /* by id */
	size_t message_count;
	size_t message_room;
	bool is_damaged; /* entries had to be passed by */
};

struct trace_question {
	const struct keyring *keys;
	const char *const *folders; /* of writers: journals, copies of them */
	size_t folder_count;
	const char *address;
	void (*progress)(uint64_t entries); /* may be NULL */
};

/* NONE: there is no journal in any folder. */
enum result trace_person(struct arena *arena,
                         const struct trace_question *question,
                         struct trace *trace_r, struct error *err) MUST_CHECK;

/* NULL: it did not go to the person. */
const struct trace_message *trace_message(const struct trace *trace,
                                          struct message_id id);

#endif
