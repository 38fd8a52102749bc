#include "milter/reply.h"

#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "mail/address.h"
#include "milter/confirm.h"
#include "milter/inbound_events.h"
#include "milter/incoming.h"
#include "record/find.h"

#define REFERENCES_LIMIT 50
#define ID_BYTES         998 /* no line holds more (RFC 5322, 2.1.1) */
#define FROM_BYTES       320

struct references {
	const char *ids[REFERENCES_LIMIT];
	size_t count;
};

/* "<a@b> <c@d>": whatever stands between < and >. The last are nearest. */
static void
read_ids(struct arena *arena, const char *text, struct references *found)
{
	struct span rest = span_of(text);

	for (;;) {
		size_t start = span_find(rest, '<', 0);
		size_t end = span_find(rest, '>', start);

		if (end >= rest.len)
			return;
		if (end - start >= ID_BYTES) {
			rest = span_skip(rest, end + 1);
			continue;
		}
		if (found->count == REFERENCES_LIMIT) {
			memmove(found->ids, found->ids + 1,
			        (REFERENCES_LIMIT - 1) * sizeof(found->ids[0]));
			found->count--;
		}
		found->ids[found->count++] =
			arena_strndup(arena, rest.at + start, end - start + 1);
		rest = span_skip(rest, end + 1);
	}
}

static const char *
join_ids(struct arena *arena, const struct references *found)
{
	const char *joined;
	struct buf text;

	buf_init(&text, (size_t)REFERENCES_LIMIT * (ID_BYTES + 1));
	for (size_t i = 0; i < found->count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", found->ids[i]);
	joined = arena_strdup(arena, text.data);
	buf_done(&text);
	return joined;
}

/* Which of the message's recipients is it that answers? 0: another one. */
static unsigned
answering(struct session *session, const struct event *submitted,
          const char *from)
{
	struct arena *arena = session->arena;
	const char *author = address_normal(arena, from);
	const char *sender = address_normal(arena, session->message.sender);

	for (size_t i = 0; i < submitted->recipient_count; i++) {
		const char *to =
			address_normal(arena, submitted->recipients[i].address);

		if (strcmp(to, author) == 0 || strcmp(to, sender) == 0)
			return (unsigned)i + 1;
	}
	return 0;
}

static void
record_reply(struct session *session, const struct facts *facts,
             struct event *event)
{
	struct arena *arena = session->arena;
	const char *sign;
	bool is_automatic = incoming_is_automatic(session, &sign);

	event->kind = is_automatic ? EVENT_AUTO_REPLIED : EVENT_REPLIED;
	event->time = facts->now;
	/* A From can be anybody's; only SPF or DKIM would raise it. */
	event->grade = GRADE_CLAIMED;
	event->source = SOURCE_MAIL;
	event->queue_id = session->message.queue_id;
	event->status = "";
	event->detail = "reference";
	event_fact_add(arena, event, "from",
	               arena_printf(arena, "%.*s", FROM_BYTES, facts->from));
	event_fact_add(arena, event, "client", facts->client_address);
	event_fact_add(arena, event, "sign", sign);
	session_record(session, event);
	log_info("%s: %s from=%s", session->message.queue_id,
	         event_kind_name(event->kind),
	         address_mask(arena, facts->from));
}

static void
note_found(struct session *session, const struct facts *facts,
           struct message_id id)
{
	struct event event = { .has_message = true, .message = id };
	int64_t limit = session->snapshot->settings->limits.events;
	const struct event *submitted;
	struct event_list events;
	struct error err;

	/* Past the limit it is mail like any other: nothing is lost. */
	if (find_events(session->arena, session->service->store, id, &events,
	                &err) != RESULT_OK ||
	    (int64_t)events.count >= limit)
		return;
	submitted = inbound_submission(&events);
	if (submitted == NULL)
		return;
	event.recipient = answering(session, submitted, facts->from);
	/* Our own further letter in the thread is no answer to the first. */
	if (event.recipient == 0 && session->origin != ORIGIN_TRANSIT)
		return;
	event.class_name = submitted->class_name;
	event.retention_ms = submitted->retention_ms;
	record_reply(session, facts, &event);
	confirm_by_reply(session, submitted, &events, &event);
}

void
reply_note(struct session *session, const struct facts *facts)
{
	struct arena *arena = session->arena;
	const struct header_list *headers = &session->message.headers;
	struct references found = { .count = 0 };
	struct message_id id;
	struct error err;

	if (facts->is_report || facts->is_our_second_pass)
		return;
	read_ids(arena, header_text(arena, headers, "References"), &found);
	read_ids(arena, header_text(arena, headers, "In-Reply-To"), &found);
	if (found.count == 0)
		return;
	switch (find_by_message_ids(session->service->store, found.ids,
	                            found.count, &id, &err)) {
	case RESULT_OK:
		note_found(session, facts, id);
		break;
	case RESULT_RETRY:
		if (session->origin == ORIGIN_TRANSIT) {
			struct event event = { .class_name = "" };

			event_fact_add(arena, &event, "refs",
			               join_ids(arena, &found));
			record_reply(session, facts, &event);
		}
		break;
	case RESULT_NONE:
	case RESULT_BAD:
		break;
	}
}
