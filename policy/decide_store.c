#include <string.h>

#include "policy/decide_parts.h"

bool
class_can_be_left(const struct class_settings *class)
{
	return class->purpose == PURPOSE_MARKETING ||
	       class->unsubscribe != UNSUBSCRIBE_NONE;
}

/* Who left, and who wants no receipts, is known to the store alone. */
bool
class_asks_store(const struct class_settings *class)
{
	return class_can_be_left(class) || class->receipts.reading;
}

static bool
defers_without_store(const struct class_settings *class)
{
	if (class->on_store_failure == STORE_FAILURE_UNSET)
		return class->purpose == PURPOSE_MARKETING;
	return class->on_store_failure == STORE_FAILURE_DEFER;
}

static void
without_store(const struct deciding *d)
{
	struct decision *decision = d->decision;

	if (!defers_without_store(d->class)) {
		explain_not_done(d->arena, decision, "store",
		                 "recipients' wishes: the store is away, and "
		                 "the class goes out all the same");
		return;
	}
	decision->verdict = VERDICT_DEFER;
	decision->reply_code = 451;
	decision->reply_status = "4.3.0";
	decision->reply_text = arena_printf(
		d->arena,
		"the store is away and class %s waits for it; try again later",
		d->class->name);
	explain(d->arena, decision, "store",
	        "away: what recipients wish cannot be known, so the message "
	        "waits (X-12)");
}

/* The day of the latest, as people and logs say it: 2026-11-02. */
static struct span
latest_day(const struct facts *facts)
{
	const char *latest = "";

	for (size_t i = 0; i < facts->recipient_count; i++)
		if (strcmp(facts->recipients[i].suppressed_since, latest) > 0)
			latest = facts->recipients[i].suppressed_since;
	return span_take(span_of(latest), 10);
}

static void
drop_suppressed(const struct deciding *d)
{
	const struct facts *facts = d->facts;
	struct decision *decision = d->decision;

	for (size_t i = 0; i < facts->recipient_count; i++) {
		if (!facts->recipients[i].is_suppressed)
			continue;
		if (decision->drops == NULL)
			decision->drops = arena_array(
				d->arena, facts->recipient_count, sizeof(bool));
		decision->drops[i] = true;
		decision->drop_count++;
	}
}

static void
refuse_suppressed(const struct deciding *d)
{
	bool is_one = d->facts->recipient_count == 1;
	struct span day = latest_day(d->facts);
	const char *since = "";

	if (day.len > 0)
		since = arena_printf(d->arena, "%s" SPAN_FMT,
		                     is_one ? " on " : ", the last on ",
		                     SPAN_ARG(day));
	decide_refuse(
		d, "5.7.1", "suppressed",
		arena_printf(d->arena, "%s unsubscribed from %s%s",
	                     is_one ? "the recipient" : "all recipients have",
	                     d->class->name, since));
}

static void
decide_suppressed(const struct deciding *d)
{
	struct decision *decision = d->decision;

	drop_suppressed(d);
	if (decision->drop_count == 0)
		return;
	if (decision->drop_count == d->facts->recipient_count &&
	    d->class->on_suppressed == SUPPRESSED_REFUSE) {
		refuse_suppressed(d);
		return;
	}
	explain(d->arena, decision, "suppressed",
	        arena_printf(d->arena,
	                     "%zu of %zu recipients left out: unsubscribed "
	                     "from %s (GDPR-4)",
	                     decision->drop_count, d->facts->recipient_count,
	                     d->class->name));
}

void
decide_store(const struct deciding *d)
{
	if (!class_asks_store(d->class))
		return;
	switch (d->facts->store) {
	case STORE_AWAY:
		without_store(d);
		return;
	case STORE_NOT_ASKED:
		explain_not_done(d->arena, d->decision, "store",
		                 "recipients' wishes: the store was not "
		                 "asked");
		return;
	case STORE_ANSWERED:
		if (class_can_be_left(d->class))
			decide_suppressed(d);
		return;
	}
}
