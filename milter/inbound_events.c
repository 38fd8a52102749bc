#include "milter/inbound_events.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "mail/address.h"
#include "mail/dsn.h"
#include "milter/bounces.h"
#include "milter/confirm.h"
#include "milter/pass_on.h"

#define RAW_BYTES  ((size_t)32 * 1024)
#define TEXT_BYTES ((size_t)1000) /* of a stranger's word in the record */

/* Action to event, and which bit of NOTIFY makes the author want it. */
static const struct {
	enum event_kind kind;
	unsigned notify;
} actions[] = {
	[ACTION_NONE] = { EVENT_UNREADABLE, DSN_NOTIFY_FAILURE },
	[ACTION_FAILED] = { EVENT_FAILED, DSN_NOTIFY_FAILURE },
	[ACTION_DELAYED] = { EVENT_DELAYED, DSN_NOTIFY_DELAY },
	[ACTION_DELIVERED] = { EVENT_DELIVERED, DSN_NOTIFY_SUCCESS },
	[ACTION_RELAYED] = { EVENT_RELAYED, DSN_NOTIFY_SUCCESS },
	[ACTION_EXPANDED] = { EVENT_EXPANDED, DSN_NOTIFY_SUCCESS },
};

/* What an author who said nothing is told anyway (RFC 3461, 4.1). */
#define NOTIFY_DEFAULT (DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY)

const struct event *
inbound_submission(const struct event_list *events)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind == EVENT_SUBMITTED)
			return &events->items[i];
	return NULL;
}

static unsigned
author_wishes(const struct inbound_case *found, unsigned recipient)
{
	unsigned notify = DSN_NOTIFY_NONE;

	if (found->submitted == NULL)
		return NOTIFY_DEFAULT;
	if (recipient > 0 && recipient <= found->submitted->recipient_count)
		notify = found->submitted->recipients[recipient - 1].notify;
	return notify == DSN_NOTIFY_NONE ? NOTIFY_DEFAULT : notify;
}

/* REP-10 (3), REP-16: 1, 2...; the only one we wrote to; or 0, unknown. */
static unsigned
recipient_number(const struct inbound_case *found,
                 const struct report_recipient *group)
{
	const struct event *submitted = found->submitted;

	if (submitted == NULL)
		return 0;
	for (size_t i = 0; i < submitted->recipient_count; i++) {
		const char *to = submitted->recipients[i].address;

		if (dsn_address_matches(group->original, to) ||
		    dsn_address_matches(group->final, to))
			return (unsigned)i + 1;
	}
	return submitted->recipient_count == 1 ? 1 : 0;
}

static bool
was_recorded(const struct inbound_case *found, const struct event *event)
{
	for (size_t i = 0; i < found->earlier->count; i++) {
		const struct event *old = &found->earlier->items[i];

		if (old->has_raw_digest && old->kind == event->kind &&
		    old->recipient == event->recipient &&
		    memcmp(old->raw_digest, event->raw_digest, DIGEST_BYTES) ==
		            0)
			return true;
	}
	return false;
}

/*
 * REP-9, MDN-8: a report has the null sender and comes to the token; with
 * any other sender it is only what somebody says. A token that several
 * recipients were sent shows that one of them speaks, not which; our own
 * servers are believed.
 */
static enum event_grade
grade_of(const struct session *session, const struct inbound_case *found)
{
	bool is_shared = found->submitted != NULL &&
	                 found->submitted->recipient_count > 1;

	if (session->message.sender[0] != '\0' ||
	    (is_shared && session->origin == ORIGIN_TRANSIT))
		return GRADE_CLAIMED;
	return GRADE_AUTHENTICATED;
}

/* A fact that a stranger wrote, cut between characters. */
static void
add_said(struct session *session, struct event *event, const char *name,
         const char *text)
{
	size_t len = strlen(text);

	if (len > TEXT_BYTES)
		for (len = TEXT_BYTES; len > 0 && (text[len] & 0xc0) == 0x80;)
			len--;
	event_fact_add(session->arena, event, name,
	               arena_strndup(session->arena, text, len));
}

static void
event_begin(struct session *session, const struct inbound_case *found,
            struct event *event)
{
	*event = (struct event){
		.time = clock_now(),
		.grade = grade_of(session, found),
		.has_message = true,
		.message = found->arrival->id,
		.class_name = "",
		.queue_id = session->message.queue_id,
		.status = "",
		.detail = "",
		.has_raw_digest = true,
	};
	/* The body alone: another try has other Received fields (REP-11). */
	digest_sha256(session->body.data, session->body.len, event->raw_digest);
	if (found->submitted != NULL) {
		event->class_name = found->submitted->class_name;
		event->retention_ms = found->submitted->retention_ms;
	}
	event_fact_add(session->arena, event, "client",
	               session->message.client_address);
	add_said(session, event, "sender", session->message.sender);
}

/* Queues it unless it is there already: then false. */
static bool
event_queue(struct session *session, struct inbound_case *found,
            const struct event *event)
{
	int64_t limit = session->snapshot->settings->limits.events;

	found->kind = event->kind;
	/* First: a report given again and again is passed on each time. */
	if ((int64_t)(found->earlier->count + found->queued) >= limit) {
		found->is_over_limit = true;
		return false;
	}
	if (was_recorded(found, event))
		return false;
	found->queued++;
	session_record(session, event);
	log_info("%s: %s message=%.8s recipient=%u grade=%s status=%s",
	         session->message.queue_id, event_kind_name(event->kind),
	         message_id_text(session->arena, event->message),
	         event->recipient, event_grade_name(event->grade),
	         event->status);
	return true;
}

