#include "milter/outbound_events.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "mail/address.h"
#include "milter/keep.h"
#include "record/held.h"

#define LEFT_OUT_BYTES ((size_t)4 * 1024 * 1024)

static void
event_start(const struct session *session, const struct decision *decision,
            struct event *event)
{
	const struct message *message = &session->message;

	*event = (struct event){
		.time = clock_now(),
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MILTER,
		.has_message = true,
		.class_name =
			decision->class != NULL ? decision->class->name : "",
		.queue_id = message->queue_id,
		.status = "",
		.detail = "",
		.size_bytes = message->size_bytes,
		.retention_ms = decision->class != NULL
		                        ? decision->class->retention_ms
		                        : 0,
	};
}

static bool
is_left_out(const struct decision *decision, size_t recipient)
{
	return verdict_lets_go(decision->verdict) && decision->drop_count > 0 &&
	       decision->drops[recipient];
}

/* GDPR-4: who was left out stands in the record, not among the sent. */
static void
event_left_out(struct session *session, const struct decision *decision,
               struct event *event)
{
	struct buf names;

	buf_init(&names, LEFT_OUT_BYTES);
	for (size_t i = 0; i < session->message.recipient_count; i++)
		if (is_left_out(decision, i))
			buf_printf(&names, "%s%s", names.len > 0 ? " " : "",
			           session->message.recipients[i].address);
	event_fact_add(session->arena, event, "left_out",
	               arena_strdup(session->arena, names.data));
	buf_done(&names);
}

static void
event_envelope(struct session *session, const struct decision *decision,
               struct event *event)
{
	struct arena *arena = session->arena;
	const struct message *message = &session->message;

	event_fact_add(arena, event, "sender", message->sender);
	event_fact_add(arena, event, "client", message->client_address);
	event_fact_add(arena, event, "auth", message->auth_user);
	event_fact_add(arena, event, "envid", message->mail.envid);
	event_fact_add(arena, event, "ret", message->mail.ret);
	event_fact_add(arena, event, "origin", origin_name(session->origin));
	event->recipients = arena_array(arena, message->recipient_count,
	                                sizeof(*event->recipients));
	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct recipient *from = &message->recipients[i];
		struct event_recipient *to =
			&event->recipients[event->recipient_count];

		if (is_left_out(decision, i))
			continue;
		event->recipient_count++;
		to->address = from->address;
		to->orcpt = from->dsn.orcpt;
		to->notify = from->dsn.is_marker ? 0 : from->dsn.notify;
	}
}

static bool
add_to_digest(void *context, struct span piece)
{
	body_digest_add(context, piece.at, piece.len);
	return true;
}

/* EVD-7 (a): the body as it leaves. */
static void
digest_body(struct session *session, const struct edit_list *edits,
            uint8_t sum_r[DIGEST_BYTES])
{
	const struct edit *edit = edit_of_body(edits);

	if (edit != NULL) {
		body_digest_reset(session->digest);
		/* What cannot be read again fails the edit, and the message. */
		(void)splice_stream(edit->splices, edit->source, add_to_digest,
		                    session->digest);
	}
	body_digest_take(session->digest, sum_r);
}

bool
record_submitted(struct session *session, const struct facts *facts,
                 const struct decision *decision, const struct plan *plan,
                 struct message_id id)
{
	struct arena *arena = session->arena;
	struct message *message = &session->message;
	struct event event;

	event_start(session, decision, &event);
	event.kind = EVENT_SUBMITTED;
	event.message = id;
	if (decision->class->unsubscribe != UNSUBSCRIBE_NONE)
		event.way_out_ms = session->snapshot->settings->way_out_ms;
	event.has_digests = true;
	digest_body(session, &plan->edits, event.body_digest);
	message_header_digest(message, event.header_digest);
	event_envelope(session, decision, &event);
	event_fact_add(arena, &event, "from", facts->from);
	event_fact_add(arena, &event, "reply_to", plan->reply_to);
	event_fact_add(arena, &event, "message_id", plan->message_id);
	event_fact_add(arena, &event, "receipt_to", facts->receipt_to);
	event_fact_add(arena, &event, "reason", decision_line(arena, decision));
	event_left_out(session, decision, &event);
	/* GDPR-11: no subject unless the class keeps more than digests. */
	if (decision->class->keep != KEEP_DIGEST)
		event_fact_add(
			arena, &event, "subject",
			header_decode(arena,
		                      header_text(arena, &message->headers,
		                                  "Subject")));
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		event_fact_add(arena, &event,
		               arena_printf(arena, "%s_before", change->name),
		               change->before);
		event_fact_add(arena, &event,
		               arena_printf(arena, "%s_after", change->name),
		               change->after);
	}
	if (!keep_add(session, decision->class, plan, id, &event))
		return false;
	session_record(session, &event);
	return true;
}

void
record_held(struct session *session, const struct decision *decision,
            struct message_id id)
{
	struct event event;

	event_start(session, decision, &event);
	event.kind = EVENT_HELD;
	event.message = id;
	event.due = decision->hold_until;
	event.detail = decision->hold_reason;
	session_record(session, &event);
}

void
record_refused(struct session *session, const struct decision *decision,
               const char *detail)
{
	struct event event;

	event_start(session, decision, &event);
	event.kind = EVENT_REFUSED;
	event.message = message_id_new();
	event.status = decision->reply_status;
	event.detail = detail;
	event_envelope(session, decision, &event);
	event_left_out(session, decision, &event);
	event_fact_add(session->arena, &event, "reason", decision->reply_text);
	event_fact_add(session->arena, &event, "message_id",
	               header_text(session->arena, &session->message.headers,
	                           "Message-ID"));
	session_record(session, &event);
}

void
record_withdrawn(struct session *session)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_REFUSED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MILTER,
		.has_message = true,
		.message = session->sent,
		.class_name = "",
		.queue_id = session->message.queue_id,
		.status = "4.3.0",
		.detail = HELD_TAKEN_BACK,
	};
	struct error err;

	if (!session->has_sent)
		return;
	if (journal_append(session->service->journal, &event, &err) !=
	    RESULT_OK)
		log_error("%s: %s", session->message.queue_id, err.text);
}
