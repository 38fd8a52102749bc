#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "base/buf.h"
#include "flow/edit.h"
#include "flow/message.h"
#include "mail/attach.h"
#include "mail/body_digest.h"
#include "mail/outline.h"
#include "milter/service.h"
#include "milter/spool.h"

struct content_writer;

/*
 * One connection of an MTA and the message it is giving us. Callbacks come
 * in any number: several messages per connection, abort anywhere, close with
 * nothing before it (MLT-5). Knows nothing of libmilter: mta_in.c calls it,
 * tests do too.
 */
enum phase {
	PHASE_IDLE,      /* connected, no message */
	PHASE_SENDER,    /* MAIL seen */
	PHASE_RECIPIENT, /* RCPT seen */
	PHASE_HEADER,    /* DATA or a header field seen */
	PHASE_BODY,      /* end of the header seen */
	PHASE_DECIDED,   /* end of the message: answer known, not yet given */
	PHASES
};

/* What comes from the MTA. */
enum step {
	STEP_SENDER,
	STEP_RECIPIENT,
	STEP_DATA,
	STEP_HEADER,
	STEP_HEADERS_END,
	STEP_BODY,
	STEP_END,
	STEP_ABORT,
	STEPS
};

enum answer {
	ANSWER_CONTINUE,
	ANSWER_SKIP,    /* no more of the body, please */
	ANSWER_DISCARD, /* only with its event on disk (decision 7) */
	ANSWER_DEFER,   /* 4xx */
	ANSWER_REFUSE   /* 5xx */
};

/* A recipient that is an address of ours: a report or an unsubscribe mail. */
struct arrival {
	size_t recipient; /* index into message.recipients */
	enum token_purpose purpose;
	bool is_genuine; /* the token verifies */
	bool is_taken;   /* the recipient was taken off the mail */
	struct message_id id;
};

struct outcome {
	enum answer answer;
	int code;           /* 451, 550: DEFER and REFUSE */
	const char *status; /* enhanced status code, same class (STAT-1) */
	const char *text;
	struct edit_list edits;
};

struct session {
	struct service *service;
	struct arena *connection; /* lives until close */
	enum phase phase;

	/* of the connection */
	const char *client_address;
	const char *client_name;
	bool is_local_submission;
	struct mta mta;
	bool has_leading_space;
	const char *own_name; /* macro j */

	bool is_blind;        /* the MTA lets us edit nothing (MLT-1) */
	bool is_confused;     /* a step came out of order */
	const char *queue_id; /* read when offered (MLT-23) */

	/* of the message; gone with it */
	struct arena *arena;
	struct snapshot *snapshot;
	struct message message;
	enum origin origin;
	struct arrival *arrivals;
	size_t arrival_count;
	size_t arrival_room;
	size_t recipients_seen; /* those past the limit too */
	const char *over_limit; /* "limits.headers", "" */
	bool is_dull;           /* transit: the body is not wanted */
	struct body_digest *digest;
	struct attach *attach;
	struct spool *spool;              /* the body of what leaves */
	struct outline *outline;          /* where a class wants the text */
	const struct outline_list *parts; /* once it is whole; else NULL */
	struct body_source source;
	struct buf body; /* only for what arrives at our addresses */
	struct content_writer *content; /* milter/keep */
	bool is_body_whole;
	struct outcome outcome;
	size_t served;                 /* arrivals consumed */
	struct store_question counted; /* by caps, to be settled (milter/ask) */
	bool is_leaving;               /* for all but left_out */
	const bool *left_out;
	bool is_on_its_way; /* the last word was to let it go */
	bool holds_at_once; /* the store has it before the answer (LST-10) */
	bool has_sent;      /* `sent` names what was recorded */
	struct message_id sent;
	struct journal_ticket *tickets;
	size_t ticket_count;
	size_t ticket_room;
};

struct session *session_new(struct service *service);
void session_free(struct session **session);

/*
 * Is this step possible now? Moves the phase and says true; false for a
 * step out of order, which is the MTA's bug and gets a 4xx.
 */
bool session_enter(struct session *session, enum step step);

void session_connect(struct session *session, const char *name,
                     const char *address, bool is_local);

/* The macro i, at whichever step it is offered. */
void session_queue_id(struct session *session, const char *queue_id);

/* All of them only after session_enter said true. */
void session_sender(struct session *session, const char *path,
                    const char *const *args, const char *auth_user);
void session_recipient(struct session *session, const char *path,
                       const char *const *args);
void session_header(struct session *session, const char *name,
                    const char *value);
enum answer session_headers_end(struct session *session);
enum answer session_body(struct session *session, const void *at, size_t len);

/* Decides and queues the events; session->outcome holds edits and answer. */
void session_end(struct session *session);

/*
 * After the edits were sent (or failed): waits until the events are on disk,
 * gives the last word and ends the message.
 */
struct outcome session_settle(struct session *session, bool edits_are_made);

/* The message is gone: abort, or an answer that ended it early. */
void session_forget(struct session *session);

/* Queues an event; session_settle waits for it. */
void session_record(struct session *session, const struct event *event);
void session_defer(struct session *session, const char *text);

#endif
