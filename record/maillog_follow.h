#ifndef RECORD_MAILLOG_FOLLOW_H
#define RECORD_MAILLOG_FOLLOW_H

#include <stdbool.h>

#include "record/ledger.h"
#include "record/maillog.h"

/*
 * Reads a mail log into the journal of the writer HOST.maillog, and keeps
 * the place it has come to beside it, in the file "cursor". What was read
 * twice, for want of a cursor, is recorded once.
 */
struct maillog_follow;

struct maillog_follow_options {
	const struct settings *settings;
	const struct keyring *keys;
	const char *path; /* a file, "systemd", "systemd:FOLDER" */
	const char *host; /* of the lines; "*" : all */
	bool is_once;     /* one file, from its start to its end */
	int first_year;   /* of a file without years; 0: guess */
};

/* BAD and RETRY as ledger_open. */
enum result maillog_follow_open(const struct maillog_follow_options *options,
                                struct maillog_follow **follow_r,
                                struct error *err) MUST_CHECK;
void maillog_follow_close(struct maillog_follow **follow);

/*
 * Some lines. OK: there may be more. NONE: no more for now. RETRY: the store
 * or the disk is away, nothing is lost, the same lines come again.
 */
enum result maillog_follow_step(struct maillog_follow *follow,
                                struct error *err) MUST_CHECK;

/* Of all that was read since it was opened. */
void maillog_follow_counts(const struct maillog_follow *follow,
                           struct maillog_counts *counts_r);

#endif
