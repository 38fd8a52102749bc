#include <string.h>

#include "flow/plan_parts.h"
#include "mail/address.h"

/* No-reply senders made answerable (ADR-1..8). */

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/*
 * The name in From, as it was written (ADR-3); none when it shows an
 * address, which would be the no-reply one.
 */
static const char *
from_display(const struct plan_input *input)
{
	struct arena *arena = input->message->arena;
	const struct header *from =
		header_find(&input->message->headers, "From", 1);
	struct mailbox_list list;
	const char *value, *display;

	if (from == NULL)
		return "";
	value = header_unfold(arena, from->value);
	mailbox_read(arena, value, 2, &list);
	if (list.count != 1 || list.items[0].display.len == 0)
		return "";
	display = arena_strndup(arena, list.items[0].display.at,
	                        list.items[0].display.len);
	if (strchr(header_decode(arena, display), '@') != NULL)
		return "";
	return is_ascii(display) || input->message->mail.is_smtputf8
	               ? display
	               : header_phrase(arena, header_decode(arena, display));
}

/*
 * A mailbox of the settings ("Service client <contact@example.fr>") as a
 * header value; without a name of its own it takes the one in From.
 */
static const char *
mailbox_value(const struct plan_input *input, const char *setting,
              const char **address_r)
{
	struct arena *arena = input->message->arena;
	struct mailbox_list list;
	const char *display;

	mailbox_read(arena, setting, 1, &list);
	if (list.count == 0) {
		*address_r = setting;
		return setting;
	}
	*address_r = list.items[0].address;
	if (list.items[0].display.len == 0) {
		display = from_display(input);
	} else {
		display = arena_strndup(arena, list.items[0].display.at,
		                        list.items[0].display.len);
		if (display[0] != '"' || !is_ascii(display))
			display = header_phrase(arena, display);
	}
	if (display[0] == '\0')
		return *address_r;
	return arena_printf(arena, "%s <%s>", display, *address_r);
}

static void
plan_reply_to(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;
	struct arena *arena = input->message->arena;
	const char *before =
		header_text(arena, &input->message->headers, "Reply-To");
	const char *value =
		mailbox_value(input, decision->reply_to, &plan->reply_to);

	/* ADR-4: one field, whatever was there. */
	if (decision->reply_to_merges && before[0] != '\0')
		value = arena_printf(arena, "%s,\n %s", before, value);
	if (plan_set_header(input, plan, "Reply-To", value))
		plan_change(input, plan,
		            (struct change){ "reply_to", before, value });
}

static void
plan_from(const struct plan_input *input, struct plan *plan)
{
	struct arena *arena = input->message->arena;
	const char *before =
		header_text(arena, &input->message->headers, "From");
	const char *address;
	const char *value =
		mailbox_value(input, input->decision->from, &address);

	if (plan_set_header(input, plan, "From", value))
		plan_change(input, plan,
		            (struct change){ "from", before, value });
}

void
plan_sender(const struct plan_input *input, struct plan *plan)
{
	plan->reply_to = input->facts->from;
	if (input->decision->from[0] != '\0')
		plan_from(input, plan);
	if (input->decision->reply_to[0] != '\0')
		plan_reply_to(input, plan);
}
