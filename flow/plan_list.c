#include "flow/plan_parts.h"
#include "mail/address.h"

/* The way out: List-Unsubscribe and its companions (LST-1..4). */

/*
 * A token names one recipient; a copy that several people share must not
 * bear one, and what comes to the bare address is read by a person.
 */
const char *
plan_unsubscribe_address(const struct plan_input *input)
{
	const struct settings *settings = input->settings;
	char token[TOKEN_ADDRESS_SIZE];

	if (input->message->recipient_count - input->decision->drop_count != 1)
		return settings->unsubscribe;
	token_for_address(input->keys, TOKEN_UNSUBSCRIBE, input->id, token);
	return address_with_extension(input->message->arena,
	                              settings->unsubscribe,
	                              settings->delimiter[0], token);
}

static const char *
unsubscribe_value(const struct plan_input *input)
{
	const struct settings *settings = input->settings;
	const struct decision *decision = input->decision;
	struct arena *arena = input->message->arena;
	char url[TOKEN_URL_SIZE];
	const char *mailto = "", *https = "";

	if (decision->unsubscribe_mailto)
		mailto = arena_printf(arena, "<mailto:%s?subject=unsubscribe>",
		                      plan_unsubscribe_address(input));
	if (decision->unsubscribe_https) {
		token_for_url(input->keys, TOKEN_UNSUBSCRIBE, input->id, url);
		https = arena_printf(arena, "<%s/u/%s>", settings->web, url);
	}
	/* LST-2: folded after the comma only. */
	return arena_printf(arena, "%s%s%s", mailto,
	                    mailto[0] != '\0' && https[0] != '\0' ? ",\n " : "",
	                    https);
}

static const char *
list_id_value(const struct plan_input *input)
{
	struct arena *arena = input->message->arena;
	const struct title *title = &input->decision->class->title;
	const char *words = title->fr[0] != '\0' ? title->fr : title->en;

	if (words[0] == '\0')
		return arena_printf(arena, "<%s>", input->decision->list_id);
	return arena_printf(arena, "%s <%s>", header_phrase(arena, words),
	                    input->decision->list_id);
}

/* LST-1: what an application set is replaced as a set. */
static void
plan_take_out(const struct plan_input *input, struct plan *plan)
{
	static const char *const names[] = { "List-Unsubscribe-Post",
		                             "List-Unsubscribe" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		plan_delete_header(input->message, plan, names[i]);
	if (input->decision->list_id[0] != '\0')
		plan_delete_header(input->message, plan, "List-Id");
}

static void
plan_add(const struct plan_input *input, struct plan *plan, const char *name,
         const char *value)
{
	edit_header(input->message->arena, &plan->edits, EDIT_ADD_HEADER, name,
	            value);
}

/* LST-15: all of them, whatever their names; each from its last (HDR-6). */
static void
plan_strip_list(const struct plan_input *input, struct plan *plan)
{
	const struct header_list *headers = &input->message->headers;

	for (size_t i = 0; i < headers->count; i++) {
		const char *name = headers->items[i].name;
		bool is_first = true;

		for (size_t j = 0; j < i; j++)
			if (text_is(headers->items[j].name, name))
				is_first = false;
		if (is_first && text_starts(name, "List-"))
			plan_delete_header(input->message, plan, name);
	}
}

void
plan_list(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;
	bool is_wanted =
		decision->unsubscribe_mailto || decision->unsubscribe_https;

	if (decision->strip_list)
		plan_strip_list(input, plan);
	if (is_wanted && decision->unsubscribe_replaces)
		plan_take_out(input, plan);
	if (is_wanted)
		plan_add(input, plan, "List-Unsubscribe",
		         unsubscribe_value(input));
	/* LST-3: byte for byte. */
	if (decision->unsubscribe_post)
		plan_add(input, plan, "List-Unsubscribe-Post",
		         "List-Unsubscribe=One-Click");
	if (decision->list_id[0] != '\0' &&
	    (!input->facts->has_list_id || decision->strip_list ||
	     (is_wanted && decision->unsubscribe_replaces)))
		plan_add(input, plan, "List-Id", list_id_value(input));
}
