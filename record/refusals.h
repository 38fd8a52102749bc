#ifndef RECORD_REFUSALS_H
#define RECORD_REFUSALS_H

#include "record/person.h"
#include "record/store.h"

/*
 * The list of who wants no mail, for those who keep it: hashes, never
 * addresses (GDPR-6).
 */
struct refusal {
	char person[PERSON_SIZE];
	const char *class_name; /* "" : all marketing */
	time_ms_t since;
	bool is_bounce; /* not the person's word: mail bounced */
};

/*
 * All of them, sorted by person; look says false to end it. A class to which
 * the person has said yes again is not among them.
 */
typedef bool refusals_look(void *context, const struct refusal *refusal);
enum result refusals_each(struct store *store, refusals_look *look,
                          void *context, struct error *err) MUST_CHECK;

/* What the store says of a refusal that is about to be recorded. */
enum refusal_state {
	REFUSAL_NEW,
	REFUSAL_KNOWN,  /* it is there, or a later one */
	REFUSAL_OUTDONE /* a later yes: it would change nothing */
};
enum result refusals_known(struct store *store, const struct refusal *refusals,
                           size_t count, enum refusal_state *states_r,
                           struct error *err) MUST_CHECK;

#endif
