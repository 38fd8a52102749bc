#include <string.h>

#include "policy/decide_parts.h"

/*
 * What can stand between a class and one recipient, in the order of this
 * table: the first that does is the one that is told.
 */
struct obstacle {
	const char *topic;
	const char *rule; /* of the law or of good manners */
	bool (*stops)(const struct deciding *d,
	              const struct fact_recipient *to);
	enum leave_rule (*leave)(const struct class_settings *class);
	/* Of each that is left out, and of all: "%s" is the class. */
	const char *said;
	const char *one;
	const char *all;
};

static bool
is_bouncing(const struct deciding *d, const struct fact_recipient *to)
{
	return class_can_be_left(d->class) && to->is_suppressed &&
	       to->is_bouncing;
}

static bool
is_suppressed(const struct deciding *d, const struct fact_recipient *to)
{
	return class_can_be_left(d->class) && to->is_suppressed;
}

static enum leave_rule
leave_suppressed(const struct class_settings *class)
{
	return class->on_suppressed == SUPPRESSED_DROP ? LEAVE_DROP
	                                               : LEAVE_REFUSE;
}

static bool
is_restricted(const struct deciding *d, const struct fact_recipient *to)
{
	return d->class->purpose == PURPOSE_MARKETING && to->is_restricted;
}

static enum leave_rule
leave_refused(const struct class_settings *class)
{
	(void)class;
	return LEAVE_REFUSE;
}

/*
 * Silence is no consent. A withdrawal is a record that says no, and ends a
 * soft opt-in as well (FR-2: the way out is open from the first message).
 */
static bool
lacks_consent(const struct deciding *d, const struct fact_recipient *to)
{
	switch (d->class->consent) {
	case CONSENT_NONE:
		return false;
	case CONSENT_REQUIRED:
		return !to->has_consent || !to->may_receive ||
		       to->is_soft_opt_in;
	case CONSENT_SOFT_OPT_IN:
		return !to->has_consent || !to->may_receive;
	}
	return true;
}

static enum leave_rule
leave_without_consent(const struct class_settings *class)
{
	return class->on_no_consent;
}

static bool
is_over_cap(const struct deciding *d, const struct fact_recipient *to)
{
	(void)d;
	return to->is_over_cap;
}

static enum leave_rule
leave_over_cap(const struct class_settings *class)
{
	return class->on_cap;
}

static bool
prefers_another_channel(const struct fact_recipient *to)
{
	return to->channel != NULL && to->channel[0] != '\0' &&
	       !text_is(to->channel, "email");
}

static bool
is_for_post(const struct deciding *d, const struct fact_recipient *to)
{
	return d->class->on_post == POST_REFUSE && prefers_another_channel(to);
}

static const struct obstacle obstacles[] = {
	/* Nobody's word: it must not be told as somebody's. */
	{ "bounced", "STAT-4", is_bouncing, leave_suppressed,
	  "not written to in class %s: mail bounced there",
	  "mail to the recipient bounced too often, class %s is not sent "
	  "there",
	  "mail to all recipients bounced too often, class %s is not sent "
	  "there" },
	{ "suppressed", "GDPR-4", is_suppressed, leave_suppressed,
	  "unsubscribed from %s", "the recipient unsubscribed from %s",
	  "all recipients have unsubscribed from %s" },
	{ "restricted", "GDPR-10", is_restricted, leave_refused,
	  "not to be written to in class %s: restricted",
	  "use of the recipient's data is restricted, class %s is not sent",
	  "use of all recipients' data is restricted, class %s is not sent" },
	{ "consent", "GDPR-2", lacks_consent, leave_without_consent,
	  "no consent to %s on record",
	  "no consent of the recipient to %s is on record",
	  "no consent of any recipient to %s is on record" },
	{ "cap", "cap", is_over_cap, leave_over_cap,
	  "had as many messages of %s as the cap allows",
	  "the recipient has had as many messages of %s as the cap allows",
	  "all recipients have had as many messages of %s as the cap allows" },
	{ "channel", "on_post", is_for_post, leave_refused,
	  "prefer post or telephone to mail of %s",
	  "the recipient prefers another channel than mail for %s",
	  "all recipients prefer another channel than mail for %s" },
};

#define OBSTACLES (sizeof(obstacles) / sizeof(obstacles[0]))

static bool
is_left_out(const struct decision *decision, size_t recipient)
{
	return decision->drops != NULL && decision->drops[recipient];
}

