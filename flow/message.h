#ifndef FLOW_MESSAGE_H
#define FLOW_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/digest.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "policy/facts.h"

/*
 * One SMTP transaction as a filter sees it: what the milter collects from
 * the MTA and what `avis try` reads from a file. All of it lives in one
 * arena. Absent text is "".
 */
struct recipient {
	const char *path; /* as received: goes back unchanged (MLT-15) */
	const char *address;
	struct dsn_rcpt dsn;
};

/* What the MTA in front of us can do; known from macros and negotiation. */
struct mta {
	const char *version; /* "Postfix 3.7.11", "8.17.1", "" */
	bool is_postfix;
	bool can_set_sender; /* MLT-13 */
	bool can_set_notify; /* MLT-16 */
	bool can_hold;       /* SMFIF_QUARANTINE */
};

struct message {
	struct arena *arena;
	struct mta mta;

	/* the connection */
	const char *client_address; /* "" for local submission */
	const char *client_name;
	const char *auth_user;
	bool is_local_submission;

	/* the envelope */
	const char *queue_id;
	const char *sender_path;
	const char *sender; /* "" is the null sender */
	struct dsn_mail mail;
	struct recipient *recipients;
	size_t recipient_count;
	size_t recipient_room;

	/* the content */
	struct header_list headers;
	bool has_leading_space; /* SMFIP_HDR_LEADSPC (MLT-3) */
	bool has_attachment;
	enum visible_link visible_link; /* looked for where a class asks */
	const char *link_missing_in;
	bool is_text_read; /* what stands above, and has_link, is known */
	bool has_link;     /* any link that readers can follow */
	int64_t size_bytes;
	bool has_body_digest;
	uint8_t body_digest[DIGEST_BYTES];
};

void message_add_recipient(struct message *message, const char *path,
                           const char *const *args);

/* All header fields as they are, relaxed-canonical (EVD-7 b). */
void message_header_digest(const struct message *message,
                           uint8_t digest_r[DIGEST_BYTES]);

#endif
