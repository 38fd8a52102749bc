#ifndef RECORD_EXPIRE_H
#define RECORD_EXPIRE_H

#include "conf/settings.h"
#include "record/archive.h"
#include "record/hold.h"
#include "record/ledger.h"

/*
 * Past the retention of its class a payload goes (GDPR-12, GDPR-13): its
 * keys are zeroed in the journals of this host and in the archive, whole
 * messages are deleted; stubs stay and verify. What is under a legal hold
 * stays. An event "expired" is on disk before anything goes, and what was
 * cut short is completed by the next run.
 */
struct expire_order {
	struct arena *arena;
	const struct settings *settings;
	struct archive *archive; /* NULL: there is none */
	struct ledger *ledger;   /* NULL: only count */
	const struct hold_list *holds;
	time_ms_t now;
};

struct expire_report {
	uint64_t journal;  /* payloads */
	uint64_t archive;  /* of segments that no journal here has */
	uint64_t contents; /* whole messages */
	uint64_t held;
	uint64_t orphans; /* contents whose event never came */
};

enum result expire_run(const struct expire_order *order,
                       struct expire_report *report_r,
                       struct error *err) MUST_CHECK;

#endif
