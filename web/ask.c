#include "web/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "web/answer.h"
#include "web/fresh.h"
#include "web/letter.h"
#include "web/target.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
/* No class has a slash in its name: a count of its own in the store. */
#define MAIL_COUNT "/mails"

/* What can be asked for, by the word in ?wish= and in the form. */
struct wish {
	const char *word; /* "" also stands for the first of its page */
	bool is_data;
	enum page page;
	enum page mail;
	enum token_purpose purpose;
	const char *prefix; /* of the link that is mailed */
};

static const struct wish wishes[] = {
	{ "choose", false, PAGE_CHOICES_ASK, PAGE_MAIL_CHOICES,
	  TOKEN_OWN_CHOICES, "/v/" },
	{ "fewer", false, PAGE_FEWER_ASK, PAGE_MAIL_CHOICES, TOKEN_OWN_CHOICES,
	  "/v/" },
	{ "none", false, PAGE_NONE_ASK, PAGE_MAIL_CHOICES, TOKEN_OWN_CHOICES,
	  "/v/" },
	{ "post", false, PAGE_CHOICES_ASK, PAGE_MAIL_CHOICES, TOKEN_OWN_CHOICES,
	  "/v/" },
	{ "telephone", false, PAGE_CHOICES_ASK, PAGE_MAIL_CHOICES,
	  TOKEN_OWN_CHOICES, "/v/" },
	{ "no-receipts", false, PAGE_CHOICES_ASK, PAGE_MAIL_CHOICES,
	  TOKEN_OWN_CHOICES, "/v/" },
	{ "see", true, PAGE_DATA_ASK, PAGE_MAIL_DATA, TOKEN_OWN_DATA, "/w/" },
	{ "erase", true, PAGE_ERASE_ASK, PAGE_MAIL_ERASE, TOKEN_ERASE, "/e/" },
};

#define WISHES (sizeof(wishes) / sizeof(wishes[0]))

static const struct wish *
find_wish(const char *word, bool is_data)
{
	const struct wish *first = NULL;

	for (size_t i = 0; i < WISHES; i++) {
		if (wishes[i].is_data != is_data)
			continue;
		if (strcmp(wishes[i].word, word) == 0)
			return &wishes[i];
		if (first == NULL)
			first = &wishes[i];
	}
	return first;
}

static void
add_numbers(struct call *call, struct fields *fields)
{
	fields_text(fields, "hours_good",
	            arena_printf(call->arena, "%d", FRESH_HOURS));
	fields_text(fields, "mails_most",
	            arena_printf(call->arena, "%d", ASK_MAILS_A_DAY));
}

static void
show(struct call *call, bool is_data, struct http_answer *answer)
{
	const struct wish *wish =
		find_wish(http_value(&call->request->query, "wish"), is_data);
	const struct class_settings *class;
	struct person_of_token target;
	struct fields *fields;

	if (!target_of_message(call, &target, answer))
		return;
	fields = page_fields(call->arena, &call->look);
	class = settings_class(call->snapshot->settings, target.class_name);
	add_numbers(call, fields);
	fields_text(fields, "token", call->token);
	fields_text(fields, "wish", wish->word);
	fields_text(fields, "class",
	            page_class_title(&call->look, target.class_name));
	fields_flag(fields, "needs_address", target.address[0] == '\0');
	fields_flag(fields, "is_erasure", wish->purpose == TOKEN_ERASE);
	fields_text(fields, "token_p", call_token(call, TOKEN_PREFERENCES));
	fields_text(fields, "token_d", call_token(call, TOKEN_DATA));
	if (class != NULL && class->unsubscribe != UNSUBSCRIBE_NONE)
		fields_text(fields, "token_u",
		            call_token(call, TOKEN_UNSUBSCRIBE));
	answer_page(call, 200, wish->page, fields, answer);
}

/*
 * To whom: the address on record; or, when only the person's name is left,
 * the one typed in, if it is that person's. "": nobody, and the answer does
 * not tell.
 */
static const char *
address_for(struct call *call, const struct person_of_token *target)
{
	const char *typed = http_value(&call->request->form, "address");
	char name[PERSON_SIZE];

	if (target->address[0] != '\0')
		return target->address;
	person_name(call->snapshot->keys, typed, name);
	return strcmp(name, target->person) == 0 ? typed : "";
}

