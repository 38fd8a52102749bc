#include "milter/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "flow/facts_of.h"
#include "flow/readers.h"
#include "mail/address.h"
#include "milter/ask.h"
#include "milter/inbound.h"
#include "milter/incoming.h"
#include "milter/keep.h"
#include "milter/outbound.h"
#include "milter/outbound_events.h"

#define NEVER        PHASES
#define CATCH_UP_MS  2000
#define ANSWER_BYTES ((size_t)64 * 1024) /* of an answer's text */

/*
 * From the libmilter documents: close may be the only callback ever; end and
 * abort exclude each other; a connection carries many messages; a message
 * may end without headers or body. Postfix gives one MAIL again after an
 * abort, so MAIL is possible from every phase but a decided one.
 */
static const enum phase moves[PHASES][STEPS] = {
	[PHASE_IDLE] = { PHASE_SENDER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER,
	                 PHASE_IDLE },
	[PHASE_SENDER] = { PHASE_SENDER, PHASE_RECIPIENT, PHASE_HEADER,
	                   PHASE_HEADER, PHASE_BODY, NEVER, NEVER, PHASE_IDLE },
	[PHASE_RECIPIENT] = { PHASE_SENDER, PHASE_RECIPIENT, PHASE_HEADER,
	                      PHASE_HEADER, PHASE_BODY, PHASE_BODY,
	                      PHASE_DECIDED, PHASE_IDLE },
	[PHASE_HEADER] = { PHASE_SENDER, NEVER, NEVER, PHASE_HEADER, PHASE_BODY,
	                   PHASE_BODY, PHASE_DECIDED, PHASE_IDLE },
	[PHASE_BODY] = { PHASE_SENDER, NEVER, NEVER, NEVER, PHASE_BODY,
	                 PHASE_BODY, PHASE_DECIDED, PHASE_IDLE },
	[PHASE_DECIDED] = { NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER,
	                    PHASE_IDLE },
};

struct session *
session_new(struct service *service)
{
	struct session *session = memory_zeroed(1, sizeof(*session));

	session->service = service;
	session->connection = arena_new();
	session->arena = arena_new();
	session->digest = body_digest_new();
	session->client_address = "";
	session->client_name = "";
	session->own_name = "";
	session->queue_id = "";
	session->mta.version = "";
	buf_init(&session->body, 0);
	return session;
}

void
session_free(struct session **session)
{
	if (*session == NULL)
		return;
	session_forget(*session);
	body_digest_free(&(*session)->digest);
	arena_free(&(*session)->arena);
	arena_free(&(*session)->connection);
	free(*session);
	*session = NULL;
}

bool
session_enter(struct session *session, enum step step)
{
	enum phase next = moves[session->phase][step];

	if (next == NEVER)
		return false;
	/* A new MAIL, or an abort: what was there is gone. */
	if (step == STEP_SENDER || step == STEP_ABORT)
		session_forget(session);
	session->phase = next;
	return true;
}

void
session_connect(struct session *session, const char *name, const char *address,
                bool is_local)
{
	session->client_name = arena_strdup(session->connection, name);
	session->client_address = arena_strdup(session->connection, address);
	session->is_local_submission = is_local;
}

void
session_forget(struct session *session)
{
	ask_settle(session, session->is_on_its_way);
	if (session->snapshot != NULL)
		snapshot_release(session->snapshot);
	session->snapshot = NULL;
	keep_settle(session, false);
	buf_done(&session->body);
	buf_init(&session->body, 0);
	attach_free(&session->attach);
	spool_free(&session->spool);
	outline_free(&session->outline);
	session->parts = NULL;
	body_digest_reset(session->digest);
	arena_reset(session->arena);
	session->message = (struct message){ 0 };
	session->arrivals = NULL;
	session->arrival_count = session->arrival_room = 0;
	session->recipients_seen = 0;
	session->served = 0;
	session->has_sent = false;
	session->holds_at_once = false;
	session->is_leaving = false;
	session->left_out = NULL;
	session->is_on_its_way = false;
	session->tickets = NULL;
	session->ticket_count = session->ticket_room = 0;
	session->outcome = (struct outcome){ 0 };
	session->queue_id = "";
	session->is_confused = false;
	session->phase = PHASE_IDLE;
}

