#include "record/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/pool.h"
#include "record/schema.h"

#define IDS_LIMIT   64    /* Message-IDs asked about at once */
#define SCAN_LIMIT  10000 /* candidates looked through for a question */
#define NUMBER_SIZE 24

/*
 * Most logs know seconds only: what they saw in the second in which the
 * message was submitted comes after it.
 */
static time_ms_t
sort_time(const struct event *event)
{
	return event->kind == EVENT_SUBMITTED ? event->time - event->time % 1000
	                                      : event->time;
}

static int
compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	time_ms_t x_time = sort_time(x), y_time = sort_time(y);

	if (x_time != y_time)
		return x_time < y_time ? -1 : 1;
	if ((x->kind == EVENT_SUBMITTED) != (y->kind == EVENT_SUBMITTED))
		return x->kind == EVENT_SUBMITTED ? -1 : 1;
	if (x->recorded != y->recorded)
		return x->recorded < y->recorded ? -1 : 1;
	if (strcmp(x->writer, y->writer) != 0)
		return strcmp(x->writer, y->writer);
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

void
find_sort(struct event_list *events)
{
	if (events->count > 1)
		qsort(events->items, events->count, sizeof(*events->items),
		      compare_events);
}

struct gathering {
	struct arena *arena;
	struct store *store;
	struct message_id message;
	struct event_list events;
};

static enum result
add_event(struct gathering *gathering, struct span value, struct error *err)
{
	struct event_list *events = &gathering->events;
	struct arena *arena = gathering->arena;
	struct event event;

	if (schema_unpack(arena, store_keys(gathering->store),
	                  gathering->message, value, &event, err) != RESULT_OK)
		return RESULT_BAD;
	*(struct event *)arena_push(arena, (void **)&events->items,
	                            &events->count, &events->room,
	                            sizeof(event)) = event;
	return RESULT_OK;
}

enum result
find_events(struct arena *arena, struct store *store, struct message_id message,
            struct event_list *events_r, struct error *err)
{
	char key[SCHEMA_KEY_SIZE], later[SCHEMA_KEY_SIZE];
	struct gathering gathering = { .arena = arena,
		                       .store = store,
		                       .message = message };
	struct redis_reply *replies;
	struct batch batch;

	schema_message_key(FAMILY_MESSAGE, message, key);
	schema_message_key(FAMILY_EVENTS, message, later);
	batch_init(&batch);
	BATCH(&batch, SPAN("GET"), span_of(key));
	BATCH(&batch, SPAN("HVALS"), span_of(later));
	enum result result = store_run(store, &batch, arena, &replies, err);
	batch_done(&batch);
	if (result == RESULT_OK && replies[0].type == REDIS_TEXT)
		result = add_event(&gathering, replies[0].text, err);
	for (size_t i = 0; result == RESULT_OK && i < replies[1].count; i++)
		result = add_event(&gathering, replies[1].items[i].text, err);
	if (result != RESULT_OK)
		return result;
	if (gathering.events.count == 0) {
		error_set(err, "nothing is known of this message");
		return RESULT_NONE;
	}
	find_sort(&gathering.events);
	*events_r = gathering.events;
	return RESULT_OK;
}

enum result
find_submission(struct arena *arena, struct store *store,
                struct message_id message, struct event *event_r,
                struct error *err)
{
	char key[SCHEMA_KEY_SIZE];
	struct redis_reply *reply;
	struct batch batch;

	schema_message_key(FAMILY_MESSAGE, message, key);
	batch_init(&batch);
	BATCH(&batch, SPAN("GET"), span_of(key));
	enum result result = store_run(store, &batch, arena, &reply, err);
	batch_done(&batch);
	if (result != RESULT_OK)
		return result;
	if (reply->type != REDIS_TEXT) {
		error_set(err, "this message is not known");
		return RESULT_NONE;
	}
	return schema_unpack(arena, store_keys(store), message, reply->text,
	                     event_r, err);
}

static bool
read_id(struct span member, struct message_id *id_r)
{
	if (member.len != MESSAGE_ID_BYTES)
		return false;
	memcpy(id_r->bytes, member.at, MESSAGE_ID_BYTES);
	return true;
}

