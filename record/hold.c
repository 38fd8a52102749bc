#include "record/hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/random.h"
#include "record/walk.h"

#define ID_BYTES       6 /* ten letters of base32 */
#define MESSAGES_LIMIT 1000000

struct reading {
	struct arena *arena;
	struct hold_list *list;
};

static time_ms_t
time_fact(const struct event *event, const char *name)
{
	time_ms_t when = 0;

	(void)clock_parse(event_fact(event, name), &when);
	return when;
}

static const char *
copy_fact(struct arena *arena, const struct event *event, const char *name)
{
	return arena_strdup(arena, event_fact(event, name));
}

static void
read_hold(struct arena *arena, const struct event *event, struct hold *hold_r)
{
	*hold_r = (struct hold){
		.id = copy_fact(arena, event, "hold"),
		.reason = arena_strdup(arena, event->detail),
		.text = copy_fact(arena, event, "text"),
		.author = copy_fact(arena, event, "author"),
		.number = copy_fact(arena, event, "case"),
		.made = event->time,
		.review = event->due,
		.has_message = event->has_message,
		.message = event->message,
		.address = copy_fact(arena, event, "address"),
		.class_name = arena_strdup(arena, event->class_name),
		.since = time_fact(event, "since"),
		.until = time_fact(event, "until"),
	};
}

static void
forget(struct hold_list *list, const char *id)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].id, id) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static enum result
look(void *context, const struct walk_entry *entry, struct error *err)
{
	struct reading *reading = context;
	const struct event *event = entry->event;
	struct hold_list *list = reading->list;

	(void)err;
	/* One that was lifted may have been erased since: it has no id. */
	if ((event->kind != EVENT_HOLD && event->kind != EVENT_HOLD_LIFTED) ||
	    event_fact(event, "hold")[0] == '\0')
		return RESULT_OK;
	forget(list, event_fact(event, "hold"));
	if (event->kind == EVENT_HOLD)
		read_hold(reading->arena, event,
		          arena_push(reading->arena, (void **)&list->items,
		                     &list->count, &list->room,
		                     sizeof(*list->items)));
	return RESULT_OK;
}

enum result
hold_read(struct arena *arena, const struct settings *settings,
          struct hold_list *list_r, struct error *err)
{
	struct reading reading = { arena, list_r };
	struct walk walk = {
		.folder = settings->journal,
		.writer = arena_printf(arena, "%s.avis", settings->host),
		.look = look,
		.context = &reading,
	};

	*list_r = (struct hold_list){ .count = 0 };
	enum result result = walk_journals(&walk, err);
	if (result == RESULT_NONE)
		return RESULT_OK;
	if (result == RESULT_OK && walk.is_damaged) {
		error_set(err,
		          "%s/%s is damaged, so which legal holds there are is "
		          "not sure",
		          walk.folder, walk.writer);
		return RESULT_BAD;
	}
	return result;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct message_id));
}

enum result
hold_expand(struct hold_list *list, struct local *local, struct error *err)
{
	struct message_id_list *all = &list->messages;

	for (size_t i = 0; i < list->count; i++) {
		struct find_query query = { .message_id = "",
			                    .queue_id = "",
			                    .from = "",
			                    .to = list->items[i].address,
			                    .limit = MESSAGES_LIMIT };
		struct message_id_list found = { NULL, 0, 0 };
		enum result result;

		if (query.to[0] == '\0')
			continue;
		result = local_messages(local, &query, &found, err);
		if (result != RESULT_OK && result != RESULT_NONE)
			return result;
		for (size_t k = 0; k < found.count; k++)
			*(struct message_id *)arena_push(
				local->arena, (void **)&all->items, &all->count,
				&all->room, sizeof(*all->items)) =
				found.items[k];
	}
	if (all->count > 1)
		qsort(all->items, all->count, sizeof(*all->items), compare_ids);
	return RESULT_OK;
}

static bool
is_of_class(const struct hold *hold, const struct event *event)
{
	/* What came back may not name the class: it stays, to be sure. */
	return hold->class_name[0] != '\0' &&
	       (event->class_name[0] == '\0' ||
	        strcmp(hold->class_name, event->class_name) == 0) &&
	       event->time >= hold->since &&
	       (hold->until == 0 || event->time <= hold->until ||
	        event->class_name[0] == '\0');
}

static bool
is_to_address(const struct hold_list *list, const struct hold *hold,
              const struct event *event)
{
	if (hold->address[0] == '\0')
		return false;
	return text_is(hold->address, event_fact(event, "address")) ||
	       event_recipient_number(event, hold->address) > 0 ||
	       (event->has_message && list->messages.count > 0 &&
	        bsearch(&event->message, list->messages.items,
	                list->messages.count, sizeof(struct message_id),
	                compare_ids) != NULL);
}

const struct hold *
hold_covering(const struct hold_list *list, const struct event *event)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct hold *hold = &list->items[i];
		bool is_named = hold->has_message && event->has_message &&
		                message_id_same(hold->message, event->message);

		if (is_named || is_of_class(hold, event) ||
		    is_to_address(list, hold, event))
			return hold;
	}
	return NULL;
}

static void
add_time(struct arena *arena, struct event *event, const char *name,
         time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	if (when == 0)
		return;
	clock_format(when, text);
	event_fact_add(arena, event, name, text);
}

void
hold_event(struct arena *arena, struct hold *hold, struct event *event_r)
{
	uint8_t random[ID_BYTES];
	char id[HOLD_ID_SIZE];

	if (hold->id[0] == '\0') {
		random_bytes(random, sizeof(random));
		encode_base32(random, sizeof(random), id);
		hold->id = arena_strdup(arena, id);
	}
	*event_r = (struct event){
		.time = clock_now(),
		.kind = EVENT_HOLD,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.has_message = hold->has_message,
		.message = hold->message,
		.class_name = hold->class_name,
		.queue_id = "",
		.status = "",
		.detail = hold->reason,
		.due = hold->review,
	};
	event_fact_add(arena, event_r, "hold", hold->id);
	event_fact_add(arena, event_r, "text", hold->text);
	event_fact_add(arena, event_r, "author", hold->author);
	event_fact_add(arena, event_r, "case", hold->number);
	event_fact_add(arena, event_r, "address", hold->address);
	add_time(arena, event_r, "since", hold->since);
	add_time(arena, event_r, "until", hold->until);
}

void
hold_lifted_event(struct arena *arena, const struct hold *hold,
                  const char *author, const char *text, struct event *event_r)
{
	*event_r = (struct event){
		.time = clock_now(),
		.kind = EVENT_HOLD_LIFTED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.has_message = hold->has_message,
		.message = hold->message,
		.class_name = hold->class_name,
		.queue_id = "",
		.status = "",
		.detail = hold->reason,
	};
	event_fact_add(arena, event_r, "hold", hold->id);
	event_fact_add(arena, event_r, "text", text);
	event_fact_add(arena, event_r, "author", author);
	event_fact_add(arena, event_r, "case", hold->number);
}
