#include <stdio.h>
#include <string.h>

#include "policy/decide_parts.h"

#define TOPIC "receipts"

/* What of it is wanted, before anything stands against it. */
struct wanted {
	unsigned delivery;
	bool reading;
	bool redirect; /* the author asks, we carry it (MDN-3) */
};

static void
not_done(const struct deciding *d, const char *text)
{
	explain_not_done(d->arena, d->decision, TOPIC, text);
}

/*
 * Failures of marketing are worth knowing (STAT-4); who received and who
 * read an advertisement is not ours to ask.
 */
static struct wanted
wanted_by_class(const struct deciding *d)
{
	const struct receipts_settings *receipts = &d->class->receipts;
	struct wanted wanted = { .delivery = receipts->delivery,
		                 .reading = receipts->reading };

	if (d->class->purpose != PURPOSE_MARKETING)
		return wanted;
	if (wanted.reading || (wanted.delivery & DELIVERY_SUCCESS) != 0)
		not_done(d, "receipts: never on marketing (GDPR, article 5)");
	wanted.reading = false;
	wanted.delivery &= ~(unsigned)DELIVERY_SUCCESS;
	return wanted;
}

/* A list or a bulk sender that counts its bounces by the address. */
static bool
has_foreign_tag(const struct facts *facts)
{
	size_t local = strcspn(facts->envelope_sender, "@");

	return memchr(facts->envelope_sender, '=', local) != NULL;
}

/* Why the envelope sender must stay; NULL when it need not. */
static const char *
sender_must_stay(const struct facts *facts)
{
	if (facts->envelope_sender[0] == '\0')
		return "receipts: the sender is <>, nothing is ever reported "
		       "to it (DSN-6)";
	if (facts->is_list)
		return "receipts: a mailing list reads its own bounces "
		       "(DSN-13)";
	if (has_foreign_tag(facts))
		return "receipts: the envelope sender bears another system's "
		       "tag";
	if (!facts->mta_can_set_sender)
		return "receipts: this MTA does not let a filter set the "
		       "envelope sender (MLT-13)";
	return NULL;
}

/* MDN-1, MDN-4, MDN-17: why not ask for reading; NULL when it may be. */
static const char *
reading_obstacle(const struct facts *facts)
{
	if (facts->is_automatic)
		return "reading: the message was sent by a machine (MDN-1)";
	if (facts->is_bulk)
		return "reading: the message is bulk mail (MDN-1)";
	if (facts->is_partial)
		return "reading: the message is a fragment (MDN-17)";
	for (size_t i = 0; i < facts->recipient_count; i++)
		if (facts->recipients[i].refuses_receipts)
			return facts->recipient_count == 1
			               ? "reading: the recipient wants no "
			                 "receipts"
			               : "reading: a recipient wants no "
			                 "receipts, and all see the same "
			                 "copy (F-1)";
	return NULL;
}

static bool
has_header(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->header_count; i++)
		if (text_is(facts->headers[i].name, name))
			return true;
	return false;
}

/* MDN-12: these bypass the check of the return path. */
static bool
has_legacy_request(const struct facts *facts)
{
	return has_header(facts, "Return-Receipt-To") ||
	       has_header(facts, "X-Confirm-Reading-To");
}

static bool
has_request(const struct facts *facts)
{
	return facts->receipt_to[0] != '\0' ||
	       has_header(facts, "Disposition-Notification-To");
}

static bool
is_left_out(const struct decision *decision, size_t recipient)
{
	return decision->drop_count > 0 && decision->drops[recipient];
}

/* Who wants no receipts is not reported on (success is one, failure none). */
static size_t
count_refusals(const struct deciding *d)
{
	size_t count = 0;

	for (size_t i = 0; i < d->facts->recipient_count; i++)
		if (!is_left_out(d->decision, i) &&
		    d->facts->recipients[i].refuses_receipts)
			count++;
	return count;
}

static unsigned
without_refused(const struct deciding *d, unsigned delivery)
{
	size_t refusals = count_refusals(d);
	size_t all = d->facts->recipient_count - d->decision->drop_count;

	if ((delivery & DELIVERY_SUCCESS) == 0 || refusals == 0)
		return delivery;
	if (refusals < all) {
		not_done(d, arena_printf(d->arena,
		                         "success: not for %zu of %zu "
		                         "recipients, who want no receipts",
		                         refusals, all));
		return delivery;
	}
	not_done(d, all == 1 ? "success: the recipient wants no receipts"
	                     : "success: the recipients want no receipts");
	return delivery & ~(unsigned)DELIVERY_SUCCESS;
}

