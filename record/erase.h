#ifndef RECORD_ERASE_H
#define RECORD_ERASE_H

#include "record/archive.h"
#include "record/ledger.h"
#include "record/trace.h"

/*
 * A person is erased (GDPR-9, CHAIN-6): the keys of the payloads that are
 * this person's are destroyed in the journals of this host, what several
 * people share is amended first, Redis forgets. Chains go on verifying;
 * refusals and choices stay, for they are what honours the objection
 * (GDPR-6). After a crash the same call finishes the work.
 */
#define ERASE_ASKED "erasure-asked" /* detail of an event preference */

struct erase_order {
	struct arena *arena;
	struct trace_question question;
	const char *reason; /* a word: "request", "retention" */
	/* what is under a legal hold stays; NULL: nothing is. */
	bool (*is_held)(void *context, const struct trace_item *item);
	void *context;
	struct archive *archive; /* NULL: there is none */
	const char *content;     /* folder of whole messages; NULL: none */
};

struct erase_plan {
	struct trace trace; /* all folders */
	bool *is_held;      /* of each item of the trace */
	uint64_t whole;     /* payloads to destroy */
	uint64_t shared;    /* to amend and destroy */
	uint64_t names;     /* refusals and choices that stay */
	uint64_t held;
};

/* Changes nothing. NONE: there is no journal at all. */
enum result erase_look(const struct erase_order *order,
                       struct erase_plan *plan_r, struct error *err) MUST_CHECK;

/*
 * Carries it out; the event that tells so has no identity. The store is
 * cleaned as well; RETRY when it cannot be reached: the journals are done
 * then, call again.
 */
enum result erase_carry_out(const struct erase_order *order,
                            const struct erase_plan *plan,
                            struct ledger *ledger,
                            struct error *err) MUST_CHECK;

/*
 * Writers of other hosts that told the store of this person: to be erased
 * there, too.
 */
struct erase_elsewhere {
	const char **writers;
	size_t count;
	size_t room;
};
enum result erase_find_elsewhere(const struct erase_order *order,
                                 struct store *store,
                                 struct erase_elsewhere *elsewhere_r,
                                 struct error *err) MUST_CHECK;

/* What the store holds of them. For record/erase.c. */
enum result erase_in_store(const struct erase_order *order,
                           const struct erase_plan *plan, struct store *store,
                           struct error *err) MUST_CHECK;

#endif