static const char *
link_for(struct call *call, const struct wish *wish)
{
	char token[FRESH_SIZE];

	fresh_make(call->snapshot->keys, wish->purpose, call->message,
	           clock_now() + FRESH_MS, token);
	return arena_printf(
		call->arena, "%s%s%s?%s%s%slang=%s",
		call->snapshot->settings->web, wish->prefix, token,
		wish->is_data ? "" : "wish=", wish->is_data ? "" : wish->word,
		wish->is_data ? "" : "&", language_code(call->look.language));
}

static enum result
write_mail(struct call *call, const struct wish *wish, const char *to,
           struct error *err)
{
	struct fields *fields = page_fields(call->arena, &call->look);
	struct letter letter = { .to = to };

	add_numbers(call, fields);
	fields_text(fields, "link", link_for(call, wish));
	letter.subject =
		page_title(call->arena, &call->look, wish->mail, fields);
	letter.text = page_render(call->arena, &call->look, wish->mail, fields);
	return letter_send(call->arena, call->snapshot->settings,
	                   call->snapshot->keys, &letter, err);
}

/* OK also when today's mails are all used up: the page says how many. */
static enum result
send_counted(struct call *call, const struct wish *wish, const char *to,
             struct error *err)
{
	struct store *store = ledger_store(call->service->ledger);
	struct error ignored;
	char mail[MESSAGE_NAME_SIZE];
	const struct store_question question = {
		.class_name = MAIL_COUNT,
		.addresses = &to,
		.count = 1,
		.cap_count = ASK_MAILS_A_DAY,
		.cap_ms = DAY_MS,
		.message = mail,
	};
	struct store_answer answer;
	enum result result;

	message_id_name(message_id_new(), mail);
	result = store_ask(call->arena, store, &question, &answer, err);
	if (result != RESULT_OK || answer.is_over_cap)
		return result;
	result = write_mail(call, wish, to, err);
	if (result != RESULT_OK &&
	    store_cap_release(store, &question, &ignored) != RESULT_OK)
		log_debug("a mail that was not sent stays counted");
	return result;
}

/* In the language the person has chosen, whoever asks. */
static enum result
take_language(struct call *call, const struct person_of_token *target,
              struct error *err)
{
	enum language asked = call->look.language;
	struct person person;
	enum result result =
		person_find(call->arena, ledger_store(call->service->ledger),
	                    target->person, &person, err);

	if (result == RESULT_OK && person.language[0] != '\0') {
		const struct language_wishes own = { .chosen = "",
			                             .person = person.language,
			                             .accept = "",
			                             .standard = "" };

		call->look.language = language_choose(&own);
	} else {
		call->look.language = asked;
	}
	return result;
}

static void
send_link(struct call *call, const struct wish *wish,
          const struct person_of_token *target, struct http_answer *answer)
{
	static struct log_gate gate;
	const char *to = address_for(call, target);
	enum language reader = call->look.language;
	struct fields *fields;
	struct error err;
	enum result result = take_language(call, target, &err);

	if (result == RESULT_OK && to[0] != '\0')
		result = send_counted(call, wish, to, &err);
	call->look.language = reader;
	if (result != RESULT_OK) {
		log_warn_gated(&gate, "a link is not sent: %s", err.text);
		answer_later(call, answer);
		return;
	}
	fields = page_fields(call->arena, &call->look);
	add_numbers(call, fields);
	answer_page(call, 200, PAGE_SENT, fields, answer);
}

static void
send(struct call *call, bool is_data, struct http_answer *answer)
{
	const struct wish *wish =
		find_wish(http_value(&call->request->form, "wish"), is_data);
	struct person_of_token target;

	if (target_of_message(call, &target, answer))
		send_link(call, wish, &target, answer);
}

void
ask_show_choices(struct call *call, struct http_answer *answer)
{
	show(call, false, answer);
}

void
ask_send_choices(struct call *call, struct http_answer *answer)
{
	send(call, false, answer);
}

void
ask_show_data(struct call *call, struct http_answer *answer)
{
	show(call, true, answer);
}

void
ask_send_data(struct call *call, struct http_answer *answer)
{
	send(call, true, answer);
}

void
ask_send_erasure(struct call *call, const struct person_of_token *target,
                 struct http_answer *answer)
{
	send_link(call, find_wish("erase", true), target, answer);
}
