#include "milter/mta_out.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define REPLY_BYTES 500
#define CHUNK_BYTES 65535

char *
mta_loose(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* MLT-3: once negotiated, we must supply the space behind the colon. */
static char *
header_value(const struct session *session, const struct edit *edit)
{
	if (!session->has_leading_space)
		return mta_loose(edit->value);
	return arena_printf(session->arena, " %s", edit->value);
}

static int
set_sender(SMFICTX *context, const struct session *session,
           const struct edit *edit)
{
	return smfi_chgfrom(
		context, arena_printf(session->arena, "<%s>", edit->value),
		edit->args[0] != '\0' ? mta_loose(edit->args) : NULL);
}

static int
drop_recipient(SMFICTX *context, const struct session *session,
               const struct edit *edit)
{
	(void)session;
	return smfi_delrcpt(context, mta_loose(edit->value));
}

static int
add_recipient(SMFICTX *context, const struct session *session,
              const struct edit *edit)
{
	(void)session;
	if (edit->args[0] == '\0')
		return smfi_addrcpt(context, mta_loose(edit->value));
	return smfi_addrcpt_par(context, mta_loose(edit->value),
	                        mta_loose(edit->args));
}

static int
change_header(SMFICTX *context, const struct session *session,
              const struct edit *edit)
{
	return smfi_chgheader(context, mta_loose(edit->name), (int)edit->index,
	                      header_value(session, edit));
}

static int
delete_header(SMFICTX *context, const struct session *session,
              const struct edit *edit)
{
	(void)session;
	return smfi_chgheader(context, mta_loose(edit->name), (int)edit->index,
	                      NULL);
}

static int
add_header(SMFICTX *context, const struct session *session,
           const struct edit *edit)
{
	return smfi_addheader(context, mta_loose(edit->name),
	                      header_value(session, edit));
}

static int
insert_header(SMFICTX *context, const struct session *session,
              const struct edit *edit)
{
	return smfi_insheader(context, 0, mta_loose(edit->name),
	                      header_value(session, edit));
}

static bool
send_chunk(void *context, struct span rest)
{
	do {
		struct span chunk = span_take(rest, CHUNK_BYTES);

		if (smfi_replacebody(context,
		                     (unsigned char *)mta_loose(chunk.at),
		                     (int)chunk.len) != MI_SUCCESS)
			return false;
		rest = span_skip(rest, chunk.len);
	} while (rest.len > 0);
	return true;
}

/* MLT-17: the chunks follow each other with nothing between. */
static int
replace_body(SMFICTX *context, const struct session *session,
             const struct edit *edit)
{
	(void)session;
	return splice_stream(edit->splices, edit->source, send_chunk, context)
	               ? MI_SUCCESS
	               : MI_FAILURE;
}

/* MLT-31: Postfix puts it into its hold queue; nothing is run again. */
static int
hold(SMFICTX *context, const struct session *session, const struct edit *edit)
{
	(void)session;
	return smfi_quarantine(context, mta_loose(edit->value));
}

static const struct {
	int (*send)(SMFICTX *, const struct session *, const struct edit *);
	const char *words;
} edits[] = {
	[EDIT_SET_SENDER] = { set_sender, "change the sender" },
	[EDIT_DROP_RECIPIENT] = { drop_recipient, "delete a recipient" },
	[EDIT_ADD_RECIPIENT] = { add_recipient, "add a recipient" },
	[EDIT_CHANGE_HEADER] = { change_header, "change a header" },
	[EDIT_DELETE_HEADER] = { delete_header, "delete a header" },
	[EDIT_ADD_HEADER] = { add_header, "add a header" },
	[EDIT_INSERT_HEADER] = { insert_header, "insert a header" },
	[EDIT_REPLACE_BODY] = { replace_body, "replace the body" },
	[EDIT_HOLD] = { hold, "hold the message" },
};

bool
mta_out_edits(SMFICTX *context, const struct session *session)
{
	const struct edit_list *list = &session->outcome.edits;

	for (size_t i = 0; i < list->count; i++) {
		const struct edit *edit = &list->items[i];

		if (edits[edit->kind].send(context, session, edit) ==
		    MI_SUCCESS)
			continue;
		log_error("%s: the MTA did not take our wish to %s %s",
		          session->message.queue_id, edits[edit->kind].words,
		          edit->name);
		return false;
	}
	return true;
}

/* STAT-2: % doubled, one line, at most 500 bytes. */
static void
reply_text(const char *text, char out[REPLY_BYTES])
{
	size_t len = 0;

	for (; *text != '\0' && len + 3 < REPLY_BYTES; text++) {
		char c = (unsigned char)*text < 0x20 ? ' ' : *text;

		if (c == '%')
			out[len++] = '%';
		out[len++] = c;
	}
	out[len] = '\0';
}

sfsistat
mta_out_answer(SMFICTX *context, const struct outcome *outcome)
{
	static const sfsistat answers[] = {
		[ANSWER_CONTINUE] = SMFIS_CONTINUE,
		[ANSWER_SKIP] = SMFIS_SKIP,
		[ANSWER_DISCARD] = SMFIS_DISCARD,
		[ANSWER_DEFER] = SMFIS_TEMPFAIL,
		[ANSWER_REFUSE] = SMFIS_REJECT,
	};
	char code[8], text[REPLY_BYTES];

	if (outcome->answer == ANSWER_DEFER ||
	    outcome->answer == ANSWER_REFUSE) {
		snprintf(code, sizeof(code), "%d", outcome->code);
		reply_text(outcome->text, text);
		/* Without a text the MTA says its own: still 4xx or 5xx. */
		if (smfi_setreply(context, code, mta_loose(outcome->status),
		                  text) != MI_SUCCESS)
			log_warn("the MTA's own words replace \"%s\"", text);
	}
	return answers[outcome->answer];
}
