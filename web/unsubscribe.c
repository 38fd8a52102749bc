#include "web/unsubscribe.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/find.h"
#include "web/answer.h"

#define SETTLE_MS 2000

/* Whose token it is, and of which list. */
struct target {
	const char *class_name;
	const char *address;
	bool is_shared;
};

static enum result
find_target(struct call *call, struct target *target_r, struct error *err)
{
	struct event submitted;
	enum result result = find_submission(
		call->arena, ledger_store(call->service->ledger), call->message,
		&submitted, err);

	if (result != RESULT_OK)
		return result;
	target_r->class_name = submitted.class_name;
	target_r->is_shared = submitted.recipient_count != 1;
	target_r->address = submitted.recipient_count > 0
	                            ? submitted.recipients[0].address
	                            : "";
	return call->is_genuine && !target_r->is_shared ? RESULT_OK
	                                                : RESULT_NONE;
}

static const char *
title_of(struct call *call, const char *class_name)
{
	const struct settings *settings = call->snapshot->settings;

	for (size_t i = 0; i < settings->class_count; i++)
		if (strcmp(settings->classes[i].name, class_name) == 0)
			return settings->classes[i].title.en;
	return "";
}

static void
show(struct call *call, const char *name, const struct target *target,
     struct http_answer *answer)
{
	struct http_fields fields = { 0 };

	http_add(call->arena, &fields, "token", call->token);
	http_add(call->arena, &fields, "title",
	         title_of(call, target->class_name));
	answer_page(call, 200, name, &fields, answer);
}

void
unsubscribe_show(struct call *call, struct http_answer *answer)
{
	struct target target;
	struct error err;
	enum result result = find_target(call, &target, &err);

	if (result == RESULT_OK)
		show(call, "unsubscribe", &target, answer);
	else if (result == RESULT_NONE)
		answer_unknown(call, answer);
	else
		answer_later(call, answer);
}

static enum result
record(struct call *call, const struct target *target, struct error *err)
{
	bool is_page = http_value(&call->request->form, "from")[0] != '\0';
	const struct event event = {
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
	enum result result = ledger_append(call->service->ledger, &event, err);

	if (result == RESULT_OK)
		result = ledger_settle(call->service->ledger, SETTLE_MS, err);
	return result;
}

void
unsubscribe_do(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct target target;
	struct error err;
	enum result result;

	/* LST-7: this pair and nothing else. */
	if (strcmp(http_value(&call->request->form, "List-Unsubscribe"),
	           "One-Click") != 0) {
		answer_text(answer, 400,
		            "The form field List-Unsubscribe=One-Click is "
		            "missing.\n");
		return;
	}
	result = find_target(call, &target, &err);
	if (result == RESULT_OK)
		result = record(call, &target, &err);
	if (result == RESULT_OK) {
		show(call, "unsubscribed", &target, answer);
	} else if (result == RESULT_NONE) {
		answer_unknown(call, answer);
	} else {
		log_warn_gated(&gate, "unsubscribe put off: %s", err.text);
		answer_later(call, answer);
	}
}
