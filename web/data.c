#include "web/data.h"

#include <string.h>

#include "base/log.h"
#include "base/template.h"
#include "record/find.h"
#include "record/state.h"
#include "web/answer.h"
#include "web/ask.h"
#include "web/fresh.h"
#include "web/saying.h"
#include "web/target.h"

#define MESSAGES_MOST 100

/* The states of record/state.h in the words of somebody who was written to. */
static const char *const states[] = {
	[STATE_SUBMITTED] = WORDS("Sent"),
	[STATE_HELD] = WORDS("Held back, to be sent later"),
	[STATE_REFUSED] = WORDS("Not sent"),
	[STATE_DELAYED] = WORDS("Sent; the delivery is delayed"),
	[STATE_RELAYED] = WORDS("Handed over to your mail server"),
	[STATE_DELIVERED] = WORDS("Delivered to your mailbox"),
	[STATE_FAILED] = WORDS("Could not be delivered"),
	[STATE_DISPLAYED] = WORDS("Your mail program reported it as shown"),
	[STATE_REPLIED] = WORDS("You have answered it"),
	[STATE_CONFIRMED] = WORDS("You have confirmed that you received it"),
	[STATE_CONTRADICTED] = WORDS("Reports about its delivery contradict "
	                             "each other"),
};

static const char *
words(const struct call *call, const char *text)
{
	return language_text(call->look.language, text);
}

static const char *
date_text(struct call *call, const char *rfc3339)
{
	time_ms_t when;

	if (!clock_parse(rfc3339, &when))
		return "";
	return language_date(call->arena, call->look.language, when);
}

/* An item of a list with a class, a date and a text made of both. */
static void
add_fact(struct call *call, struct fields *fields, const char *list,
         const char *class_name, const char *since, const char *text)
{
	struct fields *item = fields_item(fields, list);

	fields_text(item, "class", page_class_title(&call->look, class_name));
	fields_text(item, "date", date_text(call, since));
	fields_text(item, "label",
	            template_text(call->arena, words(call, text), item));
}

static void
add_choices(struct call *call, struct fields *fields,
            const struct person *person)
{
	static const struct {
		const char *channel;
		const char *text;
	} channels[] = {
		{ "post", WORDS("Rather by post") },
		{ "telephone", WORDS("Rather by telephone") },
	};

	if (person->off_since[0] != '\0')
		add_fact(call, fields, "choices", "", person->off_since,
		         WORDS("No advertising of any kind, since {date}"));
	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *class = &person->classes[i];

		if (class->off_since[0] != '\0')
			add_fact(call, fields, "choices", class->class_name,
			         class->off_since,
			         WORDS("No “{class}”, since {date}"));
		else if (class->on_since[0] != '\0')
			add_fact(call, fields, "choices", class->class_name,
			         class->on_since,
			         WORDS("“{class}”: yes, since {date}"));
	}
	if (person->cap_count > 0)
		add_fact(call, fields, "choices", "", "",
		         WORDS("Fewer messages"));
	if (person->refuses_receipts)
		add_fact(call, fields, "choices", "", "",
		         WORDS("No receipts asked for"));
	if (person->refuses_measure)
		add_fact(call, fields, "choices", "", "",
		         WORDS("No links counted"));
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
		if (strcmp(channels[i].channel, person->channel) == 0)
			add_fact(call, fields, "choices", "", "",
			         channels[i].text);
	if (strcmp(person->language, "fr") == 0)
		add_fact(call, fields, "choices", "", "", WORDS("In French"));
	if (strcmp(person->language, "en") == 0)
		add_fact(call, fields, "choices", "", "", WORDS("In English"));
}

static const char *
consent_text(const struct person_class *class)
{
	if (class->may_receive &&
	    (class->may_measure_opens || class->may_measure_clicks))
		return WORDS("Given on {date}, for receiving and measuring");
	if (class->may_receive)
		return WORDS("Given on {date}, for receiving");
	if (class->is_soft_opt_in)
		return WORDS("None; you are a customer, since {date}");
	return WORDS("Withdrawn");
}

static void
add_consents(struct call *call, struct fields *fields,
             const struct person *person)
{
	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *class = &person->classes[i];

		if (class->has_consent)
			add_fact(call, fields, "consents", class->class_name,
			         class->consent_time, consent_text(class));
	}
}

