#include "record/apply.h"

#include <stdio.h>
#include <string.h>

#include "record/amend.h"
#include "record/apply_person.h"
#include "record/gaps.h"

#define VALUE_LIMIT ((size_t)32 * 1024 * 1024)
#define NUMBER_SIZE 24

void
apply_init(struct apply *apply, const struct keyring *keys, int64_t keep_ms,
           struct batch *batch)
{
	*apply = (struct apply){ .keys = keys,
		                 .batch = batch,
		                 .keep_ms = keep_ms };
	buf_init(&apply->value, VALUE_LIMIT);
}

void
apply_done(struct apply *apply)
{
	buf_done(&apply->value);
}

static struct span
number_text(int64_t number, char text_r[NUMBER_SIZE])
{
	snprintf(text_r, NUMBER_SIZE, "%lld", (long long)number);
	return span_of(text_r);
}

void
apply_keep_until(struct apply *apply, struct span key, time_ms_t expiry)
{
	char number[NUMBER_SIZE];
	struct span when = number_text(expiry, number);

	BATCH(apply->batch, SPAN("PEXPIREAT"), key, when, SPAN("NX"));
	BATCH(apply->batch, SPAN("PEXPIREAT"), key, when, SPAN("GT"));
}

static void
add_index(struct apply *apply, enum family family, const struct event *event,
          const char *text)
{
	char key[SCHEMA_KEY_SIZE], score[NUMBER_SIZE], past[NUMBER_SIZE];
	struct span id =
		span_make((const char *)event->message.bytes, MESSAGE_ID_BYTES);

	if (text[0] == '\0')
		return;
	schema_hash_key(apply->keys, family, span_of(text), key);
	BATCH(apply->batch, SPAN("ZADD"), span_of(key),
	      number_text(event->time, score), id);
	/* A Message-ID belongs to a few messages, which go with the key. */
	if (family != FAMILY_MESSAGE_ID)
		BATCH(apply->batch, SPAN("ZREMRANGEBYSCORE"), span_of(key),
		      SPAN("-inf"),
		      number_text(event->time - apply->keep_ms, past));
	apply_keep_until(apply, span_of(key), schema_expiry(event));
}

static void
add_queue_id(struct apply *apply, const struct event *event)
{
	char key[SCHEMA_KEY_SIZE], score[SCHEMA_SCORE_SIZE];
	char number[NUMBER_SIZE];
	time_ms_t expiry = schema_expiry(event);

	if (event->queue_id[0] == '\0')
		return;
	schema_queue_key(apply->keys, event->queue_id, expiry, key, score);
	BATCH(apply->batch, SPAN("ZADD"), span_of(key), span_of(score),
	      span_make((const char *)event->message.bytes, MESSAGE_ID_BYTES));
	BATCH(apply->batch, SPAN("PEXPIREAT"), span_of(key),
	      number_text(schema_next_month(expiry), number));
}

static void
add_indexes(struct apply *apply, const struct event *event)
{
	const char *sender = event_fact(event, "sender");
	const char *from = event_fact(event, "from");

	add_index(apply, FAMILY_MESSAGE_ID, event,
	          event_fact(event, "message_id"));
	add_queue_id(apply, event);
	add_index(apply, FAMILY_SENDER, event, sender);
	if (!text_is(sender, from))
		add_index(apply, FAMILY_SENDER, event, from);
	for (size_t i = 0; i < event->recipient_count; i++)
		add_index(apply, FAMILY_RECIPIENT, event,
		          event->recipients[i].address);
}

static void
add_submitted(struct apply *apply, const struct event *event, struct span key)
{
	char number[NUMBER_SIZE];
	time_ms_t expiry = schema_expiry(event);

	/*
	 * When an old journal is read again, what is past its time is there
	 * for a day: a suppression that rests on it outlives it (GDPR-6).
	 */
	if (expiry <= apply->now)
		expiry = apply->now + SCHEMA_PAST_MS;
	/* Erased: what an amended event says in its place stays. */
	if (event->recipient_count == 0)
		BATCH(apply->batch, SPAN("SET"), key,
		      buf_as_span(&apply->value), SPAN("PXAT"),
		      number_text(expiry, number), SPAN("NX"));
	else
		BATCH(apply->batch, SPAN("SET"), key,
		      buf_as_span(&apply->value), SPAN("PXAT"),
		      number_text(expiry, number));
}

static void
add_later(struct apply *apply, const struct event *event, struct span key)
{
	char field[EVENT_WRITER_SIZE + NUMBER_SIZE];

	snprintf(field, sizeof(field), "%s/%llu", event->writer,
	         (unsigned long long)event->sequence);
	BATCH(apply->batch, SPAN("HSET"), key, span_of(field),
	      buf_as_span(&apply->value));
	apply_keep_until(apply, key, schema_expiry(event));
}

void
apply_event(struct apply *apply, const struct event *given)
{
	struct event restored = *given;
	const struct event *event = &restored;

	amend_restore(&restored);

	bool is_first = event->kind == EVENT_SUBMITTED;
	bool is_past = schema_expiry(event) <= apply->now;
	char key[SCHEMA_KEY_SIZE];

	apply_person(apply, event);
	if (event->kind == EVENT_GAP)
		gaps_apply(apply, event);
	if (!event->has_message || (is_past && !is_first))
		return;
	schema_message_key(is_first ? FAMILY_MESSAGE : FAMILY_EVENTS,
	                   event->message, key);
	buf_reset(&apply->value);
	schema_pack(apply->keys, event, &apply->value);
	if (is_first)
		add_submitted(apply, event, span_of(key));
	else
		add_later(apply, event, span_of(key));
	if (!is_past && (is_first || event->kind == EVENT_REFUSED))
		add_indexes(apply, event);
}
