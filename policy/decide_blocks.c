#include "policy/decide_parts.h"

#define TOPIC "text"

static void
add_block(const struct deciding *d, const char *name)
{
	struct decision *decision = d->decision;

	*(const char **)arena_push(d->arena, (void **)&decision->blocks,
	                           &decision->block_count,
	                           &decision->block_room, sizeof(name)) = name;
}

static void
not_done(const struct deciding *d, const char *name, const char *why)
{
	explain_not_done(d->arena, d->decision, TOPIC,
	                 arena_printf(d->arena, "%s: %s", name, why));
}

/* BODY-1, DKIM-3: for these, headers only. NULL: the text may be edited. */
static const char *
obstacle(const struct facts *facts)
{
	if (facts->is_signed_or_encrypted)
		return "the message is signed or encrypted (BODY-1)";
	if (facts->is_dkim_signed)
		return "the message bears a signature already (DKIM-3)";
	if (!facts->is_text_read)
		return "the text cannot be read";
	return NULL;
}

/* Why this block has nothing to say here; NULL: it has. */
static const char *
silent_because(const struct deciding *d, const char *name)
{
	const struct decision *decision = d->decision;

	if (text_is(name, "unsubscribe") && !decision->unsubscribe_mailto &&
	    !decision->unsubscribe_https)
		return "there is no way out to show";
	if (!text_is(name, "way-on"))
		return NULL;
	if (d->class->way_on[0] == '\0')
		return "way_on is not set";
	return d->facts->has_link ? "the message has a link of its own" : NULL;
}

/* A notice speaks of receipts: of failures alone there is nothing to say. */
static bool
wants_notice(const struct deciding *d)
{
	return d->class->notice[0] != '\0' &&
	       (d->decision->ask_reading || d->decision->ask_confirm ||
	        d->decision->measure_links ||
	        (d->decision->notify & DELIVERY_SUCCESS) != 0);
}

/* Why no button; NULL: there may be one. */
static const char *
no_button_because(const struct deciding *d)
{
	const struct facts *facts = d->facts;

	if (d->rules->settings->web[0] == '\0')
		return "web is not set";
	if (facts->recipient_count - d->decision->drop_count != 1)
		return "several people share the message (X-1)";
	for (size_t i = 0; i < facts->recipient_count; i++)
		if ((d->decision->drop_count == 0 || !d->decision->drops[i]) &&
		    facts->recipients[i].refuses_receipts)
			return "the recipient wants no receipts";
	return NULL;
}

static void
decide_confirm(const struct deciding *d)
{
	const char *why;

	if (!d->class->confirm || d->class->notice[0] == '\0')
		return;
	why = no_button_because(d);
	d->decision->ask_confirm = why == NULL;
	if (why != NULL)
		not_done(d, "button to confirm", why);
	else
		explain(d->arena, d->decision, TOPIC, "a button to confirm");
}

/* PIX-6, BODY-9: unknown is no. NULL: all that is needed is there. */
static const char *
no_measure_because(const struct deciding *d)
{
	const struct facts *facts = d->facts;

	if (d->rules->settings->web[0] == '\0')
		return "web is not set";
	if (d->class->notice[0] == '\0')
		return "no notice would tell of it";
	if (facts->recipient_count - d->decision->drop_count != 1)
		return "several people share the message (X-1)";
	for (size_t i = 0; i < facts->recipient_count; i++) {
		const struct fact_recipient *to = &facts->recipients[i];

		if (d->decision->drop_count > 0 && d->decision->drops[i])
			continue;
		if (facts->store != STORE_ANSWERED)
			return "nobody can be asked who has agreed";
		if (to->refuses_measure)
			return "the recipient has said no to it (GDPR-5)";
		if (to->is_restricted)
			return "the recipient's data is restricted (GDPR-10)";
		if (!to->may_measure_clicks)
			return "the recipient has not agreed to it (PIX-6)";
	}
	return NULL;
}

static void
decide_measure(const struct deciding *d)
{
	const char *why;

	if (d->class->links != LINKS_MEASURE)
		return;
	why = no_measure_because(d);
	d->decision->measure_links = why == NULL;
	if (why != NULL)
		not_done(d, "links are not measured", why);
	else
		explain(d->arena, d->decision, TOPIC,
		        "links are measured, with consent (PIX-6)");
}

static const char *
language_for(const struct deciding *d)
{
	const struct facts *facts = d->facts;

	if (facts->recipient_count == 1 &&
	    facts->recipients[0].language[0] != '\0')
		return facts->recipients[0].language;
	if (facts->language[0] != '\0')
		return facts->language;
	return d->rules->settings->pages.language;
}

void
decide_blocks(const struct deciding *d)
{
	const struct text_list *footer = &d->class->footer;
	const char *why = obstacle(d->facts);
	bool is_noticed;

	if (why == NULL) {
		decide_confirm(d);
		decide_measure(d);
	}
	is_noticed = wants_notice(d);
	if (!is_noticed && footer->count == 0)
		return;
	if (why != NULL) {
		not_done(d, "notice and footer", why);
		return;
	}
	d->decision->language = language_for(d);
	if (is_noticed)
		add_block(d, d->class->notice);
	for (size_t i = 0; i < footer->count; i++) {
		why = silent_because(d, footer->items[i]);
		if (why != NULL)
			not_done(d, footer->items[i], why);
		else
			add_block(d, footer->items[i]);
	}
	for (size_t i = 0; i < d->decision->block_count; i++)
		explain(d->arena, d->decision, TOPIC,
		        arena_printf(d->arena, "block %s, in %s",
		                     d->decision->blocks[i],
		                     text_is(d->decision->language, "fr")
		                             ? "French"
		                             : "English"));
}