/* One line for each; other people's share of a message is not told. */
static enum result
add_message(struct call *call, struct fields *fields, struct message_id id,
            const char *address, struct error *err)
{
	struct event_list events;
	enum result result =
		find_events(call->arena, ledger_store(call->service->ledger),
	                    id, &events, err);
	enum language language = call->look.language;

	if (result == RESULT_NONE)
		return RESULT_OK;
	if (result != RESULT_OK)
		return result;

	const struct event *first = &events.items[0];
	unsigned recipient = event_recipient_number(first, address);
	struct fields *item = fields_item(fields, "messages");

	fields_text(item, "class",
	            page_class_title(&call->look, first->class_name));
	fields_text(item, "date",
	            language_date(call->arena, language, first->time));
	fields_text(item, "until",
	            language_date(call->arena, language,
	                          first->time + first->retention_ms));
	fields_text(item, "state",
	            words(call, states[state_of(&events, recipient)]));
	return RESULT_OK;
}

static enum result
add_messages(struct call *call, struct fields *fields, const char *address,
             struct error *err)
{
	const struct find_query query = { .message_id = "",
		                          .queue_id = "",
		                          .to = address,
		                          .from = "",
		                          .limit = MESSAGES_MOST };
	struct message_id_list list = { .count = 0 };
	enum result result;

	if (address[0] == '\0')
		return RESULT_OK;
	result = find_messages(call->arena, ledger_store(call->service->ledger),
	                       &query, &list, err);
	if (result == RESULT_NONE)
		return RESULT_OK;
	for (size_t i = 0; i < list.count && result == RESULT_OK; i++)
		result = add_message(call, fields, list.items[i], address, err);
	fields_flag(fields, "is_cut", list.count == MESSAGES_MOST);
	fields_text(fields, "messages_most",
	            arena_printf(call->arena, "%d", MESSAGES_MOST));
	return result;
}

static enum result
fill(struct call *call, const struct person_of_token *target,
     const struct person *person, struct fields *fields, struct error *err)
{
	char choices[FRESH_SIZE];

	fresh_make(call->snapshot->keys, TOKEN_OWN_CHOICES, call->message,
	           call->until, choices);
	fields_text(fields, "token", call->token);
	fields_text(fields, "token_v", arena_strdup(call->arena, choices));
	fields_text(fields, "person_address", target->address);
	fields_text(
		fields, "today",
		language_date(call->arena, call->look.language, clock_now()));
	fields_flag(fields, "is_restricted",
	            person->restricted_since[0] != '\0');
	add_choices(call, fields, person);
	add_consents(call, fields, person);
	return add_messages(call, fields, target->address, err);
}

static bool
find(struct call *call, struct person_of_token *target_r,
     struct person *person_r, struct http_answer *answer)
{
	struct error err;

	if (!target_of_mailbox(call, target_r, answer))
		return false;
	if (person_find(call->arena, ledger_store(call->service->ledger),
	                target_r->person, person_r, &err) != RESULT_OK) {
		answer_later(call, answer);
		return false;
	}
	target_language(call, person_r);
	return true;
}

void
data_show_button(struct call *call, struct http_answer *answer)
{
	struct person_of_token target;
	struct person person;
	struct fields *fields;

	if (!find(call, &target, &person, answer))
		return;
	fields = page_fields(call->arena, &call->look);
	fields_text(fields, "token", call->token);
	answer_page(call, 200, PAGE_DATA_SHOW, fields, answer);
}

void
data_show(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct person_of_token target;
	struct person person;
	struct event event;
	struct event_list events = { .items = &event, .count = 1 };
	struct fields *fields;
	struct error err;
	enum result result;

	if (!find(call, &target, &person, answer))
		return;
	if (strcmp(http_value(&call->request->form, "wish"), "erase") == 0) {
		ask_send_erasure(call, &target, answer);
		return;
	}
	fields = page_fields(call->arena, &call->look);
	result = fill(call, &target, &person, fields, &err);
	saying_event(call, &target, EVENT_EXPORTED, "", "page", &event);
	if (result == RESULT_OK)
		result = saying_record(call, &events, &err);
	if (result == RESULT_OK) {
		answer_page(call, 200, PAGE_DATA, fields, answer);
		return;
	}
	log_warn_gated(&gate, "data cannot be shown: %s", err.text);
	answer_later(call, answer);
}
