#include "milter/pass_on.h"

#include <string.h>

#include "base/clock.h"
#include "mail/address.h"
#include "mail/dsn.h"
#include "milter/message_log.h"

const char *
message_id_text(struct arena *arena, struct message_id id)
{
	char name[MESSAGE_NAME_SIZE];

	message_id_name(id, name);
	return arena_strdup(arena, name);
}

static const char *
arrival_path(const struct session *session, const struct arrival *arrival)
{
	return session->message.recipients[arrival->recipient].path;
}

void
pass_on_consume(struct session *session, struct arrival *arrival)
{
	edit_drop_recipient(session->arena, &session->outcome.edits,
	                    arrival_path(session, arrival));
	arrival->is_taken = true;
	session->served++;
}

/*
 * Reports go where the author's MTA would have sent them. A person's answer
 * goes where answers go: the Reply-To we gave the message.
 */
static const char *
author_of(const struct inbound_case *found)
{
	const struct event *submitted = found->submitted;
	const char *receipt_to, *reply_to;

	if (submitted == NULL)
		return "";
	receipt_to = event_fact(submitted, "receipt_to");
	reply_to = event_fact(submitted, "reply_to");
	if (found->report->kind == REPORT_MDN && receipt_to[0] != '\0')
		return receipt_to;
	if (found->kind == EVENT_REPLIED && reply_to[0] != '\0')
		return reply_to;
	return event_fact(submitted, "sender");
}

/* Every place of `from`, without case, becomes `to`. */
static void
replace_all(struct buf *out, struct span text, const char *from, const char *to)
{
	size_t len = strlen(from);

	for (;;) {
		size_t at = span_find_text(text, from, 0);

		buf_span(out, span_take(text, at));
		if (at >= text.len)
			return;
		buf_text(out, to);
		text = span_skip(text, at + len);
	}
}

/* The line that gave our ENVID back shows the author's, or goes. */
static void
restore_envid(struct session *session, const struct inbound_case *found,
              struct buf *out, struct span text)
{
	static const char field[] = "Original-Envelope-Id:";
	const char *envid = event_fact(found->submitted, "envid");
	size_t start = span_find_text(text, field, 0);
	size_t end = span_find(text, '\n', start);
	struct span line =
		span_make(text.at + start, start < text.len ? end - start : 0);
	struct span value = span_trim(span_skip(line, sizeof(field) - 1));
	struct message_id id;
	struct error err;
	struct span decoded;

	if (start >= text.len || end >= text.len ||
	    !token_check_envid(session->snapshot->keys, value, &id)) {
		buf_span(out, text);
		return;
	}
	buf_span(out, span_take(text, start));
	/* DSN-9: in a report it is not xtext any more. */
	if (envid[0] != '\0' && xtext_decode(session->arena, span_of(envid),
	                                     &decoded, &err) == RESULT_OK)
		buf_printf(out, "%s " SPAN_FMT "\r\n", field,
		           SPAN_ARG(decoded));
	buf_span(out, span_skip(text, end + 1));
}

/*
 * The token leaves the report's text too, where it stands in the clear. A
 * signed report keeps its bytes (DKIM-2), and so does one too large to be
 * held whole.
 */
static void
hide_token(struct session *session, const struct inbound_case *found,
           const char *token_address, const char *author)
{
	struct buf once, twice;

	if (!session->is_body_whole || session->message.recipient_count != 1 ||
	    header_find(&session->message.headers, "DKIM-Signature", 1) != NULL)
		return;
	buf_init(&once, session->body.len * 2 + 4096);
	buf_init(&twice, session->body.len * 2 + 8192);
	replace_all(&once, buf_as_span(&session->body), token_address, author);
	restore_envid(session, found, &twice, buf_as_span(&once));
	if (!once.is_full && !twice.is_full &&
	    !span_equal(buf_as_span(&twice), buf_as_span(&session->body)))
		edit_whole_body(session->arena, &session->outcome.edits,
		                span_make(arena_strndup(session->arena,
		                                        twice.data, twice.len),
		                          twice.len));
	buf_done(&once);
	buf_done(&twice);
}

static void
edit_to(struct session *session, const char *token_address, const char *author)
{
	const struct header *to =
		header_find(&session->message.headers, "To", 1);
	const char *value, *safe;
	struct error err;
	struct buf out;

	if (to == NULL)
		return;
	value = header_unfold(session->arena, to->value);
	if (span_find_text(span_of(value), token_address, 0) >= strlen(value))
		return;
	buf_init(&out, strlen(value) * 8 + 1024);
	replace_all(&out, span_of(value), token_address, author);
	if (header_emit(session->arena, out.data,
	                session->message.mail.is_smtputf8, &safe,
	                &err) == RESULT_OK)
		edit_change_header(session->arena, &session->outcome.edits,
		                   "To", 1, safe);
	buf_done(&out);
}

static void
record_passed_on(struct session *session, const struct inbound_case *found,
                 const char *author)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_PASSED_ON,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MILTER,
		.has_message = true,
		.message = found->arrival->id,
		.class_name = found->submitted->class_name,
		.queue_id = session->message.queue_id,
		.status = "",
		.detail = event_kind_name(found->kind),
		.retention_ms = found->submitted->retention_ms,
	};

	event_fact_add(session->arena, &event, "to", author);
	session_record(session, &event);
}

void
pass_on(struct session *session, const struct inbound_case *found)
{
	struct arena *arena = session->arena;
	struct arrival *arrival = found->arrival;
	const char *address =
		session->message.recipients[arrival->recipient].address;
	const char *author = author_of(found);

	if (!found->is_wanted) {
		pass_on_consume(session, arrival);
		message_log(session, "-", "consume",
		            event_kind_name(found->kind));
		return;
	}
	if (author[0] == '\0' || !address_is_valid(author)) {
		/* Nobody to give it to: the mailbox behind our address. */
		message_log(session, "-", "untouched",
		            "the author is not known");
		return;
	}
	edit_drop_recipient(arena, &session->outcome.edits,
	                    arrival_path(session, arrival));
	arrival->is_taken = true;
	edit_add_recipient(arena, &session->outcome.edits,
	                   arena_printf(arena, "<%s>", author), "");
	edit_to(session, address, author);
	hide_token(session, found, address, author);
	record_passed_on(session, found, author);
	message_log(session, "-", "pass-on", event_kind_name(found->kind));
}

void
pass_on_finish(struct session *session)
{
	/* Those past limits.recipients are nobody's to discard. */
	if (session->outcome.answer == ANSWER_CONTINUE &&
	    session->served == session->recipients_seen)
		session->outcome.answer = ANSWER_DISCARD;
}
