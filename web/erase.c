#include "web/erase.h"

#include "base/log.h"
#include "web/answer.h"
#include "web/saying.h"
#include "web/target.h"

/* GDPR, article 12(3): within one month. */
#define MONTH_MS ((time_ms_t)30 * 24 * 3600 * 1000)

static bool
find(struct call *call, struct person_of_token *target_r,
     struct http_answer *answer)
{
	struct person person;
	struct error err;

	if (!target_of_mailbox(call, target_r, answer))
		return false;
	if (person_find(call->arena, ledger_store(call->service->ledger),
	                target_r->person, &person, &err) != RESULT_OK) {
		answer_later(call, answer);
		return false;
	}
	target_language(call, &person);
	return true;
}

void
erase_show(struct call *call, struct http_answer *answer)
{
	struct person_of_token target;
	struct fields *fields;

	if (!find(call, &target, answer))
		return;
	fields = page_fields(call->arena, &call->look);
	fields_text(fields, "token", call->token);
	answer_page(call, 200, PAGE_ERASE, fields, answer);
}

void
erase_ask(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct person_of_token target;
	struct event event;
	struct event_list events = { .items = &event, .count = 1 };
	struct fields *fields;
	struct error err;

	if (!find(call, &target, answer))
		return;
	saying_event(call, &target, EVENT_PREFERENCE, "", PERSON_ERASURE_ASKED,
	             &event);
	if (saying_record(call, &events, &err) != RESULT_OK) {
		log_warn_gated(&gate, "a wish to be erased is put off: %s",
		               err.text);
		answer_later(call, answer);
		return;
	}
	fields = page_fields(call->arena, &call->look);
	fields_text(fields, "until",
	            language_date(call->arena, call->look.language,
	                          clock_now() + MONTH_MS));
	answer_page(call, 200, PAGE_ERASE_ASKED, fields, answer);
}
