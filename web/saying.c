#include "web/saying.h"

#define SETTLE_MS 2000

void
saying_event(struct call *call, const struct person_of_token *target,
             enum event_kind kind, const char *class_name, const char *detail,
             struct event *event_r)
{
	if (target->address[0] != '\0')
		person_event(call->arena, call->snapshot->keys, kind,
		             target->address, class_name, detail, event_r);
	else
		person_event_named(kind, target->person, class_name, detail,
		                   event_r);
	event_r->source = SOURCE_PAGE;
	event_r->has_message = true;
	event_r->message = call->message;
	event_r->recipient = 1;
}

enum result
saying_record(struct call *call, const struct event_list *events,
              struct error *err)
{
	struct ledger *ledger = call->service->ledger;
	enum result result = RESULT_OK;

	for (size_t i = 0; i < events->count && result == RESULT_OK; i++)
		result = ledger_append(ledger, &events->items[i], err);
	if (result == RESULT_OK && events->count > 0)
		result = ledger_settle(ledger, SETTLE_MS, err);
	return result;
}
