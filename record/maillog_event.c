#include "record/maillog_event.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"

#define ID_BYTES   16
#define LINE_BYTES ((size_t)8192)

void
maillog_line_id(const struct maillog_line *line,
                char id_r[MAILLOG_LINE_ID_SIZE])
{
	uint8_t sum[DIGEST_BYTES];
	struct buf text;

	/*
	 * To the second, and without the name of the host: the same line has
	 * its milliseconds in the journal of systemd and not in a file.
	 */
	buf_init(&text, LINE_BYTES);
	buf_printf(&text, "%lld " SPAN_FMT " %u ",
	           (long long)(line->time / 1000), SPAN_ARG(line->program),
	           line->pid);
	buf_span(&text, span_take(line->text, LINE_BYTES / 2));
	digest_sha256(text.data, text.len, sum);
	buf_done(&text);
	encode_base64url(sum, ID_BYTES, id_r);
}

static enum event_kind
kind_of_sent(const struct maillog_fact *fact)
{
	if (fact->is_forwarded)
		return EVENT_EXPANDED;
	switch (fact->agent) {
	case MAILLOG_LOCAL:
	case MAILLOG_LMTP:
		return EVENT_DELIVERED;
	case MAILLOG_ERROR:
	case MAILLOG_DISCARD:
		return EVENT_FAILED;
	case MAILLOG_SMTP:
	case MAILLOG_PIPE:
	default:
		return EVENT_RELAYED;
	}
}

static enum event_kind
kind_of(const struct maillog_fact *fact)
{
	switch (fact->what) {
	case MAILLOG_HELD:
		return EVENT_HELD;
	case MAILLOG_RELEASED:
		return EVENT_RELEASED;
	case MAILLOG_ATTEMPT:
		if (fact->outcome == MAILLOG_SENT)
			return kind_of_sent(fact);
		return fact->outcome == MAILLOG_DEFERRED ? EVENT_DELAYED
		                                         : EVENT_FAILED;
	case MAILLOG_OTHER:
	case MAILLOG_ENTERED:
	case MAILLOG_MESSAGE_ID:
	case MAILLOG_EXPIRED:
	case MAILLOG_REMOVED:
	case MAILLOG_DELETED:
	case MAILLOG_TLS:
	case MAILLOG_TLS_LOST:
	default:
		return EVENT_FAILED;
	}
}

/* One of a closed list. */
static const char *
detail_of(const struct maillog_fact *fact)
{
	static const char *const agents[] = {
		[MAILLOG_SMTP] = "smtp",   [MAILLOG_LMTP] = "lmtp",
		[MAILLOG_LOCAL] = "local", [MAILLOG_PIPE] = "program",
		[MAILLOG_ERROR] = "error", [MAILLOG_DISCARD] = "discarded",
	};

	switch (fact->what) {
	case MAILLOG_EXPIRED:
		return "expired";
	case MAILLOG_DELETED:
		return "deleted";
	case MAILLOG_ATTEMPT:
		return fact->is_forwarded ? "alias" : agents[fact->agent];
	case MAILLOG_HELD:
	case MAILLOG_RELEASED:
	case MAILLOG_OTHER:
	case MAILLOG_ENTERED:
	case MAILLOG_MESSAGE_ID:
	case MAILLOG_REMOVED:
	case MAILLOG_TLS:
	case MAILLOG_TLS_LOST:
	default:
		return "";
	}
}

static void
add(struct arena *arena, struct event *event, const char *name,
    struct span value)
{
	event_fact_add(arena, event, name,
	               arena_strndup(arena, value.at, value.len));
}

/* How many attempts for this recipient there were before, and this one. */
static unsigned
attempt_number(const struct maillog_sight *sight)
{
	unsigned number = 1;

	for (size_t i = 0; i < sight->queue->events.count; i++) {
		const struct event *event = &sight->queue->events.items[i];

		if (event->source == SOURCE_MAILLOG &&
		    event->kind != EVENT_HELD &&
		    event->kind != EVENT_RELEASED &&
		    event->recipient == sight->recipient &&
		    event->time <= sight->line->time)
			number++;
	}
	return number;
}

static void
add_attempt(struct arena *arena, const struct maillog_sight *sight,
            struct event *event)
{
	const struct maillog_fact *fact = sight->fact;
	const struct {
		const char *name;
		struct span value;
	} facts[] = {
		{ "final", sight->to },         { "original", fact->original },
		{ "remote_ip", fact->address }, { "diagnostic", fact->reply },
		{ "command", fact->command },   { "delay", fact->delay },
		{ "delays", fact->delays },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		add(arena, event, facts[i].name, facts[i].value);
	/* "local" and "virtual" are no servers. */
	if (fact->address.len > 0)
		add(arena, event, "remote_mta", fact->host);
	event_fact_add(arena, event, "attempt",
	               arena_printf(arena, "%u", attempt_number(sight)));
	if (sight->tls == NULL || !fact->is_remote)
		return;
	event_fact_add(arena, event, "tls", sight->tls->version);
	event_fact_add(arena, event, "tls_cipher", sight->tls->cipher);
	event_fact_add(arena, event, "tls_trust", sight->tls->trust);
}

/* The status is a word of the entry; anything else stays in the line. */
static const char *
status_of(struct arena *arena, struct span status)
{
	for (size_t i = 0; i < status.len; i++)
		if (!ascii_is_digit(status.at[i]) && status.at[i] != '.')
			return "";
	return arena_strndup(arena, status.at, status.len);
}

void
maillog_event(struct arena *arena, const struct maillog_sight *sight,
              struct event *event_r)
{
	const struct maillog_queue *queue = sight->queue;
	const struct maillog_fact *fact = sight->fact;
	const struct event *submitted = queue->submitted;

	*event_r = (struct event){
		.time = sight->line->time,
		.kind = kind_of(fact),
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MAILLOG,
		.has_message = true,
		.message = submitted->message,
		.recipient = sight->recipient,
		.class_name = submitted->class_name,
		.queue_id = queue->id,
		.status = status_of(arena, fact->status),
		.detail = detail_of(fact),
		.retention_ms = submitted->retention_ms,
	};
	if (fact->what == MAILLOG_ATTEMPT)
		add_attempt(arena, sight, event_r);
	if (queue->root[0] != '\0')
		event_fact_add(
			arena, event_r, "chain",
			arena_printf(arena, "%s %s", queue->root, queue->id));
	event_fact_add(arena, event_r, "line_id", sight->line_id);
	event_fact_add(arena, event_r, "log", sight->where);
	add(arena, event_r, "line", span_take(sight->raw, LINE_BYTES));
}