/*
 * DSN-2: where NOTIFY is given, FAILURE is in it, or bounces are lost.
 * SUCCESS from a filter alone makes Postfix write a trace file that it
 * neither sends nor removes, so something in front must have asked too.
 */
static void
decide_notify(const struct deciding *d, unsigned delivery)
{
	struct decision *decision = d->decision;

	if (delivery == 0)
		return;
	if (!d->facts->mta_can_set_notify) {
		not_done(d, "delivery reports: with this MTA a filter cannot "
		            "ask for them safely (MLT-16)");
		return;
	}
	if ((delivery & DELIVERY_SUCCESS) != 0 &&
	    !d->facts->mta_flags_success && !d->class->receipts.leave_traces) {
		not_done(d, "success: this MTA would not report it, see "
		            "SUCCESS REPORTS in avis-policy(5)");
		delivery &= ~(unsigned)DELIVERY_SUCCESS;
	}
	delivery = without_refused(d, delivery);
	if (delivery == 0)
		return;
	decision->notify = delivery | DELIVERY_FAILURE;
	decision->override_never = d->class->receipts.override_never;
}

/* F-2: the author's own request must name the sender we put there. */
static void
decide_reading(const struct deciding *d, struct wanted wanted)
{
	const char *obstacle = NULL;

	if (wanted.reading && !wanted.redirect)
		obstacle = reading_obstacle(d->facts);
	if (obstacle != NULL) {
		not_done(d, obstacle);
		return;
	}
	d->decision->ask_reading = wanted.reading || wanted.redirect;
	if (wanted.redirect)
		explain(d->arena, d->decision, TOPIC,
		        "the author's own request is redirected to us, and "
		        "the receipt passed on (MDN-3, X-2)");
}

static void
append(char *line, size_t size, const char *word)
{
	size_t len = strlen(line);

	snprintf(line + len, size - len, "%s%s", len > 0 ? ", " : "", word);
}

static void
explain_asked(const struct deciding *d)
{
	const struct decision *decision = d->decision;
	const struct settings *settings = d->rules->settings;
	const char *at = strchr(settings->receipts, '@');
	int local = (int)strcspn(settings->receipts, "@");
	char what[64] = "";

	if ((decision->notify & DELIVERY_SUCCESS) != 0)
		append(what, sizeof(what), "success");
	if ((decision->notify & DELIVERY_FAILURE) != 0)
		append(what, sizeof(what), "failure");
	if ((decision->notify & DELIVERY_DELAY) != 0)
		append(what, sizeof(what), "delay");
	if (decision->ask_reading)
		append(what, sizeof(what), "reading");
	explain(d->arena, d->decision, TOPIC,
	        arena_printf(d->arena,
	                     "%s; envelope sender becomes %.*s%sTOKEN%s",
	                     what[0] != '\0' ? what : "as usual", local,
	                     settings->receipts, settings->delimiter,
	                     at == NULL ? "" : at));
}

/* MDN-12, for a message whose sender stays as it is. */
static void
drop_legacy(const struct deciding *d)
{
	d->decision->drop_legacy_receipt = true;
	if (d->decision->ask_reading)
		explain(d->arena, d->decision, TOPIC,
		        "the author's old request for a receipt is replaced "
		        "(MDN-12)");
	else
		not_done(d, "the author's request by an old header, which is "
		            "taken out (MDN-12)");
}

void
decide_receipts(const struct deciding *d)
{
	struct wanted wanted = wanted_by_class(d);
	const char *obstacle = NULL;

	if (wanted.delivery != 0 || wanted.reading)
		obstacle = sender_must_stay(d->facts);
	if (obstacle != NULL) {
		not_done(d, obstacle);
	} else if (wanted.delivery != 0 || wanted.reading) {
		d->decision->rewrite_sender = true;
		wanted.redirect = has_request(d->facts);
		decide_notify(d, wanted.delivery);
		decide_reading(d, wanted);
		explain_asked(d);
	}
	if (has_legacy_request(d->facts))
		drop_legacy(d);
}
