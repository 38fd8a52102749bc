#ifndef CLI_RIGHTS_H
#define CLI_RIGHTS_H

#include "cli/open.h"
#include "cli/progress.h"
#include "record/ledger.h"
#include "record/trace.h"

/* One run of `avis rights`: what the command line said. */
struct rights_work {
	struct opened opened;
	const char *conf;
	const char *address;
	const char *state; /* restrict: "on", "off" */
	const char *reason;
	const char *json_file; /* "" : none; "-": standard output */
	const char *html_file;
	const char *language; /* "" : of the settings */
	bool is_done;         /* --do */
};

/* Each gives an exit code. */
int rights_export(struct rights_work *work);
int rights_erase(struct rights_work *work);
int rights_restrict(struct rights_work *work);
int rights_pending(struct rights_work *work);
int rights_register(struct rights_work *work);

/* Settings, keys and the address; says what is wrong. */
bool rights_begin(struct rights_work *work);
bool rights_open_ledger(struct rights_work *work, struct ledger **ledger_r);
/* "en" or "fr" */
const char *rights_language(const struct rights_work *work);

/* What GDPR-8 shows of one person, gathered. */
struct rights_export {
	struct rights_work *work;
	struct trace trace;
	struct person person;
	bool has_person; /* the store has answered */
	time_ms_t made;
};

/* The fact may be shown: it is not about other people. */
bool rights_may_show(const struct rights_export *export,
                     const struct trace_item *item,
                     const struct event_fact *fact);
/* Whose events belong to this message, in order of time; NULL ends it. */
const struct trace_item *rights_next(const struct rights_export *export,
                                     const struct message_id *message,
                                     size_t *at);

void rights_json(const struct rights_export *export, struct buf *out);
enum result rights_page(const struct rights_export *export, struct buf *out,
                        struct error *err) MUST_CHECK;

#endif
