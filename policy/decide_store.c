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
	return class_can_be_left(class) || class->receipts.reading ||
	       (class->receipts.delivery & DELIVERY_SUCCESS) != 0 ||
	       class->confirm || class->links == LINKS_MEASURE ||
	       class->consent != CONSENT_NONE || class->cap[0] != '\0' ||
	       class->on_post != POST_PASS;
}

/* Without consent there is no mail, so unknown is no (GDPR-2). */
static bool
defers_without_store(const struct class_settings *class)
{
	if (class->consent != CONSENT_NONE)
		return true;
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

bool
decide_store(const struct deciding *d)
{
	if (!class_asks_store(d->class))
		return false;
	switch (d->facts->store) {
	case STORE_AWAY:
		without_store(d);
		return false;
	case STORE_NOT_ASKED:
		explain_not_done(d->arena, d->decision, "store",
		                 "recipients' wishes: the store was not "
		                 "asked");
		return false;
	case STORE_ANSWERED:
		break;
	}
	return true;
}
