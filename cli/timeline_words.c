#include "cli/timeline_words.h"

#include <string.h>

#include "base/span.h"

/* EVD-6: to mx1.example.com [192.0.2.7], TLSv1.3: "250 2.0.0 OK 4f8a" */
static char *
saw(struct arena *arena, const struct event *event)
{
	const char *tls = event_fact(event, "tls");
	const char *reply = event_fact(event, "diagnostic");
	char *text =
		arena_printf(arena, "%s [%s]", event_fact(event, "remote_mta"),
	                     event_fact(event, "remote_ip"));

	if (tls[0] != '\0')
		text = arena_printf(arena, "%s, %s", text, tls);
	return reply[0] == '\0'
	               ? text
	               : arena_printf(arena, "%s: \"%s\"", text, reply);
}

/* " says mx1.example.com: \"250 2.0.0 OK\"" as far as it is known. */
static char *
says(struct arena *arena, const struct event *event)
{
	const char *mta = event_fact(event, "remote_mta");
	const char *diagnostic = event_fact(event, "diagnostic");

	if (mta[0] == '\0')
		mta = event_fact(event, "reporting_mta");
	if (mta[0] != '\0' && diagnostic[0] != '\0')
		return arena_printf(arena, "says %s: \"%s\"", mta, diagnostic);
	if (mta[0] != '\0')
		return arena_printf(arena, "says %s", mta);
	if (diagnostic[0] != '\0')
		return arena_printf(arena, "\"%s\"", diagnostic);
	return arena_strdup(arena, "");
}

/* Two pieces with ", " between them when both are there. */
static char *
join(struct arena *arena, const char *a, const char *b)
{
	if (a[0] == '\0' || b[0] == '\0')
		return arena_strdup(arena, a[0] != '\0' ? a : b);
	return arena_printf(arena, "%s, %s", a, b);
}

static char *
with_status(struct arena *arena, const struct event *event, const char *text)
{
	return join(arena, event->status, text);
}

static char *
submitted_words(struct arena *arena, const struct event *event)
{
	const char *sender = event_fact(event, "sender");
	const char *client = event_fact(event, "client");
	const char *auth = event_fact(event, "auth");
	char *text =
		arena_printf(arena, "by %s", sender[0] != '\0' ? sender : "<>");

	if (client[0] != '\0')
		text = arena_printf(arena, "%s from %s", text, client);
	if (auth[0] != '\0')
		text = arena_printf(arena, "%s, authenticated as %s", text,
		                    auth);
	if (event->queue_id[0] != '\0')
		text = arena_printf(arena, "%s, queue id %s", text,
		                    event->queue_id);
	return text;
}

static char *
refused_words(struct arena *arena, const struct event *event)
{
	if (strcmp(event->detail, "edit-failed") == 0)
		return with_status(arena, event,
		                   "taken back: the mail server did not make "
		                   "the changes");
	return with_status(arena, event, event_fact(event, "reason"));
}

static char *
relayed_words(struct arena *arena, const struct event *event)
{
	if (event_fact(event, "remote_ip")[0] != '\0')
		return arena_printf(arena, "to %s", saw(arena, event));
	return join(arena, "to another mail server", says(arena, event));
}

/* DSN-12: the mailbox service, not the reader. */
static char *
delivered_words(struct arena *arena, const struct event *event)
{
	return join(arena, "to the mailbox service", says(arena, event));
}

static char *
expanded_words(struct arena *arena, const struct event *event)
{
	return join(arena, "to the members of a list", says(arena, event));
}

static char *
delayed_words(struct arena *arena, const struct event *event)
{
	const char *until = event_fact(event, "will_retry_until");
	char *text = with_status(arena, event, says(arena, event));

	return until[0] == '\0'
	               ? text
	               : join(arena, text,
	                      arena_printf(arena, "it tries until %s", until));
}

static char *
failed_words(struct arena *arena, const struct event *event)
{
	return with_status(arena, event, says(arena, event));
}

/* The two modes of a disposition, in words (RFC 8098, 3.2.6). */
static char *
modes_words(struct arena *arena, const struct event *event)
{
	static const struct {
		const char *mode;
		const char *words;
	} modes[] = {
		{ "manual-action", "by a person's action" },
		{ "automatic-action", "by a program's own action" },
		{ "MDN-sent-manually", "sent by a person" },
		{ "MDN-sent-automatically", "sent automatically" },
	};
	struct span text = span_of(event_fact(event, "disposition"));
	char *words = arena_strdup(arena, "");

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (span_find_text(text, modes[i].mode, 0) < text.len)
			words = join(arena, words, modes[i].words);
	return words;
}

