#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/*
 * All that a decision may rest on, as plain data. Whoever fills it has read
 * the message; the policy touches no socket, no clock, no store. Absent text
 * is "".
 */
struct fact_header {
	const char *name;
	const char *value; /* unfolded, encoded-words decoded */
};

enum store_state {
	STORE_NOT_ASKED,
	STORE_ANSWERED,
	STORE_AWAY
};

struct fact_recipient {
	const char *address;
	bool is_suppressed;           /* for this class or altogether */
	bool is_bouncing;             /* because mail bounced there */
	const char *suppressed_since; /* RFC 3339 */
	bool refuses_receipts;
	const char *language;    /* "fr", "en", "" */
	bool refuses_measure;    /* GDPR-5: changes nothing but the measuring */
	bool is_restricted;      /* GDPR-10 */
	bool has_consent;        /* a record, whatever it says */
	bool may_receive;        /* the consent holds (GDPR-3) */
	bool may_measure_clicks; /* has agreed to it for this class (PIX-6) */
	bool is_soft_opt_in;     /* a customer who was asked (FR-2) */
	bool is_over_cap;        /* of the class, or one of the person's own */
	time_ms_t cap_next;      /* when the next may go; 0: nobody knows */
	const char *channel;     /* "post", "telephone"; "", "email" */
};

/* BULK-2: what was seen of a way out that readers see. */
enum visible_link {
	VISIBLE_NOT_READ, /* no class asked, or it cannot be read */
	VISIBLE_THERE,
	VISIBLE_MISSING
};

enum origin {
	ORIGIN_TRANSIT, /* mail we only relay, or that comes in */
	ORIGIN_AUTHENTICATED,
	ORIGIN_NETWORK,
	ORIGIN_LOCAL /* sendmail(1) on this host */
};

struct facts {
	/* the connection */
	const char *client_address; /* "192.0.2.1", "2001:db8::1", "" local */
	const char *auth_user;
	bool is_local_submission;

	/* the envelope */
	const char *envelope_sender; /* "" is the null sender */
	struct fact_recipient *recipients;
	size_t recipient_count;

	/* the header */
	const struct fact_header *headers;
	size_t header_count;
	const char *from;  /* the first mailbox's address */
	size_t from_count; /* mailboxes in all From fields */
	size_t from_fields;
	bool from_has_group;
	bool from_is_no_reply; /* ADR-5 */
	bool has_reply_to;
	bool reply_to_is_no_reply; /* all of its mailboxes are */
	const char *class_named;   /* by the control header Avis-Class */
	const char *receipt_to;    /* Disposition-Notification-To, or legacy */
	bool has_message_id;
	bool has_date;
	bool has_list_unsubscribe;
	bool has_list_id;
	bool is_report;    /* multipart/report */
	bool is_automatic; /* Auto-Submitted other than no */
	bool is_bulk;      /* Precedence list, bulk, junk */
	bool is_list;      /* List-Id or List-Post */
	bool is_partial;   /* message/partial (MDN-17) */
	bool is_signed_or_encrypted;
	bool has_resent;
	bool has_mime_version;
	bool is_dkim_signed;     /* by somebody before us (DKIM-3) */
	const char *language;    /* Content-Language: "fr", "en", or "" */
	bool is_our_second_pass; /* valid Avis-Record (MLT-26) */

	/* the body */
	bool has_attachment;
	long long size_bytes; /* header and body */
	enum visible_link visible_link;
	bool is_text_read; /* what stands here, and has_link */
	bool has_link;
	const char *link_missing_in; /* "the HTML", "the text" */

	/* what else is known */
	enum store_state store;
	bool web_is_healthy;     /* LST-4 (c) */
	bool mta_can_set_sender; /* CHGFROM with arguments (MLT-13) */
	bool mta_can_set_notify; /* re-adding recipients is safe (MLT-16) */
	bool mta_flags_success;  /* a report would be sent (marker seen) */
	bool mta_can_hold;       /* a quarantine (MLT-31) */
	time_ms_t now;
};

#endif
