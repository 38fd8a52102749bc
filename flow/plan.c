#include "flow/plan.h"

#include "flow/facts_of.h"
#include "flow/names.h"
#include "flow/plan_parts.h"
#include "mail/address.h"
#include "policy/explain.h"

/*
 * One value made safe (HDR-1). What cannot be written is left out and said;
 * for raw UTF-8 it depends on how the message came (I18N-4).
 */
static bool
safe_value(const struct plan_input *input, struct plan *plan, const char *name,
           const char **value)
{
	const struct message *message = input->message;
	struct error err;

	if (header_emit(message->arena, *value, message->mail.is_smtputf8,
	                value, &err) == RESULT_OK)
		return true;
	plan->problem = arena_printf(message->arena, "%s: %s", name, err.text);
	return false;
}

void
plan_delete_header(const struct message *message, struct plan *plan,
                   const char *name)
{
	size_t count = header_count(&message->headers, name);

	for (size_t index = count; index >= 1; index--)
		edit_delete_header(message->arena, &plan->edits, name,
		                   (unsigned)index);
}

bool
plan_set_header(const struct plan_input *input, struct plan *plan,
                const char *name, const char *value)
{
	const struct message *message = input->message;
	size_t count = header_count(&message->headers, name);

	if (!safe_value(input, plan, name, &value))
		return false;
	for (size_t index = count; index >= 2; index--)
		edit_delete_header(message->arena, &plan->edits, name,
		                   (unsigned)index);
	if (count > 0)
		edit_change_header(message->arena, &plan->edits, name, 1,
		                   value);
	else
		edit_header(message->arena, &plan->edits, EDIT_ADD_HEADER, name,
		            value);
	return true;
}

void
plan_change(const struct plan_input *input, struct plan *plan,
            struct change change)
{
	struct change *slot = arena_push(
		input->message->arena, (void **)&plan->changes,
		&plan->change_count, &plan->change_room, sizeof(*slot));

	*slot = change;
}

static void
plan_init(struct plan *plan)
{
	*plan = (struct plan){ .message_id = "",
		               .receipt_address = "",
		               .reply_to = "",
		               .body_skipped = "",
		               .problem = "" };
}

/* HDR-10: only what is missing, and only as the submission hop. */
static void
plan_identity(const struct plan_input *input, struct plan *plan,
              const char **date_r)
{
	const struct message *message = input->message;
	struct arena *arena = message->arena;
	const struct facts *facts = input->facts;
	char name[MESSAGE_NAME_SIZE];
	char date[CLOCK_TEXT_SIZE + 16];

	plan->message_id = header_text(arena, &message->headers, "Message-ID");
	*date_r = header_text(arena, &message->headers, "Date");
	if (!facts->has_message_id) {
		/* Not the token's id: a Message-ID is public (MDN-8). */
		message_id_name(message_id_new(), name);
		plan->message_id =
			arena_printf(arena, "<%s@%s>", name, input->domain);
		plan_set_header(input, plan, "Message-ID", plan->message_id);
	}
	if (!facts->has_date) {
		clock_format_mail(facts->now, date);
		*date_r = arena_strdup(arena, date);
		plan_set_header(input, plan, "Date", *date_r);
	}
}

static void
plan_recipients_dropped(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;
	const struct message *message = input->message;

	if (decision->drop_count == 0)
		return;
	for (size_t i = 0; i < message->recipient_count; i++)
		if (decision->drops[i])
			edit_drop_recipient(message->arena, &plan->edits,
			                    message->recipients[i].path);
}

/* The MTA's log tells the administrator why, and until when. */
static void
plan_hold(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;
	struct arena *arena = input->message->arena;
	char until[CLOCK_TEXT_SIZE] = "somebody lets it go";

	if (decision->verdict != VERDICT_HOLD)
		return;
	if (decision->hold_until != 0)
		clock_format(decision->hold_until, until);
	edit_push(arena, &plan->edits, EDIT_HOLD)->value = arena_printf(
		arena, "avis: %s, until %s", decision->hold_reason, until);
}

static void
plan_channel(const struct plan_input *input, struct plan *plan)
{
	plan_delete_header(input->message, plan, HEADER_CHANNEL);
	if (input->decision->preferred_channel[0] != '\0')
		edit_header(input->message->arena, &plan->edits,
		            EDIT_ADD_HEADER, HEADER_CHANNEL,
		            input->decision->preferred_channel);
}

static const char *
from_after(const struct plan_input *input)
{
	struct mailbox_list list;

	if (input->decision->from[0] == '\0')
		return input->facts->from;
	mailbox_read(input->message->arena, input->decision->from, 1, &list);
	return list.count > 0 ? list.items[0].address : input->facts->from;
}

static void
plan_audit(const struct plan_input *input, struct plan *plan, const char *date)
{
	struct arena *arena = input->message->arena;
	char token[TOKEN_ADDRESS_SIZE];

	token_with_context(
		input->keys, TOKEN_AUDIT, input->id,
		audit_context(arena, plan->message_id, date, from_after(input)),
		token);
	edit_header(arena, &plan->edits, EDIT_INSERT_HEADER, HEADER_RECORD,
	            arena_printf(arena, "v1 %s", token));
}

void
plan_make(const struct plan_input *input, struct plan *plan_r)
{
	const char *date;

	plan_init(plan_r);
	plan_receipts(input, plan_r);
	plan_recipients_dropped(input, plan_r);
	plan_delete_header(input->message, plan_r, HEADER_CLASS);
	plan_delete_header(input->message, plan_r, HEADER_RECORD);
	plan_identity(input, plan_r, &date);
	plan_sender(input, plan_r);
	plan_list(input, plan_r);
	plan_channel(input, plan_r);
	if (input->decision->class != NULL)
		plan_audit(input, plan_r, date);
	plan_hold(input, plan_r);
	/* Last: the body in one burst, behind all else (MLT-17). */
	plan_blocks(input, plan_r);
}

void
plan_explain(struct arena *arena, const struct plan *plan,
             struct decision *decision)
{
	if (plan->body_skipped[0] != '\0')
		explain_not_done(arena, decision, "text",
		                 arena_printf(arena,
		                              "notice and footer: the text "
		                              "stays as it is: %s",
		                              plan->body_skipped));
}

void
plan_strip(const struct plan_input *input, struct plan *plan_r)
{
	const struct message *message = input->message;

	plan_init(plan_r);
	plan_receipts(input, plan_r);
	plan_delete_header(message, plan_r, HEADER_CLASS);
	if (!input->facts->is_our_second_pass)
		plan_delete_header(message, plan_r, HEADER_RECORD);
	plan_r->message_id =
		header_text(message->arena, &message->headers, "Message-ID");
}
