#include <string.h>

#include "policy/decide_parts.h"

static const struct sender_rule *
find_rule(const struct deciding *d)
{
	const struct rules *rules = d->rules;
	struct span from = span_of(d->facts->from);

	if (from.len == 0)
		return NULL;
	for (size_t i = 0; i < rules->sender_count; i++) {
		const struct sender_rule *rule = &rules->senders[i];

		if (rule->sender->match.count == 0
		            ? d->facts->from_is_no_reply
		            : pattern_list_matches(&rule->match, d->arena,
		                                   from))
			return rule;
	}
	return NULL;
}

/* Is domain the same as other, or one of its sub-domains? */
static bool
is_under(const char *domain, const char *other)
{
	size_t len = strlen(domain), other_len = strlen(other);

	if (len < other_len || strchr(other, '.') == NULL ||
	    !text_is(domain + (len - other_len), other))
		return false;
	return len == other_len || domain[len - other_len - 1] == '.';
}

static bool
share_domain(const char *one, const char *two)
{
	const char *a = strchr(one, '@'), *b = strchr(two, '@');

	return a != NULL && b != NULL &&
	       (is_under(a + 1, b + 1) || is_under(b + 1, a + 1));
}

/* What forbids another From; NULL when nothing does (ADR-2, ADR-6). */
static const char *
from_must_stay(const struct deciding *d, const struct sender_rule *rule)
{
	const struct facts *facts = d->facts;

	if (facts->from_count != 1 || facts->from_has_group)
		return "it names more than one mailbox (ADR-6)";
	if (facts->has_resent)
		return "the message was resent (ADR-6)";
	if (facts->is_signed_or_encrypted)
		return "the message is signed or encrypted (ADR-6)";
	if (!share_domain(facts->from, rule->from_address))
		return "the new one is in another domain, where DMARC would "
		       "fail (ADR-2)";
	return NULL;
}

static void
decide_from(const struct deciding *d, const struct sender_rule *rule)
{
	const char *obstacle;

	if (rule->from_address[0] == '\0' ||
	    text_is(rule->from_address, d->facts->from))
		return;
	obstacle = from_must_stay(d, rule);
	if (obstacle != NULL) {
		explain_not_done(
			d->arena, d->decision, "sender",
			arena_printf(d->arena, "another From: %s", obstacle));
		return;
	}
	d->decision->from = rule->sender->from;
	explain(d->arena, d->decision, "sender",
	        arena_printf(d->arena, "%s -> From: %s", d->facts->from,
	                     rule->sender->from));
}

/* ADR-4: a Reply-To of no-reply addresses counts as none. */
static bool
has_good_reply_to(const struct facts *facts)
{
	return facts->has_reply_to && !facts->reply_to_is_no_reply;
}

static void
set_reply_to(const struct deciding *d, const struct sender_rule *rule)
{
	struct decision *decision = d->decision;
	bool has_good = has_good_reply_to(d->facts);
	enum existing_rule existing = rule->sender->existing;
	const char *verb = "";

	decision->reply_to = rule->sender->reply_to;
	decision->reply_to_merges = has_good && existing == EXISTING_MERGE;
	decision->reply_to_replaces =
		d->facts->has_reply_to && !decision->reply_to_merges;
	if (decision->reply_to_merges)
		verb = " added";
	else if (decision->reply_to_replaces)
		verb = " instead of the one there";
	explain(d->arena, decision, "sender",
	        arena_printf(d->arena, "%s%s -> Reply-To: %s%s", d->facts->from,
	                     d->facts->from_is_no_reply
	                             ? " is a no-reply address"
	                             : "",
	                     rule->sender->reply_to, verb));
}

static void
decide_reply_to(const struct deciding *d, const struct sender_rule *rule)
{
	if (rule->sender->reply_to[0] == '\0')
		return;
	if (has_good_reply_to(d->facts) &&
	    rule->sender->existing == EXISTING_KEEP)
		explain(d->arena, d->decision, "sender",
		        "the Reply-To that is there stays (ADR-4)");
	else
		set_reply_to(d, rule);
}

void
decide_sender(const struct deciding *d)
{
	const struct sender_rule *rule = find_rule(d);

	if (rule != NULL) {
		decide_reply_to(d, rule);
		decide_from(d, rule);
		return;
	}
	if (d->facts->from_is_no_reply && !has_good_reply_to(d->facts))
		explain_not_done(
			d->arena, d->decision, "sender",
			arena_printf(d->arena,
		                     "an address for answers: %s is a "
		                     "no-reply address and no sender rule "
		                     "covers it",
		                     d->facts->from));
}
