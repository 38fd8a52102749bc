#include "base/fields.h"
#include "flow/links.h"
#include "flow/plan_parts.h"
#include "mail/insert.h"

/* Notice and footer: templates filled in and put into the text (BODY-*). */

#define TEXT_LIMIT  ((size_t)2 * 1024 * 1024)
#define BLOCK_BYTES ((size_t)64 * 1024)
#define SIGN_BYTES  12

static const char *
in_language(const struct decision *decision, const struct title *title)
{
	const char *fr = title->fr, *en = title->en;

	if (text_is(decision->language, "fr"))
		return fr[0] != '\0' ? fr : en;
	return en[0] != '\0' ? en : fr;
}

static size_t
recipients_left(const struct plan_input *input)
{
	return input->message->recipient_count - input->decision->drop_count;
}

/* A page for one person; nobody's when several share the message. */
static const char *
page_url(const struct plan_input *input, enum token_purpose purpose)
{
	const char *web = input->settings->web;
	char token[TOKEN_URL_SIZE];

	if (web[0] == '\0' || recipients_left(input) != 1)
		return "";
	token_for_url(input->keys, purpose, input->id, token);
	return arena_printf(input->message->arena, "%s/%c/%s", web, purpose,
	                    token);
}

static const char *
unsubscribe_url(const struct plan_input *input)
{
	const struct decision *decision = input->decision;
	const char *page = page_url(input, TOKEN_UNSUBSCRIBE);

	if (decision->unsubscribe_https && page[0] != '\0')
		return page;
	if (!decision->unsubscribe_mailto)
		return "";
	return arena_printf(input->message->arena,
	                    "mailto:%s?subject=unsubscribe",
	                    plan_unsubscribe_address(input));
}

static struct fields *
block_fields(const struct plan_input *input)
{
	const struct organisation_settings *organisation =
		&input->settings->organisation;
	const struct decision *decision = input->decision;
	struct fields *fields = fields_new(input->message->arena);

	fields_text(fields, "organisation", organisation->name);
	fields_text(fields, "contact", organisation->contact);
	fields_text(fields, "telephone", organisation->telephone);
	fields_text(fields, "address", organisation->address);
	fields_text(fields, "hours",
	            in_language(decision, &organisation->hours));
	fields_text(fields, "privacy", organisation->privacy);
	fields_text(fields, "title",
	            in_language(decision, &decision->class->title));
	fields_flag(fields, "reading", decision->ask_reading);
	fields_flag(fields, "delivery",
	            (decision->notify & DELIVERY_SUCCESS) != 0);
	fields_flag(fields, "measured", decision->measure_links);
	if (decision->ask_confirm)
		fields_text(fields, "confirm", page_url(input, TOKEN_CONFIRM));
	fields_text(fields, "preferences", page_url(input, TOKEN_PREFERENCES));
	fields_text(fields, "unsubscribe", unsubscribe_url(input));
	fields_text(fields, "way_on", decision->class->way_on);
	return fields;
}

static const char *
rendered(struct arena *arena, const struct template *template,
         const struct fields *fields)
{
	const struct template_use use = { .fields = fields };
	const char *text;
	struct buf out;

	buf_init(&out, BLOCK_BYTES);
	template_render(template, &use, &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_done(&out);
	return text;
}

/*
 * What stays the same from message to message: addresses of pages bear a
 * token. A block that begins with one is known by all of it.
 */
static const char *
constant_words(struct arena *arena, const char *text)
{
	struct span words = span_of(text);
	size_t end = span_find_text(words, "https://", 0);
	size_t mail = span_find_text(words, "mailto:", 0);

	words = span_trim(span_take(words, mail < end ? mail : end));
	return words.len >= SIGN_BYTES
	               ? arena_strndup(arena, words.at, words.len)
	               : "";
}

/* Nothing but white space: every line of it depended on what is not there. */
static bool
is_blank(const char *text)
{
	return span_trim(span_of(text)).len == 0;
}

static size_t
make_blocks(const struct plan_input *input, struct insert_block *blocks)
{
	const struct decision *decision = input->decision;
	struct arena *arena = input->message->arena;
	struct fields *fields = block_fields(input);
	size_t count = 0;

	for (size_t i = 0; i < decision->block_count; i++) {
		struct insert_block *block = &blocks[count];
		struct block_text text;

		if (!blocks_find(input->blocks, decision->blocks[i],
		                 decision->language, &text))
			continue;
		*block = (struct insert_block){
			.name = decision->blocks[i],
			.text = rendered(arena, text.text, fields),
			.html = rendered(arena, text.html, fields),
		};
		block->sign = constant_words(arena, block->text);
		count += is_blank(block->text) ? 0 : 1;
	}
	return count;
}

/* The message's own fields follow its only part (BODY-10). */
static void
plan_part_fields(const struct plan_input *input, struct plan *plan,
                 const struct insert_result *result)
{
	plan_delete_header(input->message, plan, "Content-MD5");
	plan_delete_header(input->message, plan, "Content-Length");
	if (result->type_value[0] != '\0')
		plan_set_header(input, plan, "Content-Type",
		                result->type_value);
	if (result->encoding[0] != '\0')
		plan_set_header(input, plan, "Content-Transfer-Encoding",
		                result->encoding);
	if (input->facts->has_mime_version)
		return;
	plan_set_header(input, plan, "MIME-Version", "1.0");
}

void
plan_blocks(const struct plan_input *input, struct plan *plan)
{
	const struct decision *decision = input->decision;
	struct arena *arena = input->message->arena;
	struct insert_result *result = arena_alloc(arena, sizeof(*result));
	struct insert_request request = {
		.outline = input->outline,
		.source = input->source,
		.is_8bit_fine = text_is(input->message->mail.body, "8BITMIME"),
		.text_limit = TEXT_LIMIT,
	};
	struct insert_block *blocks;
	struct links *links;

	if (decision->block_count == 0 || input->outline == NULL)
		return;
	blocks = arena_array(arena, decision->block_count, sizeof(*blocks));
	if (decision->measure_links) {
		links = links_new(input);
		request.link = links_measured;
		request.link_context = links;
	}
	request.blocks = blocks;
	request.block_count = make_blocks(input, blocks);
	insert_make(arena, &request, result);
	plan->body_skipped = result->skipped;
	if (result->skipped[0] != '\0')
		return;
	plan_part_fields(input, plan, result);
	edit_body(arena, &plan->edits, &result->splices, input->source);
}