void
session_queue_id(struct session *session, const char *queue_id)
{
	if (queue_id != NULL && queue_id[0] != '\0')
		session->queue_id = arena_strdup(session->arena, queue_id);
}

void
session_sender(struct session *session, const char *path,
               const char *const *args, const char *auth_user)
{
	struct arena *arena = session->arena;

	session->snapshot = snapshot_hold(session->service->place);
	session->over_limit = "";
	session->is_dull = false;
	session->is_body_whole = true;
	session->message = (struct message){
		.arena = arena,
		.mta = session->mta,
		.client_address = session->client_address,
		.client_name = session->client_name,
		.is_local_submission = session->is_local_submission,
		.auth_user = arena_strdup(arena, auth_user),
		.queue_id = "",
		.sender_path = arena_strdup(arena, path),
		.sender = address_from_path(arena, path),
		.has_leading_space = session->has_leading_space,
		.link_missing_in = "",
	};
	dsn_mail_read(arena, args, &session->message.mail);

	struct facts facts = {
		.client_address = session->client_address,
		.auth_user = session->message.auth_user,
		.is_local_submission = session->is_local_submission,
	};

	session->origin = rules_origin(session->snapshot->rules, &facts);
}

void
session_recipient(struct session *session, const char *path,
                  const char *const *args)
{
	const struct settings *settings = session->snapshot->settings;
	struct message *message = &session->message;

	session->recipients_seen++;
	if ((int64_t)message->recipient_count >= settings->limits.recipients) {
		session->over_limit = "limits.recipients";
		return;
	}
	message_add_recipient(message, path, args);
	inbound_recognise(session, message->recipient_count - 1);
}

void
session_header(struct session *session, const char *name, const char *value)
{
	const struct limits_settings *limits =
		&session->snapshot->settings->limits;
	struct header_list *headers = &session->message.headers;
	struct span name_span = span_of(name), value_span = span_of(value);

	if ((int64_t)headers->count >= limits->headers) {
		session->over_limit = "limits.headers";
		return;
	}
	if ((int64_t)(headers->bytes + name_span.len + value_span.len) >
	    limits->header_bytes) {
		session->over_limit = "limits.header_bytes";
		return;
	}
	session->message.size_bytes +=
		(int64_t)(name_span.len + value_span.len + 3);
	header_add(session->arena, headers, name_span, value_span);
}

/*
 * A report comes to our address alone. Mail of ours that goes to others too
 * is outgoing mail: naming our address must be no way past the rules.
 */
static bool
is_arrival(const struct session *session)
{
	return session->arrival_count > 0 &&
	       (session->origin == ORIGIN_TRANSIT ||
	        session->arrival_count == session->recipients_seen);
}

/* Which of what comes must be looked at, or kept for a second look. */
static void
watch_body(struct session *session)
{
	const struct rules *rules = session->snapshot->rules;
	const struct message *message = &session->message;
	struct arena *arena = session->arena;
	const struct outline_head head = {
		header_text(arena, &message->headers, "Content-Type"),
		header_text(arena, &message->headers,
		            "Content-Transfer-Encoding"),
		header_text(arena, &message->headers, "Content-Disposition"),
	};
	struct facts facts = { .now = clock_now() };

	if (rules_need_body(rules))
		session->attach = attach_new(head.type_value, head.disposition);
	facts_of(message, session->snapshot->keys, &facts);
	session->spool = spool_new(session->snapshot->settings->spool);
	if (rules_need_text(arena, rules, &facts))
		session->outline = outline_new(&head);
}

enum answer
session_headers_end(struct session *session)
{
	const struct snapshot *snapshot = session->snapshot;

	if (is_arrival(session))
		buf_init(&session->body,
		         (size_t)snapshot->settings->limits.report_bytes);
	else if (session->origin == ORIGIN_TRANSIT && incoming_answers(session))
		buf_init(&session->body, ANSWER_BYTES);
	else if (session->origin == ORIGIN_TRANSIT)
		session->is_dull = true;
	else
		watch_body(session);
	return ANSWER_CONTINUE;
}