static char *
disposed_words(struct arena *arena, const struct event *event)
{
	return join(arena, event->detail, modes_words(arena, event));
}

static char *
replied_words(struct arena *arena, const struct event *event)
{
	const char *from = event_fact(event, "from");

	return from[0] == '\0' ? arena_strdup(arena, "")
	                       : arena_printf(arena, "by %s", from);
}

static char *
auto_replied_words(struct arena *arena, const struct event *event)
{
	return join(arena, replied_words(arena, event),
	            event_fact(event, "sign"));
}

static char *
unsubscribed_words(struct arena *arena, const struct event *event)
{
	return arena_strdup(arena, strcmp(event->detail, "mailto") == 0
	                                   ? "by a mail to the address given"
	                                   : event->detail);
}

static char *
unreadable_words(struct arena *arena, const struct event *event)
{
	return join(arena, "something came that could not be read",
	            event_fact(event, "problem"));
}

static char *
passed_on_words(struct arena *arena, const struct event *event)
{
	const char *to = event_fact(event, "to");

	return to[0] == '\0' ? arena_strdup(arena, event->detail)
	                     : arena_printf(arena, "to %s", to);
}

static char *
plain_words(struct arena *arena, const struct event *event)
{
	return arena_strdup(arena, event->detail);
}

static const struct {
	const char *name;
	char *(*words)(struct arena *arena, const struct event *event);
} kinds[EVENT_KINDS] = {
	[EVENT_SUBMITTED] = { "submitted", submitted_words },
	[EVENT_REFUSED] = { "refused", refused_words },
	[EVENT_RELAYED] = { "handed over", relayed_words },
	[EVENT_DELIVERED] = { "delivered", delivered_words },
	[EVENT_EXPANDED] = { "expanded", expanded_words },
	[EVENT_DELAYED] = { "delayed", delayed_words },
	[EVENT_FAILED] = { "failed", failed_words },
	[EVENT_DISPLAYED] = { "displayed", modes_words },
	[EVENT_DISPOSED] = { "receipt", disposed_words },
	[EVENT_REPLIED] = { "replied", replied_words },
	[EVENT_AUTO_REPLIED] = { "auto-reply", auto_replied_words },
	[EVENT_UNSUBSCRIBED] = { "unsubscribed", unsubscribed_words },
	[EVENT_UNREADABLE] = { "unreadable", unreadable_words },
	[EVENT_PASSED_ON] = { "passed on", passed_on_words },
	[EVENT_GAP] = { "gap", plain_words },
	[EVENT_STARTED] = { "started", plain_words },
	[EVENT_HELD] = { "held", plain_words },
	[EVENT_RELEASED] = { "released", plain_words },
	[EVENT_CONFIRMED] = { "confirmed", plain_words },
	[EVENT_PREFERENCE] = { "preference", plain_words },
	[EVENT_CONSENT] = { "consent", plain_words },
	[EVENT_SUPPRESSED] = { "suppressed", plain_words },
	[EVENT_READMITTED] = { "readmitted", plain_words },
	[EVENT_ASKED] = { "asked", plain_words },
	[EVENT_EXPORTED] = { "exported", plain_words },
	[EVENT_ERASED] = { "erased", plain_words },
	[EVENT_AMENDED] = { "amended", plain_words },
	[EVENT_RESTRICTED] = { "restricted", plain_words },
	[EVENT_HOLD] = { "legal hold", plain_words },
	[EVENT_HOLD_LIFTED] = { "hold lifted", plain_words },
	[EVENT_EXPIRED] = { "expired", plain_words },
};

const char *
timeline_kind(enum event_kind kind)
{
	return kinds[kind].name;
}

char *
timeline_words(struct arena *arena, const struct event *event)
{
	return kinds[event->kind].words(arena, event);
}

char *
timeline_source(struct arena *arena, const struct event *event)
{
	static const char *const names[] = {
		[SOURCE_MILTER] = "avis",       [SOURCE_DSN] = "DSN",
		[SOURCE_MDN] = "MDN",           [SOURCE_BOUNCE] = "bounce",
		[SOURCE_MAIL] = "mail",         [SOURCE_JOURNAL] = "journal",
		[SOURCE_MAILLOG] = "mail log",  [SOURCE_PAGE] = "page",
		[SOURCE_OPERATOR] = "operator",
	};
	const char *dot = strrchr(event->writer, '.');
	int host = dot == NULL ? (int)strlen(event->writer)
	                       : (int)(dot - event->writer);

	/* Which of our hosts saw it, when one of them did. */
	if (event->grade != GRADE_OBSERVED)
		return arena_strdup(arena, names[event->source]);
	return arena_printf(arena, "%s, %.*s", names[event->source], host,
	                    event->writer);
}
