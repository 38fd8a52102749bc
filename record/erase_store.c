#include <stdio.h>
#include <string.h>

#include "record/amend.h"
#include "record/erase.h"
#include "record/find.h"
#include "record/local.h"
#include "record/person_keys.h"
#include "record/pool.h"
#include "record/schema.h"

#define NUMBER_SIZE  24
#define VALUE_LIMIT  ((size_t)32 * 1024 * 1024)
#define FIELD_SIZE   (EVENT_WRITER_SIZE + NUMBER_SIZE)
#define MESSAGES_MAX 100000

struct forgetting {
	const struct erase_order *order;
	const struct erase_plan *plan;
	struct store *store;
	const struct keyring *keys;
	struct batch batch;
	struct buf value;
};

static void
forget_key(struct forgetting *forgetting, const char *key)
{
	BATCH(&forgetting->batch, SPAN("UNLINK"), span_of(key));
}

/* Indexes and what is kept under the person's own name. */
static void
forget_person(struct forgetting *forgetting)
{
	static const enum family by_address[] = { FAMILY_RECIPIENT,
		                                  FAMILY_SENDER };
	static const enum family own[] = { FAMILY_CONSENT, FAMILY_CAP,
		                           FAMILY_BOUNCES };
	const struct trace *trace = &forgetting->plan->trace;
	char key[SCHEMA_KEY_SIZE];

	/* What stays under a hold must be found; what went is not shown. */
	for (size_t i = 0; forgetting->plan->held == 0 && i < 2; i++) {
		schema_hash_key(forgetting->keys, by_address[i],
		                span_of(trace->address), key);
		forget_key(forgetting, key);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		register_own_key(own[i], trace->person, "", key);
		forget_key(forgetting, key);
	}
}

static void
forget_in_index(struct forgetting *forgetting, enum family family,
                const struct event *event, const char *text)
{
	char key[SCHEMA_KEY_SIZE];

	if (text[0] == '\0')
		return;
	schema_hash_key(forgetting->keys, family, span_of(text), key);
	BATCH(&forgetting->batch, SPAN("ZREM"), span_of(key),
	      span_make((const char *)event->message.bytes, MESSAGE_ID_BYTES));
}

/* A message that went to nobody else is gone as a whole. */
static void
forget_message(struct forgetting *forgetting, const struct event *first)
{
	char key[SCHEMA_KEY_SIZE], score[SCHEMA_SCORE_SIZE];

	forget_in_index(forgetting, FAMILY_MESSAGE_ID, first,
	                event_fact(first, "message_id"));
	forget_in_index(forgetting, FAMILY_SENDER, first,
	                event_fact(first, "sender"));
	forget_in_index(forgetting, FAMILY_SENDER, first,
	                event_fact(first, "from"));
	if (first->queue_id[0] != '\0') {
		schema_queue_key(forgetting->keys, first->queue_id,
		                 schema_expiry(first), key, score);
		BATCH(&forgetting->batch, SPAN("ZREM"), span_of(key),
		      span_make((const char *)first->message.bytes,
		                MESSAGE_ID_BYTES));
	}
	schema_message_key(FAMILY_MESSAGE, first->message, key);
	forget_key(forgetting, key);
	schema_message_key(FAMILY_EVENTS, first->message, key);
	forget_key(forgetting, key);
}

static void
forget_event(struct forgetting *forgetting, const struct event *event)
{
	char key[SCHEMA_KEY_SIZE], field[FIELD_SIZE];

	schema_message_key(FAMILY_EVENTS, event->message, key);
	snprintf(field, sizeof(field), "%s/%llu", event->writer,
	         (unsigned long long)event->sequence);
	BATCH(&forgetting->batch, SPAN("HDEL"), span_of(key), span_of(field));
}

/* Others were written to as well: what is theirs stays. */
static void
amend_submission(struct forgetting *forgetting, const struct event *submitted)
{
	char key[SCHEMA_KEY_SIZE];
	struct event amended;

	amend_make(forgetting->order->arena, submitted,
	           forgetting->plan->trace.address, &amended);
	amend_restore(&amended);
	schema_message_key(FAMILY_MESSAGE, submitted->message, key);
	buf_reset(&forgetting->value);
	schema_pack(forgetting->keys, &amended, &forgetting->value);
	BATCH(&forgetting->batch, SPAN("SET"), span_of(key),
	      buf_as_span(&forgetting->value), SPAN("XX"), SPAN("KEEPTTL"));
}

