#include "milter/outbound.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/facts_of.h"
#include "flow/plan.h"
#include "mail/address.h"
#include "milter/reply.h"

#define RECIPIENTS_SHOWN 3
#define LINE_BYTES       1500

static void
ask_store(struct session *session, struct facts *facts,
          const struct class_settings *class)
{
	struct arena *arena = session->arena;
	const char **addresses =
		arena_array(arena, facts->recipient_count, sizeof(*addresses));
	struct store_answer *answers =
		arena_array(arena, facts->recipient_count, sizeof(*answers));
	struct store_question question = { class->name, addresses,
		                           facts->recipient_count };
	struct error err;

	for (size_t i = 0; i < facts->recipient_count; i++)
		addresses[i] =
			address_normal(arena, facts->recipients[i].address);
	if (store_ask(arena, session->service->store, &question, answers,
	              &err) != RESULT_OK) {
		static struct log_gate gate;

		log_warn_gated(&gate, "the store cannot be asked: %s",
		               err.text);
		facts->store = STORE_AWAY;
		return;
	}
	facts->store = STORE_ANSWERED;
	for (size_t i = 0; i < facts->recipient_count; i++) {
		facts->recipients[i].is_suppressed = answers[i].is_suppressed;
		facts->recipients[i].suppressed_since =
			answers[i].suppressed_since;
		facts->recipients[i].refuses_receipts =
			answers[i].refuses_receipts;
	}
}

static void
gather(struct session *session, struct facts *facts)
{
	const struct snapshot *snapshot = session->snapshot;
	const struct class_settings *class;
	const char *reason;

	*facts = (struct facts){ .now = clock_now() };
	facts->web_is_healthy = atomic_load(&session->service->web_is_healthy);
	facts_of(&session->message, snapshot->keys, facts);
	if (session->origin == ORIGIN_TRANSIT || facts->is_our_second_pass)
		return;
	class = rules_classify(session->arena, snapshot->rules, facts, &reason);
	if (class != NULL && class_asks_store(class))
		ask_store(session, facts, class);
}

/*
 * GDPR-15: the words of a reason are the record's and `avis try`'s too; in
 * the log they name nobody.
 */
static const char *
reason_masked(struct arena *arena, const char *reason)
{
	struct buf out;
	const char *masked;

	buf_init(&out, LINE_BYTES);
	while (*reason != '\0') {
		size_t len = strcspn(reason, " <>()\",;");
		const char *word = arena_strndup(arena, reason, len);

		buf_text(&out, strchr(word, '@') != NULL
		                       ? address_mask(arena, word)
		                       : word);
		reason += len;
		if (*reason != '\0')
			buf_byte(&out, *reason++);
	}
	masked = arena_strdup(arena, out.data);
	buf_done(&out);
	return masked;
}

void
outbound_log(const struct session *session, const char *class_name,
             const char *verdict, const char *reason)
{
	struct arena *arena = session->arena;
	const struct message *message = &session->message;
	struct buf to;

	buf_init(&to, LINE_BYTES);
	for (size_t i = 0; i < message->recipient_count && i < RECIPIENTS_SHOWN;
	     i++)
		buf_printf(&to, "%s%s", i > 0 ? "," : "",
		           address_mask(arena, message->recipients[i].address));
	if (message->recipient_count > RECIPIENTS_SHOWN)
		buf_printf(&to, ",+%zu",
		           message->recipient_count - RECIPIENTS_SHOWN);
	log_info("%s: class=%s verdict=%s from=%s to=%s edits=\"%s\" "
	         "reason=\"%s\"",
	         message->queue_id[0] != '\0' ? message->queue_id : "NOQUEUE",
	         class_name, verdict,
	         message->sender[0] != '\0'
	                 ? address_mask(arena, message->sender)
	                 : "<>",
	         to.data, edit_list_line(arena, &session->outcome.edits),
	         reason_masked(arena, reason));
	buf_done(&to);
}

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

static void
event_envelope(struct session *session, struct event *event)
{
	struct arena *arena = session->arena;
	const struct message *message = &session->message;

	event_fact_add(arena, event, "sender", message->sender);
	event_fact_add(arena, event, "client", message->client_address);
	event_fact_add(arena, event, "auth", message->auth_user);
	event_fact_add(arena, event, "envid", message->mail.envid);
	event_fact_add(arena, event, "ret", message->mail.ret);
	event_fact_add(arena, event, "origin", origin_name(session->origin));
	event->recipient_count = message->recipient_count;
	event->recipients = arena_array(arena, message->recipient_count,
	                                sizeof(*event->recipients));
	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct recipient *from = &message->recipients[i];

		event->recipients[i].address = from->address;
		event->recipients[i].orcpt = from->dsn.orcpt;
		event->recipients[i].notify =
			from->dsn.is_marker ? 0 : from->dsn.notify;
	}
}

