#include <string.h>

#include "policy/decide_parts.h"

#define DAY_MS ((time_ms_t)86400 * 1000)

/* "until Monday 08:00 Europe/Paris"; a date when that is days away. */
static const char *
until_words(const struct deciding *d, time_ms_t due)
{
	char date[CLOCK_TEXT_SIZE];

	if (due == 0)
		return "until somebody lets it go";
	clock_format(due, date);
	if (d->rule->opening.zone == NULL || due - d->facts->now > 6 * DAY_MS)
		return arena_printf(d->arena, "until %.16sZ", date);
	return arena_printf(d->arena, "until %s",
	                    opening_words(d->arena, &d->rule->opening, due));
}

/* An MTA without quarantine: later is as good, but consent is not awaited. */
static void
without_hold(const struct deciding *d, const char *reason, time_ms_t due)
{
	if (strcmp(reason, "consent") == 0)
		decide_refuse(d, "5.7.1", reason,
		              arena_printf(d->arena,
		                           "no consent to %s is on record, and "
		                           "this MTA holds no mail for it",
		                           d->class->name));
	else
		decide_defer(d, "4.7.1", reason,
		             arena_printf(d->arena, "class %s waits %s",
		                          d->class->name, until_words(d, due)));
}

void
decide_hold(const struct deciding *d, const char *reason, const char *why,
            time_ms_t due)
{
	struct decision *decision = d->decision;
	const struct opening *opening = &d->rule->opening;
	bool is_first = decision->verdict != VERDICT_HOLD;

	if (!d->facts->mta_can_hold) {
		without_hold(d, reason, due);
		return;
	}
	/* Several reasons: the latest counts, and unknown is later than all. */
	if (!is_first && (decision->hold_until == 0 || due == 0))
		due = 0;
	else if (!is_first && decision->hold_until > due)
		due = decision->hold_until;
	if (due != 0 && !opening_is_open(opening, due))
		due = opening_next(opening, due);
	decision->verdict = VERDICT_HOLD;
	decision->hold_until = due;
	if (is_first)
		decision->hold_reason = reason;
	explain(d->arena, decision, reason,
	        arena_printf(d->arena, "%s: on hold %s", why,
	                     until_words(d, due)));
}

void
decide_hours(const struct deciding *d)
{
	const struct opening *opening = &d->rule->opening;
	time_ms_t next;

	if (class_must_be_sent(d->class) ||
	    opening_is_open(opening, d->facts->now))
		return;
	next = opening_next(opening, d->facts->now);
	/* MLT-25: sendmail(1) has nobody who would try again. */
	if (d->class->on_hours == HOURS_DEFER &&
	    !d->facts->is_local_submission) {
		decide_defer(d, "4.7.1", "hours",
		             arena_printf(d->arena,
		                          "class %s is not sent at this hour; "
		                          "it waits %s",
		                          d->class->name,
		                          until_words(d, next)));
		return;
	}
	decide_hold(d, "hours", "outside of the sending hours", next);
}
