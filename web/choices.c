#include "web/choices.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/template.h"
#include "web/answer.h"
#include "web/choices_diff.h"
#include "web/saying.h"
#include "web/target.h"

struct option {
	const char *value;
	const char *label;
};

static const struct option caps[] = {
	{ "", WORDS("as many as there are") },
	{ "4-30", WORDS("four in 30 days") },
	{ "2-30", WORDS("two in 30 days") },
	{ "1-30", WORDS("one in 30 days") },
};
static const struct option channels[] = {
	{ "email", WORDS("e-mail") },
	{ "post", WORDS("post") },
	{ "telephone", WORDS("telephone") },
};
static const struct option languages[] = {
	{ "en", "English" },
	{ "fr", "Français" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What the person finds chosen when "fewer" was asked for. */
#define FEWER_AT_FIRST "2-30"

static bool
find(struct call *call, struct person_of_token *target_r,
     struct person *person_r, struct http_answer *answer)
{
	static struct log_gate gate;
	struct error err;

	if (!target_of_mailbox(call, target_r, answer))
		return false;
	if (person_find(call->arena, ledger_store(call->service->ledger),
	                target_r->person, person_r, &err) == RESULT_OK) {
		target_language(call, person_r);
		return true;
	}
	log_warn_gated(&gate, "choices cannot be read: %s", err.text);
	answer_later(call, answer);
	return false;
}

static void
add_options(struct call *call, struct fields *fields, const char *list,
            const struct option *options, size_t count, const char *now)
{
	for (size_t i = 0; i < count; i++) {
		struct fields *item = fields_item(fields, list);

		fields_text(item, "value", options[i].value);
		fields_text(
			item, "label",
			language_text(call->look.language, options[i].label));
		fields_flag(item, "is_chosen",
		            strcmp(options[i].value, now) == 0);
	}
}

/* What is in force is always among the options: saving must not change it. */
static void
add_caps(struct call *call, struct fields *fields, const char *in_force,
         const char *chosen)
{
	bool is_known = false;

	add_options(call, fields, "caps", caps, COUNT(caps), chosen);
	for (size_t i = 0; i < COUNT(caps); i++)
		is_known |= strcmp(caps[i].value, in_force) == 0;
	if (is_known)
		return;

	struct fields *item = fields_item(fields, "caps");

	fields_text(item, "value", in_force);
	fields_text(item, "label", in_force);
	fields_flag(item, "is_chosen", strcmp(in_force, chosen) == 0);
}

static void
add_classes(struct call *call, struct fields *fields,
            const struct choices *choices)
{
	for (size_t i = 0; i < choices->class_count; i++) {
		const struct choices_class *class = &choices->classes[i];
		struct fields *item = fields_item(fields, "classes");

		fields_text(item, "number",
		            arena_printf(call->arena, "%zu", i + 1));
		fields_text(item, "name", class->name);
		fields_text(item, "class",
		            page_class_title(&call->look, class->name));
		fields_flag(item, "is_on", class->is_on);
	}
}

/* The wish that the link was asked for with, marked in the form. */
static bool
suggest(const char *wish, struct choices *choices)
{
	if (strcmp(wish, "none") == 0)
		choices->is_none = true;
	else if (strcmp(wish, "no-receipts") == 0)
		choices->asks_receipts = false;
	else if (strcmp(wish, "post") == 0 || strcmp(wish, "telephone") == 0)
		choices->channel = wish;
	else
		return false;
	return true;
}

void
choices_show(struct call *call, struct http_answer *answer)
{
	const char *wish = http_value(&call->request->query, "wish");
	struct person_of_token target;
	struct person person;
	struct choices choices;
	struct fields *fields;
	const char *cap;
	bool is_suggested;

	if (!find(call, &target, &person, answer))
		return;
	choices_in_force(call->arena, call->snapshot->settings, &person,
	                 &choices);
	is_suggested = suggest(wish, &choices);
	fields = page_fields(call->arena, &call->look);
	cap = choices.cap;
	if (strcmp(wish, "fewer") == 0 && cap[0] == '\0')
		cap = FEWER_AT_FIRST;
	fields_text(fields, "token", call->token);
	fields_text(fields, "wish", wish);
	fields_flag(fields, "is_suggested",
	            is_suggested || strcmp(wish, "fewer") == 0);
	fields_flag(fields, "is_none", choices.is_none);
	fields_flag(fields, "asks_receipts", choices.asks_receipts);
	fields_flag(fields, "is_measured", choices.is_measured);
	add_classes(call, fields, &choices);
	add_caps(call, fields, choices.cap, cap);
	add_options(call, fields, "channels", channels, COUNT(channels),
	            choices.channel);
	add_options(call, fields, "languages", languages, COUNT(languages),
	            choices.language[0] != '\0'
	                    ? choices.language
	                    : language_code(call->look.language));
	answer_page(call, 200, PAGE_CHOICES, fields, answer);
}

/* The form, over what is in force: only what it showed can change. */
static void
read_form(const struct http_fields *form, const struct choices *now,
          struct choices *wanted)
{
	for (size_t i = 0; i < now->class_count; i++) {
		struct choices_class *class = &wanted->classes[i];

		if (http_has(form, "shown", class->name))
			class->is_on = http_has(form, "class", class->name);
	}
	wanted->is_none = http_value(form, "none")[0] != '\0';
	wanted->asks_receipts = http_value(form, "receipts")[0] != '\0';
	wanted->is_measured = http_value(form, "measure")[0] != '\0';
	wanted->cap = http_value(form, "fewer");
	wanted->channel = http_value(form, "channel");
	wanted->language = http_value(form, "language");
}

static void
show_saved(struct call *call, const struct choices_change_list *changes,
           struct http_answer *answer)
{
	struct fields *fields = page_fields(call->arena, &call->look);

	fields_text(fields, "token", call->token);
	for (size_t i = 0; i < changes->count; i++) {
		const struct choices_change *change = &changes->items[i];
		struct fields *item;

		if (change->label[0] == '\0')
			continue;
		item = fields_item(fields, "changes");
		fields_text(item, "class",
		            page_class_title(&call->look, change->class_name));
		fields_text(item, "label",
		            template_text(call->arena,
		                          language_text(call->look.language,
		                                        change->label),
		                          item));
	}
	answer_page(call, 200, PAGE_SAVED, fields, answer);
}

static enum result
record(struct call *call, const struct person_of_token *target,
       const struct choices_change_list *changes, struct error *err)
{
	struct event_list events = {
		.items = arena_array(call->arena, changes->count,
		                     sizeof(struct event)),
		.count = changes->count,
	};

	for (size_t i = 0; i < changes->count; i++) {
		const struct choices_change *change = &changes->items[i];
		struct event *event = &events.items[i];

		saying_event(call, target, change->kind, change->class_name,
		             change->detail, event);
		if (change->kind != EVENT_CONSENT)
			continue;
		event_fact_add(call->arena, event, "text", CHOICES_TEXT);
		event_fact_add(call->arena, event, "channel", "page");
	}
	return saying_record(call, &events, err);
}

/* The answer is in the language that was just chosen. */
static void
take_language(struct call *call, const char *chosen)
{
	const struct language_wishes wishes = {
		.chosen = chosen,
		.person = "",
		.accept = "",
		.standard = language_code(call->look.language),
	};

	call->look.language = language_choose(&wishes);
}

void
choices_save(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	const struct http_request *request = call->request;
	struct person_of_token target;
	struct choices_change_list changes;
	struct choices now, wanted;
	struct person person;
	struct error err;

	if (!find(call, &target, &person, answer))
		return;
	/* Every form of ours has it: this is not a stray POST. */
	if (http_value(&request->form, "channel")[0] == '\0') {
		answer_plain(call, 400, PAGE_WRONG, answer);
		return;
	}
	choices_in_force(call->arena, call->snapshot->settings, &person, &now);
	choices_in_force(call->arena, call->snapshot->settings, &person,
	                 &wanted);
	/* Who leaves the language of the page as it is has not chosen one. */
	if (now.language[0] == '\0')
		now.language = language_code(call->look.language);
	read_form(&request->form, &now, &wanted);
	if (!choices_diff(call->arena, &now, &wanted, target.address[0] != '\0',
	                  &changes)) {
		answer_plain(call, 400, PAGE_WRONG, answer);
		return;
	}
	if (record(call, &target, &changes, &err) != RESULT_OK) {
		log_warn_gated(&gate, "choices are put off: %s", err.text);
		answer_later(call, answer);
		return;
	}
	take_language(call, wanted.language);
	show_saved(call, &changes, answer);
}