enum result
find_by_message_ids(struct store *store, const char *const *message_ids,
                    size_t count, struct message_id *message_r,
                    struct error *err)
{
	struct arena *arena;
	struct redis_reply *replies;
	struct batch batch;
	bool is_found = false;

	if (count > IDS_LIMIT)
		count = IDS_LIMIT;
	if (count == 0)
		return RESULT_NONE;
	arena = arena_new();
	batch_init(&batch);
	for (size_t i = 0; i < count; i++) {
		char key[SCHEMA_KEY_SIZE];

		schema_hash_key(store_keys(store), FAMILY_MESSAGE_ID,
		                span_of(message_ids[i]), key);
		BATCH(&batch, SPAN("ZREVRANGE"), span_of(key), SPAN("0"),
		      SPAN("0"));
	}
	enum result result = store_run(store, &batch, arena, &replies, err);
	batch_done(&batch);
	for (size_t i = 0; result == RESULT_OK && !is_found && i < count; i++)
		is_found = replies[i].count == 1 &&
		           read_id(replies[i].items[0].text, message_r);
	arena_free(&arena);
	if (result == RESULT_OK && !is_found) {
		error_set(err, "none of these Message-IDs is ours");
		result = RESULT_NONE;
	}
	return result;
}

/* The index that names the fewest candidates comes first. */
static bool
choose_index(const struct find_query *query, enum family *family_r,
             const char **text_r)
{
	const struct {
		enum family family;
		const char *text;
	} indexes[] = {
		{ FAMILY_MESSAGE_ID, query->message_id },
		{ FAMILY_QUEUE_ID, query->queue_id },
		{ FAMILY_RECIPIENT, query->to },
		{ FAMILY_SENDER, query->from },
	};

	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		if (indexes[i].text[0] != '\0') {
			*family_r = indexes[i].family;
			*text_r = indexes[i].text;
			return true;
		}
	return false;
}

static bool
same_id(const char *a, const char *b)
{
	struct span x = span_trim(span_of(a)), y = span_trim(span_of(b));

	if (x.len > 1 && x.at[0] == '<')
		x = span_make(x.at + 1, x.len - 2);
	if (y.len > 1 && y.at[0] == '<')
		y = span_make(y.at + 1, y.len - 2);
	return span_equal(x, y);
}

static bool
has_recipient(const struct event *event, const char *address)
{
	for (size_t i = 0; i < event->recipient_count; i++)
		if (text_is(event->recipients[i].address, address))
			return true;
	return false;
}

bool
find_matches(const struct find_query *query, const struct event *event)
{
	if (query->message_id[0] != '\0' &&
	    !same_id(query->message_id, event_fact(event, "message_id")))
		return false;
	if (query->queue_id[0] != '\0' &&
	    strcmp(query->queue_id, event->queue_id) != 0)
		return false;
	if (query->to[0] != '\0' && !has_recipient(event, query->to))
		return false;
	if (query->from[0] != '\0' &&
	    !text_is(query->from, event_fact(event, "sender")) &&
	    !text_is(query->from, event_fact(event, "from")))
		return false;
	return event->time >= query->since &&
	       (query->until == 0 || event->time <= query->until);
}

/* A message that an index named, and when it was sent. */
struct candidate {
	struct message_id id;
	time_ms_t time;
};

struct candidates {
	struct candidate *items;
	size_t count;
	size_t room;
};

/*
 * The index is by keyed hash and may name messages that are gone: each
 * candidate's first event is looked at. NONE: it does not fit.
 */
static enum result
check_candidate(struct arena *scratch, struct store *store,
                const struct find_query *query, struct candidate *candidate,
                struct error *err)
{
	struct event_list events;
	enum result result =
		find_events(scratch, store, candidate->id, &events, err);

	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; i < events.count; i++)
		if ((events.items[i].kind == EVENT_SUBMITTED ||
		     events.items[i].kind == EVENT_REFUSED) &&
		    find_matches(query, &events.items[i])) {
			candidate->time = events.items[i].time;
			return RESULT_OK;
		}
	return RESULT_NONE;
}