static void
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
	event.has_digests = true;
	body_digest_take(session->digest, event.body_digest);
	message_header_digest(message, event.header_digest);
	event_envelope(session, &event);
	event_fact_add(arena, &event, "from", facts->from);
	event_fact_add(arena, &event, "reply_to", plan->reply_to);
	event_fact_add(arena, &event, "message_id", plan->message_id);
	event_fact_add(arena, &event, "receipt_to", facts->receipt_to);
	event_fact_add(arena, &event, "reason", decision_line(arena, decision));
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
	session_record(session, &event);
}

static void
record_refused(struct session *session, const struct decision *decision)
{
	struct event event;

	event_start(session, decision, &event);
	event.kind = EVENT_REFUSED;
	event.message = message_id_new();
	event.status = decision->reply_status;
	event_envelope(session, &event);
	event_fact_add(session->arena, &event, "reason", decision->reply_text);
	event_fact_add(session->arena, &event, "message_id",
	               header_text(session->arena, &session->message.headers,
	                           "Message-ID"));
	session_record(session, &event);
}

void
outbound_withdraw(struct session *session)
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
		.detail = "edit-failed",
	};
	struct error err;

	if (!session->has_sent)
		return;
	if (journal_append(session->service->journal, &event, &err) !=
	    RESULT_OK)
		log_error("%s: %s", session->message.queue_id, err.text);
}

static void
outcome_of(struct session *session, const struct decision *decision)
{
	struct outcome *outcome = &session->outcome;

	outcome->answer = decision->verdict == VERDICT_REFUSE ? ANSWER_REFUSE
	                                                      : ANSWER_DEFER;
	outcome->code = decision->reply_code;
	outcome->status = decision->reply_status;
	outcome->text = decision->reply_text;
	if (decision->verdict == VERDICT_REFUSE && decision->class != NULL)
		record_refused(session, decision);
}

static void
pass(struct session *session, const struct facts *facts,
     const struct decision *decision)
{
	const struct snapshot *snapshot = session->snapshot;
	struct plan_input input = {
		.settings = snapshot->settings,
		.keys = snapshot->keys,
		.message = &session->message,
		.facts = facts,
		.decision = decision,
		.id = message_id_new(),
		.domain = snapshot->settings->host,
	};
	struct plan plan;

	if (facts->from[0] != '\0')
		input.domain = address_domain(facts->from).at;
	plan_make(&input, &plan);
	session->outcome.edits = plan.edits;
	if (plan.problem[0] != '\0')
		log_warn("%s: header left out: %s", session->message.queue_id,
		         plan.problem);
	/* What people write to each other, no class: not recorded. */
	if (decision->class == NULL)
		return;
	session->sent = input.id;
	session->has_sent = true;
	record_submitted(session, facts, decision, &plan, input.id);
}

static bool
refuse_over_limit(struct session *session)
{
	struct outcome *outcome = &session->outcome;

	if (session->over_limit[0] == '\0' || session->origin == ORIGIN_TRANSIT)
		return false;
	outcome->answer = ANSWER_REFUSE;
	outcome->code = 552;
	outcome->status = "5.3.4";
	outcome->text =
		arena_printf(session->arena, "message over the limit set by %s",
	                     session->over_limit);
	outbound_log(session, "-", "refuse", outcome->text);
	return true;
}

void
outbound_end(struct session *session)
{
	struct arena *arena = session->arena;
	struct facts facts;
	struct decision decision;
	struct plan plan;

	if (refuse_over_limit(session))
		return;
	gather(session, &facts);
	decide(arena, session->snapshot->rules, &facts, &decision);
	switch (decision.verdict) {
	case VERDICT_UNTOUCHED:
		plan_strip(&session->message, facts.is_our_second_pass, &plan);
		session->outcome.edits = plan.edits;
		break;
	case VERDICT_PASS:
		pass(session, &facts, &decision);
		break;
	case VERDICT_DEFER:
	case VERDICT_REFUSE:
		outcome_of(session, &decision);
		break;
	}
	outbound_log(session,
	             decision.class != NULL ? decision.class->name : "-",
	             verdict_name(decision.verdict),
	             decision_line(arena, &decision));
	if (session->outcome.answer == ANSWER_CONTINUE)
		reply_note(session, &facts);
}
