#include "policy/decide_parts.h"

#define TOPIC "unsubscribe"

static void
not_done(const struct deciding *d, const char *text)
{
	explain_not_done(d->arena, d->decision, TOPIC, text);
}

/* Mail that must be sent offers no way out of it (LST-17). */
bool
class_must_be_sent(const struct class_settings *class)
{
	return class->purpose == PURPOSE_TRANSACTIONAL ||
	       class->purpose == PURPOSE_LEGAL;
}

static size_t
recipients_left(const struct deciding *d)
{
	return d->facts->recipient_count - d->decision->drop_count;
}

/* LST-4: why one-click cannot be offered; NULL when it can. */
static const char *
one_click_obstacle(const struct deciding *d)
{
	const struct settings *settings = d->rules->settings;

	if (recipients_left(d) != 1)
		return "one-click: the address in it is for one recipient, "
		       "the message has several (LST-4, X-1)";
	if (settings->web[0] == '\0')
		return "one-click: there is no web address to click on "
		       "(LST-4)";
	if (!d->facts->web_is_healthy)
		return "one-click: the web pages do not answer (LST-4)";
	if (!settings->dkim_signs)
		return "one-click: no signer covers its headers: dkim_signs "
		       "is false (LST-4)";
	return NULL;
}

static void
decide_way(const struct deciding *d)
{
	struct decision *decision = d->decision;
	const char *obstacle = NULL;

	decision->unsubscribe_mailto = true;
	if (d->class->unsubscribe == UNSUBSCRIBE_ONE_CLICK)
		obstacle = one_click_obstacle(d);
	if (d->class->unsubscribe != UNSUBSCRIBE_ONE_CLICK ||
	    obstacle != NULL) {
		explain(d->arena, decision, TOPIC,
		        recipients_left(d) == 1
		                ? "by mail"
		                : "by mail that a person reads: the copy is "
		                  "for several recipients (X-1)");
		if (obstacle != NULL)
			not_done(d, obstacle);
		return;
	}
	decision->unsubscribe_https = true;
	decision->unsubscribe_post = true;
	explain(d->arena, decision, TOPIC, "by one click and by mail");
}

/* LST-1: what the application set stays or goes as a whole. */
static void
decide_existing(const struct deciding *d)
{
	struct decision *decision = d->decision;
	bool has_any = d->facts->has_list_unsubscribe || d->facts->has_list_id;
	bool replaces = d->class->unsubscribe_existing == EXISTING_REPLACE;

	if (!has_any || replaces) {
		decision->unsubscribe_replaces = has_any;
		decision->list_id = d->class->list_id;
		decide_way(d);
		return;
	}
	if (d->facts->has_list_unsubscribe) {
		explain(d->arena, decision, TOPIC,
		        "the application's own headers stay (LST-1)");
		return;
	}
	/* A List-Id alone is no way out. */
	decide_way(d);
}

static bool
has_contact(const struct deciding *d)
{
	const struct decision *decision = d->decision;
	const struct facts *facts = d->facts;

	return !facts->from_is_no_reply || decision->reply_to[0] != '\0' ||
	       decision->from[0] != '\0' || decision->unsubscribe_mailto ||
	       facts->has_list_unsubscribe ||
	       (facts->has_reply_to && !facts->reply_to_is_no_reply);
}

/* Of letters nobody expects one. */
static void
explain_no_way_out(const struct deciding *d)
{
	if (d->class->purpose == PURPOSE_TRANSACTIONAL ||
	    d->class->unsubscribe != UNSUBSCRIBE_NONE)
		not_done(d, arena_printf(d->arena,
		                         "one-click: class is %s (LST-17)",
		                         purpose_name(d->class->purpose)));
}

void
decide_unsubscribe(const struct deciding *d)
{
	const struct class_settings *class = d->class;

	if (class_must_be_sent(class))
		explain_no_way_out(d);
	else if (class->unsubscribe != UNSUBSCRIBE_NONE)
		decide_existing(d);
	else if (!d->facts->has_list_id || d->decision->strip_list)
		d->decision->list_id = class->list_id;
	if (class->purpose == PURPOSE_MARKETING && !has_contact(d))
		decide_refuse(d, "5.7.1", "sender",
		              "marketing from a no-reply address needs an "
		              "address that can be answered (FR-3)");
}
