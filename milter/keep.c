#include "milter/keep.h"

#include <string.h>

#include "base/log.h"
#include "flow/apply.h"
#include "mail/part_digests.h"
#include "milter/spool.h"
#include "record/content.h"
#include "record/frame.h"

#define READ_BYTES ((size_t)64 * 1024)
#define FACT_BYTES ((size_t)60 * 1024) /* a fact has an end */

/* The header as the MTA has it now. */
static void
write_header(const struct session *session, const struct plan *plan,
             struct buf *out)
{
	struct applied applied = { 0 };

	apply_headers(&session->message, &plan->edits, &applied);
	for (size_t i = 0; i < applied.count; i++) {
		const struct applied_line *line = &applied.lines[i];
		struct span rest = span_of(line->value), piece;
		const char *before = ": ";

		if (line->mark == APPLIED_DELETED)
			continue;
		buf_text(out, line->name);
		if (rest.len == 0)
			buf_text(out, ":\r\n");
		while (span_line(&rest, &piece)) {
			buf_text(out, before);
			buf_span(out, piece);
			buf_text(out, "\r\n");
			before = "";
		}
	}
}

static void
add_header_facts(const struct session *session, struct span header,
                 struct event *event)
{
	struct arena *arena = session->arena;

	for (unsigned i = 1; header.len > 0; i++) {
		struct span piece = span_take(header, FACT_BYTES);

		event_fact_add(arena, event,
		               arena_printf(arena, "header_%02u", i),
		               arena_strndup(arena, piece.at, piece.len));
		header = span_skip(header, piece.len);
	}
}

/* A field as the MTA has it now. */
static const char *
field_now(const struct session *session, const struct plan *plan,
          const char *name)
{
	for (size_t i = plan->edits.count; i-- > 0;) {
		const struct edit *edit = &plan->edits.items[i];

		if ((edit->kind == EDIT_CHANGE_HEADER ||
		     edit->kind == EDIT_ADD_HEADER) &&
		    text_is(edit->name, name))
			return header_unfold(session->arena, edit->value);
	}
	return header_text(session->arena, &session->message.headers, name);
}

static void
add_parts(const struct session *session, const struct plan *plan,
          const struct body_source *body, struct event *event)
{
	struct arena *arena = session->arena;
	const struct outline_head head = {
		field_now(session, plan, "Content-Type"),
		field_now(session, plan, "Content-Transfer-Encoding"),
		field_now(session, plan, "Content-Disposition"),
	};
	struct buf lines;

	buf_init(&lines, PART_DIGESTS_LIMIT);
	part_digests(&head, body, &lines);
	event_fact_add(arena, event, "parts", arena_strdup(arena, lines.data));
	buf_done(&lines);
}

static enum result
add_body(struct content_writer *writer, const struct body_source *body,
         struct error *err)
{
	enum result result = RESULT_OK;
	int64_t at = 0;

	while (result == RESULT_OK && at < body->size) {
		struct span bytes = body->read(body->context, at, READ_BYTES);

		if (bytes.len == 0) {
			error_set(err, "the body cannot be read again");
			return RESULT_RETRY;
		}
		result = content_add(writer, bytes, err);
		at += (int64_t)bytes.len;
	}
	return result;
}

static enum result
write_content(struct session *session, struct message_id id, struct span header,
              const struct body_source *body, struct content *content_r,
              struct error *err)
{
	enum result result =
		content_create(session->snapshot->settings->content, id,
	                       &session->content, err);

	if (result == RESULT_OK)
		result = content_add(session->content, header, err);
	if (result == RESULT_OK)
		result = content_add(session->content, SPAN("\r\n"), err);
	if (result == RESULT_OK)
		result = add_body(session->content, body, err);
	if (result == RESULT_OK)
		result = content_finish(session->content, content_r, err);
	return result;
}

static bool
add_message(struct session *session, struct message_id id, struct span header,
            const struct body_source *body, struct event *event)
{
	struct arena *arena = session->arena;
	struct content content;
	struct content_text text;
	struct error err;

	if (!spool_is_whole(session->spool) ||
	    write_content(session, id, header, body, &content, &err) !=
	            RESULT_OK) {
		log_error("%s: its content cannot be kept: %s",
		          session->message.queue_id,
		          spool_is_whole(session->spool) ? err.text
		                                         : "no room for it");
		return false;
	}
	content_write_text(&content, &text);
	event_fact_add(arena, event, "content_key", text.key);
	event_fact_add(arena, event, "content_sha256", text.sum);
	event_fact_add(arena, event, "content_size", text.size);
	explicit_bzero(&content, sizeof(content));
	return true;
}

bool
keep_add(struct session *session, const struct class_settings *class,
         const struct plan *plan, struct message_id id, struct event *event)
{
	const struct edit *edit = edit_of_body(&plan->edits);
	struct body_source body;
	struct spliced spliced;
	struct buf header;
	bool is_kept = true;

	/* A message may end without header and body. */
	if (session->spool == NULL)
		session->spool = spool_new(session->snapshot->settings->spool);
	body = spool_source(session->spool);
	if (edit != NULL) {
		spliced = (struct spliced){ edit->splices, edit->source };
		body = spliced_source(&spliced);
	}
	if (spool_is_whole(session->spool))
		add_parts(session, plan, &body, event);
	if (class->keep == KEEP_DIGEST)
		return true;
	buf_init(&header, FRAME_PLAIN_LIMIT / 2);
	write_header(session, plan, &header);
	if (class->keep == KEEP_HEADERS)
		add_header_facts(session, buf_as_span(&header), event);
	else
		is_kept = add_message(session, id, buf_as_span(&header), &body,
		                      event);
	buf_done(&header);
	return is_kept;
}

void
keep_settle(struct session *session, bool is_sent)
{
	if (is_sent)
		content_commit(&session->content);
	else
		content_drop(&session->content);
}
