#include "web/link.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/person.h"
#include "web/agent.h"
#include "web/answer.h"

/* Unknown is no, and so is a store that is away. */
static bool
may_count(struct call *call, struct person_of_token *target)
{
	struct store *store = ledger_store(call->service->ledger);
	struct person person;
	struct error err;

	if (person_by_message(call->arena, store, call->message, target,
	                      &err) != RESULT_OK ||
	    target->is_shared ||
	    person_find(call->arena, store, target->person, &person, &err) !=
	            RESULT_OK ||
	    person.refuses_measure || person.restricted_since[0] != '\0')
		return false;
	for (size_t i = 0; i < person.class_count; i++)
		if (text_is(person.classes[i].class_name, target->class_name))
			return person.classes[i].may_measure_clicks;
	return false;
}

static int64_t
retention_of(const struct settings *settings, const char *class_name)
{
	for (size_t i = 0; i < settings->class_count; i++)
		if (text_is(settings->classes[i].name, class_name))
			return settings->classes[i].retention_ms;
	return 0;
}

static void
count(struct call *call, const char *url)
{
	static struct log_gate gate;
	const struct http_request *request = call->request;
	struct person_of_token target;
	struct error err;

	if (!may_count(call, &target))
		return;

	struct event event = {
		.time = clock_now(),
		.kind = EVENT_CLICKED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_PAGE,
		.has_message = true,
		.message = call->message,
		.recipient = 1,
		.class_name = target.class_name,
		.queue_id = "",
		.status = "",
		.detail = agent_is_machine(request->user_agent,
		                           request->purpose) ||
		                          request->method == HTTP_HEAD
		                  ? "machine"
		                  : "human",
		.retention_ms = retention_of(call->snapshot->settings,
		                             target.class_name),
	};

	event_fact_add(call->arena, &event, "url", url);
	/* The reader goes on in any case: a figure is worth less than that. */
	if (ledger_append(call->service->ledger, &event, &err) != RESULT_OK)
		log_warn_gated(&gate, "a link is not counted: %s", err.text);
}

void
link_follow(struct call *call, struct http_answer *answer)
{
	const char *url = http_value(&call->request->query, "u");

	if (!call->is_genuine) {
		answer_unknown(call, answer);
		return;
	}
	count(call, url);
	http_add(call->arena, &answer->headers, "Location", url);
	answer_text(answer, 302, "This link leads on.\n");
}
