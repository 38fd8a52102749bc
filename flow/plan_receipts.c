#include <string.h>

#include "flow/plan_parts.h"
#include "mail/address.h"

/*
 * Receipts: the envelope sender becomes recu+TOKEN@, NOTIFY is set per
 * recipient, and Disposition-Notification-To is that same sender (F-2).
 */

/* What this recipient's NOTIFY must be; true when it has to be changed. */
static bool
notify_for(const struct plan_input *input, size_t index, unsigned *notify_r)
{
	const struct recipient *recipient = &input->message->recipients[index];
	unsigned author = recipient->dsn.is_marker ? DSN_NOTIFY_NONE
	                                           : recipient->dsn.notify;
	unsigned wanted = input->decision->notify;

	/* A refusal binds us; what the author asked is the author's affair. */
	if (input->facts->recipients[index].refuses_receipts)
		wanted &= ~(unsigned)DSN_NOTIFY_SUCCESS;
	/* DSN-3: the author's NEVER stays, unless policy says otherwise. */
	if ((author & DSN_NOTIFY_NEVER) != 0) {
		if (!input->decision->override_never || wanted == 0)
			return false;
		author = DSN_NOTIFY_NONE;
	}
	*notify_r = author | wanted;
	if (recipient->dsn.is_marker)
		return true;
	if (wanted == 0 || *notify_r == recipient->dsn.notify)
		return false;
	/* Without NOTIFY, failures and delays are reported anyway. */
	return author != DSN_NOTIFY_NONE ||
	       (wanted & DSN_NOTIFY_SUCCESS) != 0 ||
	       (recipient->dsn.notify & DSN_NOTIFY_NEVER) != 0;
}

/* DSN-5, I18N-3: the author's bytes; none for what this MTA cannot take. */
static const char *
orcpt_for(const struct plan_input *input, const struct recipient *recipient)
{
	struct arena *arena = input->message->arena;

	if (recipient->dsn.orcpt[0] != '\0')
		return arena_printf(arena, "ORCPT=%s", recipient->dsn.orcpt);
	if (input->message->mta.is_postfix)
		for (const char *p = recipient->address; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				return "";
	return arena_printf(arena, "ORCPT=%s",
	                    dsn_orcpt(arena, recipient->address));
}

static bool
stood_before(const struct message *message, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(message->recipients[i].path,
		           message->recipients[index].path) == 0)
			return true;
	return false;
}

/*
 * MLT-15: a recipient is deleted and added again, and deleting takes all
 * that bear the same path, so each path is done once.
 */
static void
plan_notify(const struct plan_input *input, struct plan *plan)
{
	const struct message *message = input->message;
	struct arena *arena = message->arena;

	for (size_t i = 0; i < message->recipient_count; i++) {
		const struct recipient *recipient = &message->recipients[i];
		const struct decision *decision = input->decision;
		unsigned notify;

		if (decision->drop_count > 0 && decision->drops[i])
			continue;
		if (!notify_for(input, i, &notify) || stood_before(message, i))
			continue;

		const char *text = dsn_notify_text(notify);
		const char *orcpt = orcpt_for(input, recipient);

		edit_drop_recipient(arena, &plan->edits, recipient->path);
		edit_add_recipient(
			arena, &plan->edits, recipient->path,
			arena_printf(arena, "%s%s%s%s",
		                     text[0] != '\0' ? "NOTIFY=" : "", text,
		                     text[0] != '\0' && orcpt[0] != '\0' ? " "
		                                                         : "",
		                     orcpt));
	}
}

static void
plan_envelope_sender(const struct plan_input *input, struct plan *plan)
{
	const struct message *message = input->message;
	const struct settings *settings = input->settings;
	struct arena *arena = message->arena;
	char token[TOKEN_ADDRESS_SIZE], envid[TOKEN_ENVID_SIZE];

	token_for_address(input->keys, TOKEN_RECEIPT, input->id, token);
	token_for_envid(input->keys, input->id, envid);
	plan->receipt_address = address_with_extension(
		arena, settings->receipts, settings->delimiter[0], token);
	/* DSN-10: headers are enough, unless the author wants it all. */
	edit_sender(arena, &plan->edits, plan->receipt_address,
	            arena_printf(arena, "RET=%s ENVID=%s",
	                         text_is(message->mail.ret, "FULL") ? "FULL"
	                                                            : "HDRS",
	                         envid));
}

static void
plan_reading(const struct plan_input *input, struct plan *plan)
{
	const char *value = arena_printf(input->message->arena, "<%s>",
	                                 plan->receipt_address);

	plan_set_header(input, plan, "Disposition-Notification-To", value);
	if (input->facts->receipt_to[0] != '\0')
		plan_change(input, plan,
		            (struct change){ "receipt_to",
		                             input->facts->receipt_to, value });
}

void
plan_receipts(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;

	if (decision->rewrite_sender)
		plan_envelope_sender(input, plan);
	if (input->message->mta.can_set_notify)
		plan_notify(input, plan);
	if (decision->ask_reading && decision->rewrite_sender)
		plan_reading(input, plan);
	if (decision->drop_legacy_receipt) {
		plan_delete_header(input->message, plan, "Return-Receipt-To");
		plan_delete_header(input->message, plan,
		                   "X-Confirm-Reading-To");
	}
}
