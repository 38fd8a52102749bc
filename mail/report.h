#ifndef MAIL_REPORT_H
#define MAIL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "mail/header.h"

/*
 * Reads what comes back: DSNs (RFC 3464, 6533), MDNs (RFC 8098 and the older
 * forms), bounces without a report part, automatic replies, feedback
 * reports. Everything in it is a stranger's claim. Absent text is "".
 * Limits of REP-13: past them is_malformed is set and limit names which.
 */
enum report_kind {
	REPORT_DSN, /* delivery status, with a report part or without */
	REPORT_MDN,
	REPORT_AUTO_REPLY, /* vacation, ticket system, challenge mail */
	REPORT_FEEDBACK,   /* abuse report, RFC 5965 */
	REPORT_OTHER       /* a person's message, or nothing we know */
};

enum report_action {
	ACTION_NONE, /* missing or unknown: changes no state (REP-4) */
	ACTION_FAILED,
	ACTION_DELAYED,
	ACTION_DELIVERED,
	ACTION_RELAYED,
	ACTION_EXPANDED
};

enum report_disposition {
	DISPOSITION_NONE,
	DISPOSITION_DISPLAYED,
	DISPOSITION_DELETED,
	DISPOSITION_DISPATCHED,
	DISPOSITION_PROCESSED,
	DISPOSITION_DENIED, /* RFC 2298: no confirmation (MDN-5) */
	DISPOSITION_FAILED  /* RFC 3798: no confirmation (MDN-5) */
};

struct report_recipient {
	const char *original; /* address without its type; "" if not given */
	const char *final;
	enum report_action action;
	const char *status;     /* enhanced status code "5.1.1" */
	const char *diagnostic; /* text without its type, unfolded */
	const char *remote_mta;
	const char *will_retry_until; /* as given; only with delayed (REP-8) */
};

struct report {
	enum report_kind kind;
	bool has_report_part; /* false: recipients were read from the text */
	bool is_malformed;    /* keep the raw report, change no state (REP-4) */
	const char *problem;  /* why it is malformed */
	const char *envelope_id;
	const char *original_message_id; /* with its < > */
	const char *reporting_mta;
	const char *arrival_date;
	struct report_recipient *recipients;
	size_t recipient_count;
	size_t recipient_room;

	/* MDN only */
	enum report_disposition disposition;
	bool is_manual_action;        /* else automatic-action */
	bool is_sent_manually;        /* else MDN-sent-automatically */
	const char *modifiers;        /* "error", "error,expired"; "" */
	const char *disposition_text; /* the field as given, unfolded */
	const char *reporting_ua;
};

/*
 * Reads a whole message. sent: the addresses we wrote to, when known; they
 * decide which address in a bounce without a report part is the recipient.
 * Never fails: what it cannot make out is REPORT_OTHER.
 */
void report_read(struct arena *arena, struct span message,
                 const char *const *sent, size_t sent_count,
                 struct report *report_r);

/* Once per process, before threads (GMime). */
void report_setup(void);

/*
 * Is it sent by a machine to answer (RFC 3834, AUTO-1)? reason_r says by
 * which sign. For deciding whether something is a reply by a person.
 */
bool report_is_automatic(struct arena *arena, const struct header_list *headers,
                         const char *envelope_sender, const char **reason_r);

const char *report_kind_name(enum report_kind kind);       /* "auto-reply" */
const char *report_action_name(enum report_action action); /* "", "failed" */
const char *report_disposition_name(enum report_disposition disposition);

#endif
