#include "record/erase.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "record/amend.h"
#include "record/content.h"
#include "record/slots.h"

#define SETTLE_MS 60000
#define PATH_SIZE 4200

/* --- looking ------------------------------------------------------------ */

enum result
erase_look(const struct erase_order *order, struct erase_plan *plan_r,
           struct error *err)
{
	struct erase_plan plan = { .whole = 0 };
	enum result result =
		trace_person(order->arena, &order->question, &plan.trace, err);

	if (result != RESULT_OK)
		return result;
	plan.is_held = arena_array(order->arena, plan.trace.count,
	                           sizeof(*plan.is_held));
	for (size_t i = 0; i < plan.trace.count; i++) {
		const struct trace_item *item = &plan.trace.items[i];

		if (item->part == TRACE_NAME) {
			plan.names++;
			continue;
		}
		plan.is_held[i] = order->is_held != NULL &&
		                  order->is_held(order->context, item);
		if (plan.is_held[i])
			plan.held++;
		else if (item->part == TRACE_WHOLE)
			plan.whole++;
		else
			plan.shared++;
	}
	*plan_r = plan;
	return RESULT_OK;
}

/* --- carrying out ------------------------------------------------------- */

static bool
is_to_go(const struct erase_plan *plan, size_t i)
{
	return !plan->is_held[i] && plan->trace.items[i].part != TRACE_NAME;
}

/* The class of the message that an event belongs to. */
static const char *
class_of(const struct trace *trace, const struct event *event)
{
	for (size_t i = 0; event->class_name[0] == '\0' && i < trace->count;
	     i++) {
		const struct event *first = &trace->items[i].event;

		if (first->kind == EVENT_SUBMITTED && event->has_message &&
		    message_id_same(first->message, event->message))
			return first->class_name;
	}
	return event->class_name;
}

/*
 * A no that names nobody rests on the message it came by, which goes now: it
 * is said again by the person's name, as of then (GDPR-6).
 */
static bool
keep_refusal(const struct erase_plan *plan, const struct event *event,
             struct event *kept_r)
{
	const struct trace_message *message =
		event->has_message ? trace_message(&plan->trace, event->message)
				   : NULL;

	if (event->kind != EVENT_UNSUBSCRIBED || event->person[0] != '\0')
		return false;
	/* One to several people speaks for none of them (record/feed.c). */
	if (message != NULL && message->is_shared)
		return false;
	person_event_named(EVENT_SUPPRESSED, plan->trace.person,
	                   class_of(&plan->trace, event), "unsubscribed",
	                   kept_r);
	kept_r->time = event->time;
	kept_r->source = event->source;
	kept_r->grade = event->grade;
	return kept_r->class_name[0] != '\0';
}

/* What is kept is on disk before the original goes. */
static enum result
keep_the_rest(const struct erase_order *order, const struct erase_plan *plan,
              struct ledger *ledger, struct error *err)
{
	struct journal_ticket ticket;
	bool is_any = false;

	for (size_t i = 0; i < plan->trace.count; i++) {
		const struct trace_item *item = &plan->trace.items[i];
		struct event event;

		if (!is_to_go(plan, i))
			continue;
		if (item->part == TRACE_SHARED)
			amend_make(order->arena, &item->event,
			           order->question.address, &event);
		else if (!keep_refusal(plan, &item->event, &event))
			continue;
		ledger_queue(ledger, &event, &ticket);
		is_any = true;
	}
	return is_any ? ledger_wait(ledger, &ticket, err) : RESULT_OK;
}

static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static enum result
destroy_keys(const struct erase_order *order, const char *writer,
             const uint64_t *sequences, size_t count, struct error *err)
{
	for (size_t i = 0; i < order->question.folder_count; i++) {
		struct slots_report report = { 0 };
		char path[PATH_SIZE];
		enum result result;

		snprintf(path, sizeof(path), "%s/%s",
		         order->question.folders[i], writer);
		if (!is_folder(path))
			continue;
		result = slots_erase(path, sequences, count, &report, err);
		if (result != RESULT_OK)
			return result;
	}
	if (order->archive == NULL)
		return RESULT_OK;
	return archive_erase(order->archive, writer, sequences, count, err);
}

/* Whole messages: their keys go with the payloads, and so do they. */
static enum result
delete_contents(const struct erase_order *order, const struct erase_plan *plan,
                struct error *err)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; result == RESULT_OK && order->content != NULL &&
	                   i < plan->trace.count;
	     i++) {
		const struct event *event = &plan->trace.items[i].event;

		if (is_to_go(plan, i) &&
		    event_fact(event, "content_key")[0] != '\0')
			result = content_delete(order->content, event->message,
			                        err);
	}
	return result;
}

/* The archive's index no longer leads to the person. */
static enum result
forget_in_archive(const struct erase_order *order,
                  const struct erase_plan *plan, struct error *err)
{
	if (order->archive == NULL || plan->held > 0)
		return RESULT_OK;
	return archive_forget(order->archive, order->question.address, err);
}

/* Writer by writer, sequences ascending: the items' own order. */
static enum result
destroy_all(const struct erase_order *order, const struct erase_plan *plan,
            struct error *err)
{
	const struct trace *trace = &plan->trace;
	uint64_t *sequences =
		arena_array(order->arena, trace->count, sizeof(*sequences));
	size_t i = 0;

	while (i < trace->count) {
		const char *writer = trace->items[i].event.writer;
		size_t count = 0;

		for (; i < trace->count &&
		       strcmp(trace->items[i].event.writer, writer) == 0;
		     i++)
			if (is_to_go(plan, i))
				sequences[count++] =
					trace->items[i].event.sequence;
		if (count > 0 && destroy_keys(order, writer, sequences, count,
		                              err) != RESULT_OK)
			return RESULT_RETRY;
	}
	return RESULT_OK;
}

static enum result
tell(const struct erase_order *order, const struct erase_plan *plan,
     struct ledger *ledger, struct error *err)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_ERASED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = order->reason,
	};

	event_fact_add(order->arena, &event, "destroyed",
	               arena_printf(order->arena, "%llu",
	                            (unsigned long long)plan->whole));
	event_fact_add(order->arena, &event, "amended",
	               arena_printf(order->arena, "%llu",
	                            (unsigned long long)plan->shared));
	event_fact_add(order->arena, &event, "held",
	               arena_printf(order->arena, "%llu",
	                            (unsigned long long)plan->held));
	return ledger_append(ledger, &event, err);
}

enum result
erase_carry_out(const struct erase_order *order, const struct erase_plan *plan,
                struct ledger *ledger, struct error *err)
{
	enum result result = keep_the_rest(order, plan, ledger, err);

	if (result == RESULT_OK)
		result = delete_contents(order, plan, err);
	if (result == RESULT_OK)
		result = destroy_all(order, plan, err);
	if (result == RESULT_OK)
		result = forget_in_archive(order, plan, err);
	if (result == RESULT_OK)
		result = tell(order, plan, ledger, err);
	/* What the forwarders have read before must not come behind us. */
	if (result == RESULT_OK)
		result = ledger_settle(ledger, SETTLE_MS, err);
	if (result == RESULT_OK)
		result = erase_in_store(order, plan, ledger_store(ledger), err);
	return result;
}
