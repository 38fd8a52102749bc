#ifndef RECORD_MAILLOG_FACT_H
#define RECORD_MAILLOG_FACT_H

#include <stdbool.h>

#include "base/span.h"
#include "record/maillog_line.h"

/*
 * What one line of an MTA says, in the words of the line. Who may write into
 * such a line? A stranger chooses addresses, HELO names, subjects and what a
 * remote server answers. So nothing is looked for in a line: each piece is
 * taken from its place, by the program that wrote it, in the order in which
 * that program writes; free text is only ever the last piece.
 */
enum maillog_what {
	MAILLOG_OTHER,
	MAILLOG_ENTERED,    /* smtpd, pickup: a queue file begins */
	MAILLOG_MESSAGE_ID, /* cleanup, sendmail: its Message-ID */
	MAILLOG_ATTEMPT,    /* to one recipient (sendmail: to several) */
	MAILLOG_EXPIRED,    /* given up: for all that are left */
	MAILLOG_REMOVED,    /* the queue file is gone: all is done */
	MAILLOG_DELETED,    /* removed by hand */
	MAILLOG_HELD,
	MAILLOG_RELEASED,
	MAILLOG_TLS,     /* this process has a secure connection */
	MAILLOG_TLS_LOST /* and now it may have none */
};

enum maillog_outcome {
	MAILLOG_SENT,
	MAILLOG_DEFERRED,
	MAILLOG_BOUNCED
};

enum maillog_agent {
	MAILLOG_SMTP,
	MAILLOG_LMTP,
	MAILLOG_LOCAL, /* into a mailbox of this machine */
	MAILLOG_PIPE,  /* to a program */
	MAILLOG_ERROR, /* a transport that only ever fails */
	MAILLOG_DISCARD
};

struct maillog_fact {
	enum maillog_what what;
	struct span queue_id;
	struct span message_id; /* with its brackets */

	enum maillog_outcome outcome;
	enum maillog_agent agent;
	struct span recipients; /* maillog_next_recipient takes them off */
	struct span original;   /* before aliases; empty */
	struct span relay;   /* "mx1.example.com[192.0.2.7]:25", as written */
	struct span host;    /* "mx1.example.com" */
	struct span address; /* "192.0.2.7" */
	struct span delay;   /* "0.4" seconds, "1+02:03:04" */
	struct span delays;  /* "0.1/0/0.2/0.1" */
	struct span status;  /* "2.0.0" */
	struct span reply;   /* "250 2.0.0 OK 4f8a", or why not */
	struct span command; /* which it answers: "RCPT TO"; empty */
	struct span next_id; /* the queue id it got there; empty */
	bool is_remote;      /* the reply is a remote server's */
	bool is_reused;      /* over a connection that was open */
	bool is_forwarded;   /* next_id is ours: an alias, a .forward */

	struct span tls_version; /* "TLSv1.3" */
	struct span tls_cipher;
	struct span tls_trust; /* "Verified", "Untrusted"... */
};

/* False: this program's lines are none of ours to read. */
bool maillog_postfix_read(const struct maillog_line *line,
                          struct maillog_fact *fact_r);
bool maillog_sendmail_read(const struct maillog_line *line,
                           struct maillog_fact *fact_r);

/* "a@b" off "<a@b>,<c@d>" and "a@b, c@d"; false at the end. */
bool maillog_next_recipient(struct span *recipients, struct span *address_r);

/* --- for the two that read -------------------------------------------- */

/* "<...>" off the front, a quoted local part and all; without brackets. */
bool maillog_take_path(struct span *rest, struct span *path_r);
/* The text up to before, and it, off the front. */
bool maillog_take_until(struct span *rest, const char *before,
                        struct span *text_r);
/* text off the front; false, and nothing taken, when it is not there. */
bool maillog_take_text(struct span *rest, const char *text);
/* Is it a queue id of Postfix or Sendmail by its letters? */
bool maillog_is_queue_id(struct span text);
/* The word behind "queued as", "forwarded as", "from MTA": a queue id. */
struct span maillog_next_id(struct span reply);

#endif
