#include "record/held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/find.h"
#include "record/pool.h"
#include "record/schema.h"

#define NUMBER_SIZE 24

/* "mx1.milter" is of the host mx1. */
static void
host_of(const char *writer, char host_r[EVENT_WRITER_SIZE])
{
	const char *dot = strrchr(writer, '.');

	snprintf(host_r, EVENT_WRITER_SIZE, "%.*s",
	         dot != NULL ? (int)(dot - writer) : (int)strlen(writer),
	         writer);
}

/* The last time it was put on hold; false: its record is gone. */
static bool
read_held(const struct event_list *events, struct held *held)
{
	bool is_found = false;

	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];

		if (event->kind != EVENT_HELD)
			continue;
		held->due = event->due;
		held->class_name = event->class_name;
		held->queue_id = event->queue_id;
		host_of(event->writer, held->host);
		is_found = true;
	}
	return is_found;
}

static enum result
add_held(struct arena *arena, struct store *store, struct span member,
         struct held_list *list, struct error *err)
{
	struct event_list events = { 0 };
	struct held held = { .due = 0 };
	enum result result;

	if (member.len != MESSAGE_ID_BYTES)
		return RESULT_OK;
	memcpy(held.message.bytes, member.at, MESSAGE_ID_BYTES);
	result = find_events(arena, store, held.message, &events, err);
	if (result == RESULT_OK && read_held(&events, &held))
		*(struct held *)arena_push(arena, (void **)&list->items,
		                           &list->count, &list->room,
		                           sizeof(held)) = held;
	return result == RESULT_NONE ? RESULT_OK : result;
}

enum result
held_find(struct arena *arena, struct store *store, time_ms_t until,
          size_t limit, struct held_list *list_r, struct error *err)
{
	char most[NUMBER_SIZE], count[NUMBER_SIZE];
	struct held_list list = { NULL, 0, 0 };
	struct redis_reply *reply;
	struct batch batch;

	snprintf(most, sizeof(most), "%lld",
	         (long long)(until > 0               ? until
	                     : until == HELD_UNDATED ? 0
	                                             : HELD_GONE - 1));
	snprintf(count, sizeof(count), "%zu", limit);
	batch_init(&batch);
	/* Zero is "nobody knows": only who asks for all gets those. */
	BATCH(&batch, SPAN("ZRANGEBYSCORE"), SPAN(HELD_KEY),
	      until > 0 ? SPAN("1") : SPAN("0"), span_of(most), SPAN("LIMIT"),
	      SPAN("0"), span_of(count));
	enum result result = store_run(store, &batch, arena, &reply, err);
	batch_done(&batch);
	for (size_t i = 0; result == RESULT_OK && i < reply->count; i++)
		result = add_held(arena, store, reply->items[i].text, &list,
		                  err);
	if (result != RESULT_OK)
		return result;
	if (list.count == 0) {
		error_set(err, "nothing is on hold");
		return RESULT_NONE;
	}
	*list_r = list;
	return RESULT_OK;
}
