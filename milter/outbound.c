#include "milter/outbound.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/facts_of.h"
#include "flow/plan.h"
#include "mail/address.h"
#include "milter/ask.h"
#include "milter/message_log.h"
#include "milter/outbound_events.h"
#include "milter/reply.h"

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
		record_refused(session, decision, "");
}

/* The right side of a Message-ID we make: the author's domain if it can. */
static const char *
own_domain(const struct session *session, const struct facts *facts)
{
	struct span domain = address_domain(facts->from);
	bool is_ascii = address_is_valid(facts->from);

	for (size_t i = 0; i < domain.len; i++)
		is_ascii = is_ascii && (unsigned char)domain.at[i] < 0x80;
	if (is_ascii)
		return arena_strndup(session->arena, domain.at, domain.len);
	return session->own_name[0] != '\0' ? session->own_name
	                                    : session->snapshot->settings->host;
}

/* A message with a class leaves with its record. */
static void
pass(struct session *session, const struct plan_input *input,
     const struct plan *plan)
{
	const struct decision *decision = input->decision;

	/* What people write to each other, no class: not recorded. */
	if (decision->class == NULL)
		return;
	if (decision->drop_count == session->message.recipient_count) {
		/* Nobody is left: the mail ends here, with its record. */
		record_refused(session, decision, "suppressed");
		session->outcome.answer = ANSWER_DISCARD;
		session->outcome.edits.count = 0;
		return;
	}
	if (!record_submitted(session, input->facts, decision, plan,
	                      input->id)) {
		session_defer(session, "the content cannot be kept; the "
		                       "message will be tried again");
		return;
	}
	session->sent = input->id;
	session->has_sent = true;
	ask_leaves(session, decision->drops);
	if (decision->verdict == VERDICT_HOLD)
		record_held(session, decision, input->id);
}

static void
act(struct session *session, const struct facts *facts,
    struct decision *decision)
{
	struct plan_input input = {
		.settings = session->snapshot->settings,
		.keys = session->snapshot->keys,
		.message = &session->message,
		.facts = facts,
		.decision = decision,
		.id = message_id_new(),
		.domain = own_domain(session, facts),
		.blocks = rules_blocks(session->snapshot->rules),
		.outline = session->parts,
		.source = &session->source,
	};
	struct plan plan = { .body_skipped = "", .problem = "" };

	switch (decision->verdict) {
	case VERDICT_UNTOUCHED:
		plan_strip(&input, &plan);
		session->outcome.edits = plan.edits;
		break;
	case VERDICT_PASS:
	case VERDICT_HOLD:
		plan_make(&input, &plan);
		plan_explain(session->arena, &plan, decision);
		session->outcome.edits = plan.edits;
		pass(session, &input, &plan);
		break;
	case VERDICT_DEFER:
	case VERDICT_REFUSE:
		outcome_of(session, decision);
		break;
	}
	if (plan.problem[0] != '\0')
		log_warn("%s: header left out: %s", session->message.queue_id,
		         plan.problem);
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
	message_log(session, "-", "refuse", outcome->text);
	return true;
}

void
outbound_end(struct session *session)
{
	struct arena *arena = session->arena;
	struct facts facts;
	struct decision decision;

	if (refuse_over_limit(session))
		return;
	gather(session, &facts);
	decide(arena, session->snapshot->rules, &facts, &decision);
	act(session, &facts, &decision);
	message_log(session,
	            decision.class != NULL ? decision.class->name : "-",
	            verdict_name(decision.verdict),
	            decision_line(arena, &decision));
	if (session->outcome.answer == ANSWER_CONTINUE)
		reply_note(session, &facts);
}
