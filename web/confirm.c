#include "web/confirm.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/find.h"
#include "web/answer.h"
#include "web/letter.h"
#include "web/saying.h"
#include "web/target.h"

#define TOLD_MS ((int64_t)366 * 24 * 3600 * 1000)

/* What is known of the message of a token. */
struct confirming {
	struct call *call;
	struct person_of_token target;
	const struct event *submitted;
	const struct event *confirmed; /* NULL: not yet */
};

/* False: answered already. */
static bool
find(struct confirming *c, struct http_answer *answer)
{
	static struct log_gate gate;
	struct event_list *events =
		arena_alloc(c->call->arena, sizeof(*events));
	struct error err;

	if (!target_of_message(c->call, &c->target, answer))
		return false;
	/* NONE: past its retention; only the way out is left (LST-12). */
	switch (find_events(c->call->arena,
	                    ledger_store(c->call->service->ledger),
	                    c->call->message, events, &err)) {
	case RESULT_OK:
		break;
	case RESULT_NONE:
		answer_unknown(c->call, answer);
		return false;
	case RESULT_RETRY:
	case RESULT_BAD:
		log_warn_gated(&gate, "a page is put off: %s", err.text);
		answer_later(c->call, answer);
		return false;
	}
	for (size_t i = 0; i < events->count; i++) {
		if (events->items[i].kind == EVENT_SUBMITTED)
			c->submitted = &events->items[i];
		if (events->items[i].kind == EVENT_CONFIRMED &&
		    c->confirmed == NULL)
			c->confirmed = &events->items[i];
	}
	if (c->submitted == NULL)
		answer_unknown(c->call, answer);
	return c->submitted != NULL;
}

/* Where an answer goes: not to an address that nobody reads (ADR-5). */
static const char *
author_of(const struct event *submitted)
{
	const char *reply_to = event_fact(submitted, "reply_to");

	return reply_to[0] != '\0' ? reply_to : event_fact(submitted, "from");
}

static struct fields *
confirm_fields(const struct confirming *c)
{
	struct call *call = c->call;
	enum language language = call->look.language;
	struct fields *fields = page_fields(call->arena, &call->look);

	fields_text(fields, "token", call->token);
	fields_text(fields, "from", event_fact(c->submitted, "from"));
	fields_text(fields, "answer", author_of(c->submitted));
	/* Only where the class keeps it (GDPR-11). */
	fields_text(fields, "subject", event_fact(c->submitted, "subject"));
	fields_text(fields, "date",
	            language_date(call->arena, language, c->submitted->time));
	fields_text(fields, "token_p", call_token(call, TOKEN_PREFERENCES));
	if (c->confirmed != NULL)
		fields_text(fields, "confirmed",
		            language_date(call->arena, language,
		                          c->confirmed->time));
	return fields;
}

static void
show(const struct confirming *c, struct http_answer *answer)
{
	answer_page(c->call, 200,
	            c->confirmed != NULL ? PAGE_CONFIRMED : PAGE_CONFIRM,
	            confirm_fields(c), answer);
}

void
confirm_show(struct call *call, struct http_answer *answer)
{
	struct confirming c = { .call = call };

	if (find(&c, answer))
		show(&c, answer);
}

/* The recipient's own act, and nothing about the client (GDPR-11). */
static enum result
record(struct confirming *c, struct error *err)
{
	struct event *event = arena_alloc(c->call->arena, sizeof(*event));
	const struct event_list events = { .items = event, .count = 1 };
	enum result result;

	*event = (struct event){
		.time = clock_now(),
		.kind = EVENT_CONFIRMED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_PAGE,
		.has_message = true,
		.message = c->call->message,
		.recipient = 1,
		.class_name = c->submitted->class_name,
		.queue_id = "",
		.status = "",
		.detail = "page",
		.retention_ms = c->submitted->retention_ms,
	};
	result = saying_record(c->call, &events, err);
	if (result == RESULT_OK)
		c->confirmed = event;
	return result;
}

static bool
wants_to_be_told(const struct confirming *c)
{
	const struct class_settings *class = settings_class(
		c->call->snapshot->settings, c->submitted->class_name);

	return class != NULL && class->notify_author;
}

static enum result
send_letter(const struct confirming *c, const char *author, struct error *err)
{
	struct call *call = c->call;
	const struct language_wishes house = {
		.chosen = "",
		.person = "",
		.accept = "",
		.standard = call->snapshot->settings->pages.language,
	};
	struct letter letter = { .to = author };
	enum language reader = call->look.language;
	struct fields *fields;
	enum result result;

	/* The author is one of the house, not the reader of the page. */
	call->look.language = language_choose(&house);
	fields = confirm_fields(c);
	fields_text(fields, "person_address", c->target.address);
	fields_text(fields, "message_id",
	            event_fact(c->submitted, "message_id"));
	letter.subject = page_title(call->arena, &call->look,
	                            PAGE_MAIL_CONFIRMED, fields);
	letter.text = page_render(call->arena, &call->look, PAGE_MAIL_CONFIRMED,
	                          fields);
	result = letter_send(call->arena, call->snapshot->settings,
	                     call->snapshot->keys, &letter, err);
	call->look.language = reader;
	return result;
}

/*
 * At most once a message, whoever presses and however often: the store counts
 * first. A mail that is lost costs a look at the record, no more.
 */
static void
tell_author(const struct confirming *c)
{
	static struct log_gate gate;
	struct store *store = ledger_store(c->call->service->ledger);
	const char *author = author_of(c->submitted);
	char press[MESSAGE_NAME_SIZE], name[MESSAGE_NAME_SIZE];
	struct store_question question = { .addresses = &author,
		                           .count = 1,
		                           .cap_count = 1,
		                           .cap_ms = TOLD_MS,
		                           .message = press };
	struct store_answer told;
	struct error err;
	enum result result;

	if (author[0] == '\0' || !wants_to_be_told(c))
		return;
	message_id_name(message_id_new(), press);
	message_id_name(c->call->message, name);
	/* No class has a slash in its name: a count of its own. */
	question.class_name = arena_printf(c->call->arena, "/told/%s", name);
	result = store_ask(c->call->arena, store, &question, &told, &err);
	if (result == RESULT_OK && told.is_over_cap)
		return;
	if (result == RESULT_OK)
		result = send_letter(c, author, &err);
	if (result != RESULT_OK)
		log_warn_gated(&gate,
		               "an author is not told of a confirmation: %s",
		               err.text);
}

void
confirm_do(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct confirming c = { .call = call };
	struct error err;

	if (!find(&c, answer))
		return;
	/* Our own form has it: no program posts this by itself. */
	if (http_value(&call->request->form, "confirm")[0] == '\0') {
		answer_plain(call, 400, PAGE_WRONG, answer);
		return;
	}
	if (c.confirmed == NULL) {
		if (record(&c, &err) != RESULT_OK) {
			log_warn_gated(&gate, "a confirmation put off: %s",
			               err.text);
			answer_later(call, answer);
			return;
		}
		tell_author(&c);
	}
	show(&c, answer);
}