static void
record_group(struct session *session, struct inbound_case *found,
             const struct report_recipient *group)
{
	const struct report *report = found->report;
	struct event event;

	event_begin(session, found, &event);
	event.kind = actions[group->action].kind;
	event.source = report->has_report_part ? SOURCE_DSN : SOURCE_BOUNCE;
	event.recipient = recipient_number(found, group);
	event.status = group->status;
	add_said(session, &event, "original", group->original);
	add_said(session, &event, "final", group->final);
	add_said(session, &event, "diagnostic", group->diagnostic);
	add_said(session, &event, "remote_mta", group->remote_mta);
	add_said(session, &event, "reporting_mta", report->reporting_mta);
	add_said(session, &event, "arrival_date", report->arrival_date);
	add_said(session, &event, "will_retry_until", group->will_retry_until);
	if ((author_wishes(found, event.recipient) &
	     actions[group->action].notify) != 0)
		found->is_wanted = true;
	if (event_queue(session, found, &event))
		bounces_note(session, found, &event);
}

static void
record_dsn(struct session *session, struct inbound_case *found)
{
	for (size_t i = 0; i < found->report->recipient_count; i++)
		record_group(session, found, &found->report->recipients[i]);
}

static void
record_mdn(struct session *session, struct inbound_case *found)
{
	struct arena *arena = session->arena;
	const struct report *report = found->report;
	const struct report_recipient nobody = { .original = "", .final = "" };
	const struct report_recipient *who =
		report->recipient_count > 0 ? &report->recipients[0] : &nobody;
	struct event event;

	event_begin(session, found, &event);
	/* MDN-6: only displayed is shown as displayed. */
	event.kind = report->disposition == DISPOSITION_DISPLAYED
	                     ? EVENT_DISPLAYED
	                     : EVENT_DISPOSED;
	event.source = SOURCE_MDN;
	event.recipient = recipient_number(found, who);
	event.detail = report_disposition_name(report->disposition);
	add_said(session, &event, "disposition", report->disposition_text);
	add_said(session, &event, "original", who->original);
	add_said(session, &event, "final", who->final);
	add_said(session, &event, "reporting_ua", report->reporting_ua);
	add_said(session, &event, "message_id", report->original_message_id);
	add_said(session, &event, "from",
	         header_text(arena, &session->message.headers, "From"));
	/* MDN-3: the author asked for receipts too. */
	found->is_wanted =
		found->submitted != NULL &&
		event_fact(found->submitted, "receipt_to")[0] != '\0';
	event_queue(session, found, &event);
}

static void
record_answer(struct session *session, struct inbound_case *found,
              bool is_automatic)
{
	struct arena *arena = session->arena;
	struct event event;
	struct mailbox_list from;
	const struct header *field =
		header_find(&session->message.headers, "From", 1);

	event_begin(session, found, &event);
	event.kind = is_automatic ? EVENT_AUTO_REPLIED : EVENT_REPLIED;
	event.source = SOURCE_MAIL;
	event.detail = "token";
	if (field != NULL) {
		mailbox_read(arena, field->value, 1, &from);
		if (from.count > 0) {
			struct report_recipient who = {
				.original = "",
				.final = from.items[0].address,
			};

			event.recipient = recipient_number(found, &who);
			add_said(session, &event, "from", who.final);
		}
	}
	event_fact_add(arena, &event, "sign", found->sign);
	found->is_wanted = true;
	if (event_queue(session, found, &event))
		confirm_by_reply(session, found->submitted, found->earlier,
		                 &event);
}

static void
record_unreadable(struct session *session, struct inbound_case *found)
{
	struct arena *arena = session->arena;
	struct span body = span_take(buf_as_span(&session->body), RAW_BYTES);
	char *raw = arena_alloc(arena, ENCODE_BASE64URL_SIZE(body.len));
	struct event event;

	session->service->unreadable++;
	event_begin(session, found, &event);
	event.kind = EVENT_UNREADABLE;
	event.source = SOURCE_MAIL;
	encode_base64url(body.at, body.len, raw);
	event_fact_add(arena, &event, "problem", found->report->problem);
	event_fact_add(arena, &event, "raw", raw);
	found->is_wanted = true;
	event_queue(session, found, &event);
}

void
inbound_record(struct session *session, struct inbound_case *found)
{
	const struct report *report = found->report;

	report_is_automatic(session->arena, &session->message.headers,
	                    session->message.sender, &found->sign);
	found->is_wanted = false;
	if (report->is_malformed ||
	    (report->kind == REPORT_DSN && report->recipient_count == 0))
		record_unreadable(session, found);
	else if (report->kind == REPORT_DSN)
		record_dsn(session, found);
	else if (report->kind == REPORT_MDN)
		record_mdn(session, found);
	/* Nothing we know, from nobody: a bounce in a shape of its own. */
	else if (report->kind == REPORT_OTHER &&
	         session->message.sender[0] == '\0')
		record_unreadable(session, found);
	else
		record_answer(session, found, report->kind != REPORT_OTHER);
}