static void
leave_out(const struct deciding *d, size_t recipient)
{
	struct decision *decision = d->decision;

	if (decision->drops == NULL)
		decision->drops = arena_array(
			d->arena, d->facts->recipient_count, sizeof(bool));
	decision->drops[recipient] = true;
	decision->drop_count++;
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

/* Where a day is known it is told, so that the sender can look it up. */
static const char *
since(const struct deciding *d, const struct obstacle *obstacle)
{
	bool is_one = d->facts->recipient_count == 1;
	struct span day = latest_day(d->facts);

	if (obstacle->stops != is_suppressed || day.len == 0)
		return "";
	return arena_printf(d->arena, "%s" SPAN_FMT,
	                    is_one ? " on " : ", the last on ", SPAN_ARG(day));
}

/* The words of the table name the class. */
static const char *
words(const struct deciding *d, const char *format)
{
	size_t at = span_find_text(span_of(format), "%s", 0);

	return arena_printf(d->arena, "%.*s%s%s", (int)at, format,
	                    d->class->name, format + at + 2);
}

static void
refuse(const struct deciding *d, const struct obstacle *obstacle,
       bool is_for_all)
{
	const char *text;

	if (d->facts->recipient_count == 1)
		text = words(d, obstacle->one);
	else if (is_for_all)
		text = words(d, obstacle->all);
	else
		text = arena_printf(d->arena, "nobody is left; the last: %s",
		                    words(d, obstacle->said));
	decide_refuse(d, "5.7.1", obstacle->topic,
	              arena_printf(d->arena, "%s%s", text, since(d, obstacle)));
}

static void
explain_left_out(const struct deciding *d, const struct obstacle *obstacle,
                 size_t count)
{
	explain(d->arena, d->decision, obstacle->topic,
	        arena_printf(d->arena,
	                     "%zu of %zu recipients left out: %s (%s)", count,
	                     d->facts->recipient_count,
	                     words(d, obstacle->said), obstacle->rule));
}

/* Waits for the last of those who may not have it yet. */
static void
hold(const struct deciding *d, const struct obstacle *obstacle, size_t count)
{
	const struct facts *facts = d->facts;
	time_ms_t due = 0;

	for (size_t i = 0; i < facts->recipient_count; i++) {
		const struct fact_recipient *to = &facts->recipients[i];

		if (is_left_out(d->decision, i) || !obstacle->stops(d, to))
			continue;
		if (obstacle->stops != is_over_cap || to->cap_next == 0) {
			due = 0;
			break;
		}
		due = to->cap_next > due ? to->cap_next : due;
	}
	decide_hold(d, obstacle->topic,
	            arena_printf(d->arena, "%zu of %zu recipients: %s", count,
	                         facts->recipient_count,
	                         words(d, obstacle->said)),
	            due);
}

static size_t
count_stopped(const struct deciding *d, const struct obstacle *obstacle)
{
	size_t count = 0;

	for (size_t i = 0; i < d->facts->recipient_count; i++)
		if (!is_left_out(d->decision, i) &&
		    obstacle->stops(d, &d->facts->recipients[i]))
			count++;
	return count;
}

/* False when nothing remains to be asked. */
static bool
decide_obstacle(const struct deciding *d, const struct obstacle *obstacle,
                bool *refuses)
{
	const struct facts *facts = d->facts;
	enum leave_rule rule = obstacle->leave(d->class);
	size_t count = count_stopped(d, obstacle);

	if (count == 0)
		return true;
	if (rule == LEAVE_HOLD) {
		hold(d, obstacle, count);
		return verdict_lets_go(d->decision->verdict);
	}
	for (size_t i = 0; i < facts->recipient_count; i++)
		if (!is_left_out(d->decision, i) &&
		    obstacle->stops(d, &facts->recipients[i]))
			leave_out(d, i);
	*refuses = *refuses || rule == LEAVE_REFUSE;
	if (d->decision->drop_count < facts->recipient_count) {
		explain_left_out(d, obstacle, count);
		return true;
	}
	if (*refuses)
		refuse(d, obstacle, count == facts->recipient_count);
	else
		explain_left_out(d, obstacle, count);
	return false;
}

/* HDR-11: a preference is told where only one person is meant. */
static void
tell_channel(const struct deciding *d)
{
	const struct facts *facts = d->facts;
	bool is_one = facts->recipient_count - d->decision->drop_count == 1;

	if (d->class->on_post != POST_HEADER)
		return;
	for (size_t i = 0; i < facts->recipient_count; i++) {
		const struct fact_recipient *to = &facts->recipients[i];

		if (is_left_out(d->decision, i) || !prefers_another_channel(to))
			continue;
		if (!is_one) {
			explain_not_done(d->arena, d->decision, "channel",
			                 "the channel a recipient prefers: "
			                 "all would read it (HDR-11)");
			return;
		}
		d->decision->preferred_channel = to->channel;
		explain(d->arena, d->decision, "channel",
		        arena_printf(d->arena, "the recipient prefers %s",
		                     to->channel));
	}
}

void
decide_people(const struct deciding *d)
{
	bool refuses = false;

	/* A preference never stops what must be sent; who left may. */
	for (size_t i = 0; i < OBSTACLES; i++)
		if (i > 0 && class_must_be_sent(d->class))
			break;
		else if (!decide_obstacle(d, &obstacles[i], &refuses))
			break;
	/* Nobody waits for a message that goes to nobody. */
	if (d->decision->verdict == VERDICT_HOLD &&
	    d->decision->drop_count == d->facts->recipient_count)
		d->decision->verdict = VERDICT_PASS;
	if (verdict_lets_go(d->decision->verdict) &&
	    !class_must_be_sent(d->class))
		tell_channel(d);
}