static void
ask_index(struct store *store, const struct find_query *query,
          enum family family, const char *text, struct batch *batch)
{
	char key[SCHEMA_KEY_SIZE], least[NUMBER_SIZE], most[NUMBER_SIZE];
	char count[NUMBER_SIZE];

	schema_hash_key(store_keys(store), family, span_of(text), key);
	snprintf(least, sizeof(least), "%lld", (long long)query->since);
	snprintf(most, sizeof(most), "%lld", (long long)query->until);
	snprintf(count, sizeof(count), "%d", SCAN_LIMIT);
	BATCH(batch, SPAN("ZREVRANGEBYSCORE"), span_of(key),
	      query->until > 0 ? span_of(most) : SPAN("+inf"), span_of(least),
	      SPAN("LIMIT"), SPAN("0"), span_of(count));
}

/* Each month in which a message of now or before may go. */
static void
ask_queue_ids(struct store *store, const char *queue_id, struct batch *batch)
{
	time_ms_t month = clock_now();
	time_ms_t last = month + store_keep_ms(store);

	while (month <= last) {
		char key[SCHEMA_KEY_SIZE], score[SCHEMA_SCORE_SIZE];

		schema_queue_key(store_keys(store), queue_id, month, key,
		                 score);
		BATCH(batch, SPAN("ZRANGEBYSCORE"), span_of(key),
		      span_of(score), span_of(score));
		month = schema_next_month(month);
	}
}

static enum result
read_index(struct arena *arena, struct store *store,
           const struct find_query *query, struct candidates *list,
           struct error *err)
{
	struct redis_reply *replies;
	enum family family;
	const char *text;
	struct batch batch;

	if (!choose_index(query, &family, &text)) {
		error_set(err, "a Message-ID, queue id, recipient or sender "
		               "is wanted");
		return RESULT_BAD;
	}
	batch_init(&batch);
	if (family == FAMILY_QUEUE_ID)
		ask_queue_ids(store, text, &batch);
	else
		ask_index(store, query, family, text, &batch);
	enum result result = store_run(store, &batch, arena, &replies, err);
	size_t count = result == RESULT_OK ? batch.count : 0;
	batch_done(&batch);
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < replies[r].count; i++) {
			struct candidate found = { .time = 0 };

			if (read_id(replies[r].items[i].text, &found.id))
				*(struct candidate *)arena_push(
					arena, (void **)&list->items,
					&list->count, &list->room,
					sizeof(found)) = found;
		}
	return result;
}

static int
compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->time < y->time) - (x->time > y->time);
}

/* Keeps those that fit, at most limit; the newest first. */
static enum result
check_candidates(struct store *store, const struct find_query *query,
                 struct candidates *list, struct error *err)
{
	struct arena *scratch = arena_new();
	enum result result = RESULT_OK;
	size_t kept = 0;

	for (size_t i = 0; i < list->count && kept < query->limit &&
	                   (result == RESULT_OK || result == RESULT_NONE);
	     i++) {
		result = check_candidate(scratch, store, query, &list->items[i],
		                         err);
		arena_reset(scratch);
		if (result == RESULT_OK)
			list->items[kept++] = list->items[i];
	}
	arena_free(&scratch);
	if (result != RESULT_OK && result != RESULT_NONE)
		return result;
	list->count = kept;
	if (kept > 1)
		qsort(list->items, kept, sizeof(*list->items),
		      compare_candidates);
	return RESULT_OK;
}

enum result
find_messages(struct arena *arena, struct store *store,
              const struct find_query *query,
              struct message_id_list *messages_r, struct error *err)
{
	struct candidates list = { NULL, 0, 0 };
	enum result result = read_index(arena, store, query, &list, err);

	if (result == RESULT_OK)
		result = check_candidates(store, query, &list, err);
	if (result != RESULT_OK)
		return result;
	if (list.count == 0) {
		error_set(err, "no such message");
		return RESULT_NONE;
	}
	messages_r->count = messages_r->room = list.count;
	messages_r->items =
		arena_array(arena, list.count, sizeof(*messages_r->items));
	for (size_t i = 0; i < list.count; i++)
		messages_r->items[i] = list.items[i].id;
	return RESULT_OK;
}