static void
forget_item(struct forgetting *forgetting, const struct trace_item *item)
{
	const struct event *event = &item->event;
	bool is_first =
		event->kind == EVENT_SUBMITTED || event->kind == EVENT_REFUSED;

	if (!event->has_message)
		return;
	if (is_first && item->part == TRACE_WHOLE)
		forget_message(forgetting, event);
	else if (event->kind == EVENT_SUBMITTED)
		amend_submission(forgetting, event);
	else
		forget_event(forgetting, event);
}

static enum result
send(struct forgetting *forgetting, struct error *err)
{
	enum result result = RESULT_OK;

	if (forgetting->batch.count > 0)
		result = store_run(forgetting->store, &forgetting->batch, NULL,
		                   NULL, err);
	batch_reset(&forgetting->batch);
	return result;
}

/* What Redis wrote before goes from its files (GDPR-16). */
static enum result
rewrite_files(struct forgetting *forgetting, struct error *err)
{
	struct arena *arena = arena_new();
	const char *is_on;
	enum result result =
		store_setting(arena, forgetting->store, "persistence",
	                      "aof_enabled", &is_on, err);

	if (result == RESULT_OK && strcmp(is_on, "1") == 0) {
		struct error ignored;

		BATCH(&forgetting->batch, SPAN("BGREWRITEAOF"));
		/* One that is under way already is as good. */
		if (send(forgetting, &ignored) != RESULT_OK)
			result = RESULT_OK;
	}
	arena_free(&arena);
	return result;
}

enum result
erase_in_store(const struct erase_order *order, const struct erase_plan *plan,
               struct store *store, struct error *err)
{
	struct forgetting forgetting = { .order = order,
		                         .plan = plan,
		                         .store = store,
		                         .keys = order->question.keys };
	enum result result = RESULT_OK;

	batch_init(&forgetting.batch);
	buf_init(&forgetting.value, VALUE_LIMIT);
	forget_person(&forgetting);
	for (size_t i = 0; result == RESULT_OK && i < plan->trace.count; i++) {
		if (plan->is_held[i] || plan->trace.items[i].part == TRACE_NAME)
			continue;
		forget_item(&forgetting, &plan->trace.items[i]);
		if (forgetting.batch.count >= 500)
			result = send(&forgetting, err);
	}
	if (result == RESULT_OK)
		result = send(&forgetting, err);
	if (result == RESULT_OK)
		result = rewrite_files(&forgetting, err);
	buf_done(&forgetting.value);
	batch_done(&forgetting.batch);
	return result;
}

/* --- other hosts -------------------------------------------------------- */

static void
add_writer(struct arena *arena, struct erase_elsewhere *elsewhere,
           const struct local_writers *here, const char *writer)
{
	for (size_t i = 0; i < here->count; i++)
		if (strcmp(here->items[i], writer) == 0)
			return;
	for (size_t i = 0; i < elsewhere->count; i++)
		if (strcmp(elsewhere->writers[i], writer) == 0)
			return;
	*(const char **)arena_push(
		arena, (void **)&elsewhere->writers, &elsewhere->count,
		&elsewhere->room, sizeof(writer)) = arena_strdup(arena, writer);
}

enum result
erase_find_elsewhere(const struct erase_order *order, struct store *store,
                     struct erase_elsewhere *elsewhere_r, struct error *err)
{
	struct erase_elsewhere elsewhere = { NULL, 0, 0 };
	struct local_writers here = { NULL, 0, 0 };
	struct message_id_list messages = { NULL, 0, 0 };
	struct find_query query = { .message_id = "",
		                    .queue_id = "",
		                    .to = order->question.address,
		                    .from = "",
		                    .limit = MESSAGES_MAX };
	enum result result = local_writers(
		order->arena, order->question.folders[0], &here, err);

	if (result == RESULT_OK)
		result = find_messages(order->arena, store, &query, &messages,
		                       err);
	for (size_t i = 0; result == RESULT_OK && i < messages.count; i++) {
		struct arena *scratch = arena_new();
		struct event_list events = { NULL, 0, 0 };

		result = find_events(scratch, store, messages.items[i], &events,
		                     err);
		for (size_t e = 0; result == RESULT_OK && e < events.count; e++)
			add_writer(order->arena, &elsewhere, &here,
			           events.items[e].writer);
		arena_free(&scratch);
		if (result == RESULT_NONE)
			result = RESULT_OK;
	}
	*elsewhere_r = elsewhere;
	return result == RESULT_NONE ? RESULT_OK : result;
}
