#include "policy/decide_parts.h"

static void
decision_init(struct decision *decision)
{
	*decision = (struct decision){ .verdict = VERDICT_PASS,
		                       .reply_status = "",
		                       .reply_text = "",
		                       .reply_to = "",
		                       .from = "",
		                       .hold_reason = "",
		                       .list_id = "",
		                       .language = "",
		                       .preferred_channel = "" };
}

void
decide_refuse(const struct deciding *d, const char *status, const char *topic,
              const char *text)
{
	d->decision->verdict = VERDICT_REFUSE;
	d->decision->reply_code = 550;
	d->decision->reply_status = status;
	d->decision->reply_text = text;
	explain(d->arena, d->decision, topic,
	        arena_printf(d->arena, "refused: %s", text));
}

void
decide_defer(const struct deciding *d, const char *status, const char *topic,
             const char *text)
{
	d->decision->verdict = VERDICT_DEFER;
	d->decision->reply_code = 451;
	d->decision->reply_status = status;
	d->decision->reply_text = text;
	explain(d->arena, d->decision, topic,
	        arena_printf(d->arena, "deferred: %s", text));
}

/* Why a message is none of our business; NULL when it is. */
static const char *
untouched_because(const struct facts *facts, enum origin origin)
{
	if (origin == ORIGIN_TRANSIT)
		return "not ours: it comes in or passes through (DSN-4)";
	if (facts->is_our_second_pass)
		return "already treated: it bears our record (MLT-26)";
	if (facts->is_report)
		return "a report is never changed (REP-14)";
	return NULL;
}

/* Two From fields fool those who check only one (HDR-5). */
static bool
refuse_two_from(const struct deciding *d)
{
	if (d->facts->from_fields < 2)
		return false;
	decide_refuse(d, "5.6.0", "sender",
	              "a message has one From field, this one has more "
	              "(RFC 5322, 3.6)");
	return true;
}

static bool
nobody_is_left(const struct deciding *d)
{
	return d->decision->drop_count > 0 &&
	       d->decision->drop_count == d->facts->recipient_count;
}

/* False when there is nothing more to decide. */
static bool
decide_who_and_when(const struct deciding *d)
{
	if (decide_store(d))
		decide_people(d);
	if (!verdict_lets_go(d->decision->verdict) || nobody_is_left(d))
		return false;
	decide_hours(d);
	return verdict_lets_go(d->decision->verdict);
}

void
decide_again(struct arena *arena, const struct rules *rules,
             const struct class_settings *class, const struct facts *facts,
             struct decision *decision_r)
{
	struct deciding d = {
		.arena = arena,
		.rules = rules,
		.facts = facts,
		.class = class,
		.rule = &rules->classes[class - rules->settings->classes],
		.decision = decision_r,
	};

	decision_init(decision_r);
	decision_r->class = class;
	decide_who_and_when(&d);
}

void
decide(struct arena *arena, const struct rules *rules,
       const struct facts *facts, struct decision *decision_r)
{
	struct deciding d = { .arena = arena,
		              .rules = rules,
		              .facts = facts,
		              .decision = decision_r };
	const char *reason;

	decision_init(decision_r);
	decision_r->origin = rules_origin(rules, facts);
	reason = untouched_because(facts, decision_r->origin);
	if (reason != NULL) {
		decision_r->verdict = VERDICT_UNTOUCHED;
		explain(arena, decision_r, "untouched", reason);
		return;
	}
	d.class = rules_classify(arena, rules, facts, &reason);
	decision_r->class = d.class;
	explain(arena, decision_r, "class", reason);
	if (refuse_two_from(&d) || d.class == NULL)
		return;
	d.rule = &rules->classes[d.class - rules->settings->classes];
	if (!decide_who_and_when(&d))
		return;
	decide_link(&d);
	if (!verdict_lets_go(decision_r->verdict))
		return;
	decide_list(&d);
	decide_sender(&d);
	decide_receipts(&d);
	decide_unsubscribe(&d);
	decide_blocks(&d);
}
