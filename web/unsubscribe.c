#include "web/unsubscribe.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/person.h"
#include "web/answer.h"
#include "web/target.h"

#define SETTLE_MS 2000

/*
 * NONE for what names nobody: a wrong token, an unknown one, one that
 * several recipients share. A wrong one is looked up like the others, under
 * the id of a message that never was (LST-6).
 */
static enum result
find_target(struct call *call, struct person_of_token *target,
            struct error *err)
{
	enum result result = person_by_message(
		call->arena, ledger_store(call->service->ledger), call->message,
		target, err);

	if (!call->is_genuine && result != RESULT_RETRY)
		return RESULT_NONE;
	if (result == RESULT_OK && target->is_shared)
		return RESULT_NONE;
	/* Signed by us, so there was one: the store has yet to hear of it. */
	if (result == RESULT_NONE && call->is_genuine)
		return RESULT_RETRY;
	return result;
}

static void
show(struct call *call, enum page page, const struct person_of_token *target,
     struct http_answer *answer)
{
	struct fields *fields = page_fields(call->arena, &call->look);

	fields_text(fields, "token", call->token);
	fields_text(fields, "class",
	            page_class_title(&call->look, target->class_name));
	fields_text(fields, "token_p", call_token(call, TOKEN_PREFERENCES));
	answer_page(call, 200, page, fields, answer);
}

void
unsubscribe_show(struct call *call, struct http_answer *answer)
{
	struct person_of_token target;

	if (target_of_message(call, &target, answer))
		show(call, PAGE_UNSUBSCRIBE, &target, answer);
}

/* LST-10: time, token, list, channel; no address of any client. */
static enum result
append(struct call *call, const struct person_of_token *target,
       struct error *err)
{
	bool is_page = http_value(&call->request->form, "from")[0] != '\0';
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_UNSUBSCRIBED,
		.grade = GRADE_AUTHENTICATED,
		.source = SOURCE_PAGE,
		.has_message = true,
		.message = call->message,
		.recipient = 1,
		.class_name = target->class_name,
		.queue_id = "",
		.status = "",
		.detail = is_page ? "page" : "one-click",
	};

	snprintf(event.person, PERSON_SIZE, "%s", target->person);
	return ledger_append(call->service->ledger, &event, err);
}

/* Said before of this very list: nothing new to record (LST-7). */
static enum result
record(struct call *call, const struct person_of_token *target,
       struct error *err)
{
	struct ledger *ledger = call->service->ledger;
	struct person person;
	enum result result = person_find(call->arena, ledger_store(ledger),
	                                 target->person, &person, err);

	if (result == RESULT_OK &&
	    person_refuses(&person, target->class_name, false)[0] != '\0')
		return RESULT_OK;
	result = append(call, target, err);
	if (result == RESULT_OK)
		result = ledger_settle(ledger, SETTLE_MS, err);
	return result;
}

/*
 * The store cannot say whose token it is: the wish goes on disk, and takes
 * effect when the store has both (record/feed.c). Not yet, so no 200.
 */
static enum result
record_unseen(struct call *call, struct error *err)
{
	const struct person_of_token nobody = { .person = "",
		                                .class_name = "" };
	struct error other;

	if (append(call, &nobody, &other) != RESULT_OK)
		*err = other;
	return RESULT_RETRY;
}

static bool
is_asked(const struct call *call)
{
	return strcmp(http_value(&call->request->form, "List-Unsubscribe"),
	              "One-Click") == 0;
}

void
unsubscribe_do(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct person_of_token target;
	struct error err;
	enum result result;

	/* LST-7: this pair and nothing else. */
	if (!is_asked(call)) {
		answer_text(answer, 400,
		            "The form field List-Unsubscribe=One-Click is "
		            "missing.\n");
		return;
	}
	result = find_target(call, &target, &err);
	if (result == RESULT_OK)
		result = record(call, &target, &err);
	else if (result == RESULT_RETRY && call->is_genuine)
		result = record_unseen(call, &err);
	if (result == RESULT_OK) {
		show(call, PAGE_UNSUBSCRIBED, &target, answer);
	} else if (result == RESULT_NONE && call->is_genuine) {
		answer_plain(call, 409, PAGE_SHARED, answer);
	} else if (result == RESULT_NONE) {
		answer_unknown(call, answer);
	} else {
		log_warn_gated(&gate, "unsubscribe put off: %s", err.text);
		answer_later(call, answer);
	}
}
