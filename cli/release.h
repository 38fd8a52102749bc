#ifndef CLI_RELEASE_H
#define CLI_RELEASE_H

#include "cli/ask.h"
#include "cli/mta_queue.h"
#include "cli/open.h"
#include "policy/ruleset.h"
#include "record/held.h"
#include "record/ledger.h"

/* What becomes of one message on hold. */
enum fate {
	FATE_STAYS,   /* not due, or nobody knows whether it may go */
	FATE_GOES,    /* all of its recipients still get it */
	FATE_SOME,    /* some do: a copy goes to them */
	FATE_ENDS,    /* nobody gets it any more */
	FATE_LATER,   /* on hold for longer: a new time */
	FATE_IS_GONE, /* somebody else let it go, or took it away */
	FATES
};

struct verdict_on_held {
	const struct held *held;
	enum fate fate;
	const struct class_settings *class; /* NULL: no longer in the rules */
	const char *counted_as;             /* by caps */
	struct facts facts;
	struct decision decision;
	const char *why; /* for people */
};

struct release {
	struct opened opened;
	const char *conf;
	const char *postfix; /* folder of main.cf, "" for the default */
	const char *now_id;  /* "" : what is due */
	bool is_list;
	bool is_dry;
	struct ruleset ruleset;
	struct ledger *ledger;
	struct store *store;
	struct mta_queue queue;
	time_ms_t now;
	size_t problems;
};

/*
 * Who gets it now? Refusals, consent, caps and hours are asked again. Caps
 * count it unless nothing is to be done (dry run, list).
 */
void release_judge(struct release *release, const struct held *held,
                   struct verdict_on_held *verdict_r);

/* Carries out what was judged, then records what the queue shows. */
void release_act(struct release *release, struct verdict_on_held *verdicts,
                 size_t count);

#endif
