#include "record/trace.h"

#include <stdlib.h>
#include <string.h>

#include "record/amend.h"
#include "record/walk.h"

struct tracing {
	struct arena *arena;
	struct trace *trace;
	const char *folder; /* the last one seen, in the arena */
};

/* --- which messages ---------------------------------------------------- */

static int
compare_messages(const void *a, const void *b)
{
	const struct trace_message *x = a, *y = b;

	return memcmp(x->id.bytes, y->id.bytes, MESSAGE_ID_BYTES);
}

/* Two readings of the same message: the later one, which may be amended. */
static void
unite_messages(struct trace *trace)
{
	size_t kept = 0;

	if (trace->message_count > 1)
		qsort(trace->messages, trace->message_count,
		      sizeof(*trace->messages), compare_messages);
	for (size_t i = 0; i < trace->message_count; i++) {
		struct trace_message *last =
			kept > 0 ? &trace->messages[kept - 1] : NULL;

		if (last == NULL ||
		    compare_messages(last, &trace->messages[i]) != 0)
			trace->messages[kept++] = trace->messages[i];
		else
			last->is_shared &= trace->messages[i].is_shared;
	}
	trace->message_count = kept;
}

const struct trace_message *
trace_message(const struct trace *trace, struct message_id id)
{
	const struct trace_message wanted = { .id = id };

	return trace->message_count == 0
	               ? NULL
	               : bsearch(&wanted, trace->messages, trace->message_count,
	                         sizeof(wanted), compare_messages);
}

static bool
is_first(const struct event *event)
{
	return event->has_message &&
	       (event->kind == EVENT_SUBMITTED || event->kind == EVENT_REFUSED);
}

static enum result
find_message(void *context, const struct walk_entry *entry, struct error *err)
{
	struct tracing *tracing = context;
	struct trace *trace = tracing->trace;
	struct event event = *entry->event;
	struct trace_message *message;
	size_t others = 0;
	unsigned number;

	(void)err;
	amend_restore(&event);
	if (!is_first(&event))
		return RESULT_OK;
	number = event_recipient_number(&event, trace->address);
	if (number == 0)
		return RESULT_OK;
	for (size_t i = 0; i < event.recipient_count; i++)
		others += event.recipients[i].address[0] != '\0' &&
		          !text_is(event.recipients[i].address, trace->address);
	message = arena_push(tracing->arena, (void **)&trace->messages,
	                     &trace->message_count, &trace->message_room,
	                     sizeof(*message));
	*message = (struct trace_message){ event.message, number, others > 0 };
	return RESULT_OK;
}

/* --- which entries ------------------------------------------------------ */

static bool
is_about_the_person(const struct trace *trace, const struct event *event)
{
	return strcmp(event->person, trace->person) == 0 ||
	       text_is(event_fact(event, "address"), trace->address);
}

/* False: it has nothing of this person. */
static bool
part_of(const struct trace *trace, const struct walk_entry *entry,
        const struct event *event, struct trace_item *item)
{
	const struct trace_message *message =
		event->has_message ? trace_message(trace, event->message)
				   : NULL;

	bool is_empty = event->fact_count == 0 && event->recipient_count == 0;
	bool is_own =
		message != NULL &&
		(!message->is_shared || event->recipient == message->recipient);

	item->recipient = message != NULL ? message->recipient : 0;
	item->part = TRACE_WHOLE;
	if (is_own && !entry->is_erased)
		return true;
	if (entry->is_erased || is_empty) {
		item->part = TRACE_NAME;
		return strcmp(event->person, trace->person) == 0;
	}
	if (is_about_the_person(trace, event))
		return true;
	item->part = TRACE_SHARED;
	return amend_names(entry->payload, trace->address);
}

static const char *
keep_folder(struct tracing *tracing, const char *folder)
{
	if (tracing->folder == NULL || strcmp(tracing->folder, folder) != 0)
		tracing->folder = arena_strdup(tracing->arena, folder);
	return tracing->folder;
}

static enum result
keep_item(void *context, const struct walk_entry *entry, struct error *err)
{
	struct tracing *tracing = context;
	struct trace *trace = tracing->trace;
	struct event event = *entry->event;
	struct trace_item item = { .folder = "" };

	amend_restore(&event);
	if (!part_of(trace, entry, &event, &item))
		return RESULT_OK;
	/* Again, into memory that stays. */
	if (event_read(tracing->arena, entry->entry, entry->payload,
	               &item.event, err) != RESULT_OK)
		return RESULT_BAD;
	amend_restore(&item.event);
	item.folder = keep_folder(tracing, entry->folder);
	*(struct trace_item *)arena_push(tracing->arena, (void **)&trace->items,
	                                 &trace->count, &trace->room,
	                                 sizeof(item)) = item;
	return RESULT_OK;
}

static int
compare_items(const void *a, const void *b)
{
	const struct event *x = &((const struct trace_item *)a)->event;
	const struct event *y = &((const struct trace_item *)b)->event;
	int order = strcmp(x->writer, y->writer);

	return order != 0 ? order
	                  : (x->sequence > y->sequence) -
	                            (x->sequence < y->sequence);
}

/* Copies of a journal hold the same entries: each of them once. */
static void
unite_items(struct trace *trace)
{
	size_t kept = 0;

	if (trace->count > 1)
		qsort(trace->items, trace->count, sizeof(*trace->items),
		      compare_items);
	for (size_t i = 0; i < trace->count; i++)
		if (kept == 0 || compare_items(&trace->items[kept - 1],
		                               &trace->items[i]) != 0)
			trace->items[kept++] = trace->items[i];
	trace->count = kept;
}

static enum result
walk_all(struct walk *walk, const struct trace_question *question,
         walk_look *look, bool *is_any, struct error *err)
{
	walk->look = look;
	for (size_t i = 0; i < question->folder_count; i++) {
		enum result result;

		walk->folder = question->folders[i];
		result = walk_journals(walk, err);
		if (result != RESULT_OK && result != RESULT_NONE)
			return result;
		*is_any |= result == RESULT_OK;
	}
	return RESULT_OK;
}

enum result
trace_person(struct arena *arena, const struct trace_question *question,
             struct trace *trace_r, struct error *err)
{
	struct trace trace = { .address = question->address };
	struct tracing tracing = { .arena = arena, .trace = &trace };
	struct walk walk = { .context = &tracing,
		             .progress = question->progress };
	bool is_any = false;
	enum result result;

	person_name(question->keys, question->address, trace.person);
	result = walk_all(&walk, question, find_message, &is_any, err);
	unite_messages(&trace);
	if (result == RESULT_OK)
		result = walk_all(&walk, question, keep_item, &is_any, err);
	if (result != RESULT_OK)
		return result;
	unite_items(&trace);
	trace.is_damaged = walk.is_damaged;
	*trace_r = trace;
	if (is_any)
		return RESULT_OK;
	error_set(err, "there is no journal in %s",
	          question->folder_count > 0 ? question->folders[0] : "");
	return RESULT_NONE;
}