/* What is looked for stands in front: parts for machines, a greeting. */
static enum answer
fill_body(struct session *session, const void *at, size_t len)
{
	size_t room = session->body.limit - session->body.len;

	buf_add(&session->body, at, len < room ? len : room);
	if (len <= room)
		return ANSWER_CONTINUE;
	session->is_body_whole = false;
	return is_arrival(session) ? ANSWER_CONTINUE : ANSWER_SKIP;
}

enum answer
session_body(struct session *session, const void *at, size_t len)
{
	if (session->is_dull)
		return ANSWER_SKIP;
	session->message.size_bytes += (int64_t)len;
	if (session->body.limit > 0)
		return fill_body(session, at, len);
	body_digest_add(session->digest, at, len);
	if (session->attach != NULL)
		attach_add(session->attach, at, len);
	if (session->spool != NULL && spool_add(session->spool, at, len) &&
	    session->outline != NULL)
		outline_add(session->outline, at, len);
	return ANSWER_CONTINUE;
}

/* The text is read once it is there; what the disk refused is not. */
static void
read_text(struct session *session)
{
	if (session->outline == NULL || !spool_is_whole(session->spool))
		return;
	session->parts = outline_end(session->outline);
	session->source = spool_source(session->spool);
	readers_look(&session->message, session->parts, &session->source);
}

void
session_record(struct session *session, const struct event *event)
{
	struct journal_ticket *ticket = arena_push(
		session->arena, (void **)&session->tickets,
		&session->ticket_count, &session->ticket_room, sizeof(*ticket));

	journal_queue(session->service->journal, event, ticket);
}

void
session_defer(struct session *session, const char *text)
{
	session->outcome.answer = ANSWER_DEFER;
	session->outcome.code = 451;
	session->outcome.status = "4.3.0";
	session->outcome.text = text;
	session->outcome.edits.count = 0;
}

void
session_end(struct session *session)
{
	struct message *message = &session->message;

	session->service->messages++;
	message->queue_id = session->queue_id;
	session->outcome = (struct outcome){ .answer = ANSWER_CONTINUE,
		                             .status = "",
		                             .text = "" };
	if (session->is_confused) {
		session_defer(session, "the filter lost step; try again later");
		return;
	}
	if (session->attach != NULL)
		message->has_attachment = attach_is_found(session->attach);
	read_text(session);
	if (is_arrival(session))
		inbound_end(session);
	else
		outbound_end(session);
	if (session->is_blind && session->outcome.edits.count > 0)
		session_defer(session, "the MTA allows no edits");
}

struct outcome
session_settle(struct session *session, bool edits_are_made)
{
	struct error err;
	size_t on_disk = 0;

	for (size_t i = 0; i < session->ticket_count; i++)
		if (journal_wait(session->service->journal,
		                 &session->tickets[i], &err) == RESULT_OK)
			on_disk++;
	if (on_disk < session->ticket_count) {
		log_error("%s: deferred: %s", session->message.queue_id,
		          err.text);
		session_defer(session, "the record cannot be written; the "
		                       "message will be tried again");
	} else if (!edits_are_made) {
		/* Edits are all, or 4xx (MLT-9). */
		session_defer(session, "an edit failed; the message will be "
		                       "tried again");
	}
	/*
	 * LST-10: from the answer on, the next message is stopped. With the
	 * store away it is on disk and holds once that is back.
	 */
	if (session->holds_at_once && on_disk == session->ticket_count &&
	    !forwarder_wait_current(session->service->forwarder, CATCH_UP_MS))
		log_warn("%s: what a recipient said holds once the store "
		         "is fed",
		         session->message.queue_id);
	/* What is put off must not stand in the record as sent. */
	if (session->outcome.answer == ANSWER_DEFER && on_disk > 0)
		record_withdrawn(session);
	keep_settle(session, session->outcome.answer == ANSWER_CONTINUE);
	/* The texts of an outcome are literals or the arena's: copy first. */
	struct outcome outcome = session->outcome;

	session->is_on_its_way = outcome.answer == ANSWER_CONTINUE;
	outcome.edits.count = 0;
	return outcome;
}
