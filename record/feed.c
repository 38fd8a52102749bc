#include "record/feed.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "record/appender.h"
#include "record/apply_person.h"
#include "record/counts.h"
#include "record/person_keys.h"
#include "record/pool.h"
#include "record/reader.h"

#define BATCH_EVENTS 200
#define BATCH_BYTES  ((size_t)4 * 1024 * 1024)
#define WAIT_MS      5000
#define REFS_LIMIT   64
#define NUMBER_SIZE  24

struct feed {
	char folder[PATH_MAX]; /* JOURNAL/WRITER */
	char writer[EVENT_WRITER_SIZE];
	struct store *store;
	const struct keyring *keys;
	bool is_anew; /* the cursor does not count, until one is written */
	bool is_live; /* a writer is at work: only what it has synced */

	struct redis *redis; /* NULL: away */
	struct reader *reader;
	struct reader_place done; /* what the cursor in Redis says */
	bool is_checked;          /* the entry after the cursor follows it */
	char life[COUNTS_LIFE_SIZE];
	struct counts counts;

	struct arena *arena; /* of one batch */
	struct batch batch;
	struct apply apply;
	uint64_t pending;    /* events since the cursor was written */
	struct counts *days; /* days it has left behind */
	size_t day_count;
	size_t day_room;
	struct message_id *submitted; /* in it */
	size_t submitted_count;
	size_t submitted_room;
};

struct feed *
feed_new(const char *folder, const char *writer, struct store *store,
         const struct keyring *keys, bool is_anew)
{
	struct feed *feed = memory_zeroed(1, sizeof(*feed));

	snprintf(feed->folder, sizeof(feed->folder), "%s/%s", folder, writer);
	snprintf(feed->writer, sizeof(feed->writer), "%s", writer);
	feed->store = store;
	feed->keys = keys;
	feed->is_anew = is_anew;
	feed->arena = arena_new();
	batch_init(&feed->batch);
	apply_init(&feed->apply, keys, store_keep_ms(store), &feed->batch);
	feed->apply.consent_keep_ms = store_consent_keep_ms(store);
	return feed;
}

static void
begin_batch(struct feed *feed)
{
	arena_reset(feed->arena);
	batch_reset(&feed->batch);
	feed->apply.now = clock_now();
	feed->pending = 0;
	feed->days = NULL;
	feed->day_count = feed->day_room = 0;
	feed->submitted = NULL;
	feed->submitted_count = feed->submitted_room = 0;
}

/* Forgets where it was; the next step asks Redis for the cursor. */
static void
step_back(struct feed *feed)
{
	redis_close(&feed->redis);
	reader_close(&feed->reader);
	begin_batch(feed);
	feed->counts.day[0] = '\0';
}

void
feed_free(struct feed **feed)
{
	if (*feed == NULL)
		return;
	step_back(*feed);
	apply_done(&(*feed)->apply);
	batch_done(&(*feed)->batch);
	arena_free(&(*feed)->arena);
	free(*feed);
	*feed = NULL;
}

static int64_t
deadline(void)
{
	return clock_steady_us() + (int64_t)WAIT_MS * 1000;
}

/* Sends what has gathered, and starts a new batch. */
static enum result
send_batch(struct feed *feed, struct redis_reply **replies_r, struct error *err)
{
	enum result result = RESULT_OK;

	assert(feed->batch.count > 0 || replies_r == NULL);
	if (feed->batch.count > 0)
		result = redis_run(feed->redis, &feed->batch,
		                   replies_r != NULL ? feed->arena : NULL,
		                   deadline(), replies_r, err);
	batch_reset(&feed->batch);
	return result;
}

/* --- the cursor ------------------------------------------------------- */

static const char *const cursor_fields[] = { "segment", "offset", "sequence",
	                                     "hash", "life" };
#define CURSOR_FIELDS (sizeof(cursor_fields) / sizeof(cursor_fields[0]))

/*
 * The commands that read those five, and see to it that they are written
 * only if nobody else has touched them since: an emptied Redis, or a replay
 * at the same time, must not be hidden by our own next cursor.
 */
static void
ask_cursor(struct feed *feed)
{
	struct span words[2 + CURSOR_FIELDS];
	char key[SCHEMA_KEY_SIZE];

	schema_writer_key(FAMILY_CURSOR, feed->writer, "", key);
	BATCH(&feed->batch, SPAN("WATCH"), span_of(key));
	words[0] = SPAN("HMGET");
	words[1] = span_of(key);
	for (size_t i = 0; i < CURSOR_FIELDS; i++)
		words[2 + i] = span_of(cursor_fields[i]);
	batch_add(&feed->batch, words, 2 + CURSOR_FIELDS);
}

static bool
read_cursor(const struct redis_reply *reply, struct reader_place *place_r,
            char life_r[COUNTS_LIFE_SIZE])
{
	struct reader_place place = { .has_hash = true };

	for (size_t i = 0; i < CURSOR_FIELDS; i++)
		if (reply->count != CURSOR_FIELDS ||
		    reply->items[i].type != REDIS_TEXT)
			return false;
	place.segment = (uint32_t)strtoull(reply->items[0].text.at, NULL, 10);
	place.offset = strtoull(reply->items[1].text.at, NULL, 10);
	place.sequence = strtoull(reply->items[2].text.at, NULL, 10);
	if (place.segment == 0 ||
	    !decode_base64url(reply->items[3].text, place.hash, DIGEST_BYTES))
		return false;
	snprintf(life_r, COUNTS_LIFE_SIZE, SPAN_FMT,
	         SPAN_ARG(span_take(reply->items[4].text,
	                            COUNTS_LIFE_SIZE - 1)));
	*place_r = place;
	return true;
}

/* Cursor and counters go together: they share a slot. */
static enum result
write_cursor(struct feed *feed, struct error *err)
{
	struct reader_place place = reader_where(feed->reader);
	char key[SCHEMA_KEY_SIZE], hash[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];
	char segment[NUMBER_SIZE], offset[NUMBER_SIZE], sequence[NUMBER_SIZE];
	char keep[NUMBER_SIZE];

	schema_writer_key(FAMILY_CURSOR, feed->writer, "", key);
	snprintf(segment, sizeof(segment), "%u", (unsigned)place.segment);
	snprintf(offset, sizeof(offset), "%llu",
	         (unsigned long long)place.offset);
	snprintf(sequence, sizeof(sequence), "%llu",
	         (unsigned long long)place.sequence);
	snprintf(keep, sizeof(keep), "%lld", (long long)SCHEMA_KEEP_MS);
	encode_base64url(place.hash, DIGEST_BYTES, hash);

	BATCH(&feed->batch, SPAN("MULTI"));
	BATCH(&feed->batch, SPAN("HSET"), span_of(key), SPAN("segment"),
	      span_of(segment), SPAN("offset"), span_of(offset),
	      SPAN("sequence"), span_of(sequence), SPAN("hash"), span_of(hash),
	      SPAN("life"), span_of(feed->life));
	BATCH(&feed->batch, SPAN("PEXPIRE"), span_of(key), span_of(keep));
	for (size_t i = 0; i < feed->day_count; i++)
		counts_write(&feed->days[i], feed->writer, feed->life,
		             &feed->batch);
	counts_write(&feed->counts, feed->writer, feed->life, &feed->batch);
	BATCH(&feed->batch, SPAN("EXEC"));
	size_t last = feed->batch.count - 1;
	struct redis_reply *replies;
	enum result result = send_batch(feed, &replies, err);
	if (result == RESULT_OK && replies[last].type == REDIS_NIL) {
		error_set(err, "redis: it was emptied, or another one feeds "
		               "it from the same journal");
		result = RESULT_RETRY;
	}
	if (result == RESULT_OK) {
		feed->counts.is_stale = false;
		feed->is_anew = false;
		feed->pending = 0;
		feed->done = place;
	}
	return result;
}

/* --- starting --------------------------------------------------------- */

static enum result
open_reader(struct feed *feed, struct reader_place place, struct error *err)
{
	reader_close(&feed->reader);
	feed->done = place;
	feed->is_checked = place.segment == 0;
	return reader_open(feed->folder, place, &feed->reader, err);
}

static enum result
start_anew(struct feed *feed, struct error *err)
{
	uint8_t life[(COUNTS_LIFE_SIZE - 1) / 2];

	random_bytes(life, sizeof(life));
	encode_hex(life, sizeof(life), feed->life);
	feed->counts.day[0] = '\0';
	return open_reader(feed, (struct reader_place){ .segment = 0 }, err);
}

static enum result
start_reader(struct feed *feed, const struct redis_reply *cursor,
             struct error *err)
{
	struct reader_place place;

	if (feed->is_anew || !read_cursor(cursor, &place, feed->life))
		return start_anew(feed, err);
	enum result result = open_reader(feed, place, err);
	if (result != RESULT_BAD)
		return result;
	log_warn("forward %s: the store has read further than this journal "
	         "goes (%s); starting from its first entry",
	         feed->writer, err->text);
	return start_anew(feed, err);
}

static enum result
start(struct feed *feed, struct error *err)
{
	struct redis_reply *replies;
	enum result result;

	step_back(feed);
	feed->is_live = reader_is_live(feed->folder);
	result = store_connect(feed->store, WAIT_MS, &feed->redis, err);
	if (result != RESULT_OK)
		return result;
	BATCH(&feed->batch, SPAN("SETNX"), SPAN(SCHEMA_KEY),
	      SPAN(SCHEMA_VERSION));
	ask_cursor(feed);
	result = send_batch(feed, &replies, err);
	if (result == RESULT_OK)
		result = start_reader(feed, &replies[2], err);
	return result;
}

/*
 * Is the cursor in Redis still ours? Not when it was emptied, or replaced by
 * an older self, while we were connected.
 */
static enum result
look_at_cursor(struct feed *feed, struct error *err)
{
	struct redis_reply *replies;
	struct reader_place place;
	char life[COUNTS_LIFE_SIZE];

	ask_cursor(feed);
	enum result result = send_batch(feed, &replies, err);
	if (result != RESULT_OK || feed->is_anew)
		return result;
	if (feed->done.segment == 0 && replies[1].items[0].type == REDIS_NIL)
		return RESULT_OK; /* nothing was there to write yet */
	if (!read_cursor(&replies[1], &place, life) ||
	    place.sequence != feed->done.sequence ||
	    strcmp(life, feed->life) != 0) {
		log_info("forward %s: the store lost its place; going back",
		         feed->writer);
		feed->counts.day[0] = '\0';
		return start_reader(feed, &replies[1], err);
	}
	return RESULT_OK;
}

/* --- events that need an answer first --------------------------------- */

static const struct event *
read_submission(struct feed *feed, struct message_id id,
                const struct redis_reply *reply, struct event *event_r)
{
	struct error err;

	if (reply->type != REDIS_TEXT)
		return NULL;
	if (schema_unpack(feed->arena, feed->keys, id, reply->text, event_r,
	                  &err) != RESULT_OK) {
		log_error("forward %s: %s", feed->writer, err.text);
		return NULL;
	}
	return event_r;
}

static void
ask_submission(struct feed *feed, struct message_id id)
{
	char key[SCHEMA_KEY_SIZE];

	schema_message_key(FAMILY_MESSAGE, id, key);
	BATCH(&feed->batch, SPAN("GET"), span_of(key));
}

/* "NAME.RECIPIENT" -> since: unsubscribed, submission not seen yet. */
static void
late_field(struct message_id id, unsigned recipient, char *text, size_t size)
{
	char name[MESSAGE_NAME_SIZE];

	message_id_name(id, name);
	snprintf(text, size, "%s.%u", name, recipient);
}

/* A message to several speaks for none of them (web/unsubscribe.c). */
static void
suppress(struct feed *feed, const struct event *submitted, time_ms_t since)
{
	char person[PERSON_SIZE];

	if (submitted->recipient_count != 1) {
		log_warn("forward %s: who unsubscribed cannot be told: the "
		         "message went to %zu people",
		         feed->writer, submitted->recipient_count);
		return;
	}
	person_name(feed->keys, submitted->recipients[0].address, person);
	apply_refusal(&feed->apply, person, submitted->class_name, since);
}

static void
forget_late(struct feed *feed, const char *field)
{
	BATCH(&feed->batch, SPAN("HDEL"), SPAN("avis:late"), span_of(field));
}

/* The message is known: it says whose wish this is, and what it is about. */
static void
join_submission(struct feed *feed, struct event *event,
                const struct event *submitted)
{
	if (event->class_name[0] == '\0')
		event->class_name = submitted->class_name;
	if (event->retention_ms == 0)
		event->retention_ms = submitted->retention_ms;
	suppress(feed, submitted, event->time);
}

/* It is forgotten, but whose its token was is not (LST-12). */
static enum result
join_way_out(struct feed *feed, struct event *event, bool *is_found_r,
             struct error *err)
{
	struct person_of_token found = { .person = "" };
	struct redis_reply *replies;
	enum result result;
	size_t count;

	way_out_ask(event->message, &feed->batch);
	count = feed->batch.count;
	result = send_batch(feed, &replies, err);
	*is_found_r = result == RESULT_OK &&
	              way_out_among(feed->arena, replies, count, &found) &&
	              !found.is_shared;
	if (*is_found_r) {
		event->class_name = found.class_name;
		apply_refusal(&feed->apply, found.person, found.class_name,
		              event->time);
	}
	return result;
}

/*
 * The submission may come from another host, whose forwarder is behind. So
 * the wish is noted first, then the submission looked for; the other side
 * writes the submission first, then looks at the notes. One of the two sees
 * the other.
 */
static enum result
handle_unsubscribed(struct feed *feed, struct event *event, struct error *err)
{
	char field[64], since[NUMBER_SIZE], keep[NUMBER_SIZE];
	struct redis_reply *replies;
	struct event submitted;
	enum result result;
	bool is_found = true;

	/* Who names the person and the class needs no message. */
	if (!event->has_message ||
	    (event->person[0] != '\0' && event->class_name[0] != '\0'))
		return RESULT_OK;
	late_field(event->message, event->recipient, field, sizeof(field));
	snprintf(since, sizeof(since), "%lld", (long long)event->time);
	snprintf(keep, sizeof(keep), "%lld", (long long)SCHEMA_LATE_MS);
	result = send_batch(feed, NULL, err);
	BATCH(&feed->batch, SPAN("HSETNX"), SPAN("avis:late"), span_of(field),
	      span_of(since));
	BATCH(&feed->batch, SPAN("PEXPIRE"), SPAN("avis:late"), span_of(keep));
	ask_submission(feed, event->message);
	if (result == RESULT_OK)
		result = send_batch(feed, &replies, err);
	if (result != RESULT_OK)
		return result;
	if (read_submission(feed, event->message, &replies[2], &submitted) !=
	    NULL)
		join_submission(feed, event, &submitted);
	else
		result = join_way_out(feed, event, &is_found, err);
	if (result == RESULT_OK && is_found)
		forget_late(feed, field);
	return result;
}

static bool
was_submitted(const struct feed *feed, struct message_id id)
{
	for (size_t i = 0; i < feed->submitted_count; i++)
		if (message_id_same(feed->submitted[i], id))
			return true;
	return false;
}

/* A note of an unsubscription whose submission was in this batch. */
static enum result
handle_note(struct feed *feed, const char *field, const char *since,
            struct error *err)
{
	struct redis_reply *found;
	struct event submitted;
	struct message_id id;

	if (!message_id_parse(span_take(span_of(field), MESSAGE_NAME_SIZE - 1),
	                      &id) ||
	    !was_submitted(feed, id))
		return RESULT_OK;
	ask_submission(feed, id);
	enum result result = send_batch(feed, &found, err);
	if (result != RESULT_OK ||
	    read_submission(feed, id, found, &submitted) == NULL)
		return result;
	suppress(feed, &submitted, strtoll(since, NULL, 10));
	forget_late(feed, field);
	return send_batch(feed, NULL, err);
}

static enum result
handle_late(struct feed *feed, struct error *err)
{
	struct redis_reply *reply;

	BATCH(&feed->batch, SPAN("HGETALL"), SPAN("avis:late"));
	enum result result = send_batch(feed, &reply, err);
	for (size_t i = 0; result == RESULT_OK && i + 1 < reply->count; i += 2)
		result = handle_note(feed, reply->items[i].text.at,
		                     reply->items[i + 1].text.at, err);
	return result;
}

/* Asks the index for each Message-ID of refs; gives how many. */
static size_t
ask_refs(struct feed *feed, const char *refs)
{
	struct span rest = span_of(refs);
	size_t count = 0;

	while (rest.len > 0 && count < REFS_LIMIT) {
		size_t space = span_find(rest, ' ', 0);
		struct span id = span_trim(span_take(rest, space));
		char key[SCHEMA_KEY_SIZE];

		rest = span_skip(rest, space + 1);
		if (id.len == 0)
			continue;
		schema_hash_key(feed->keys, FAMILY_MESSAGE_ID, id, key);
		BATCH(&feed->batch, SPAN("ZREVRANGE"), span_of(key), SPAN("0"),
		      SPAN("0"));
		count++;
	}
	return count;
}

/*
 * A reply that came while the store was away: which message it answers is
 * found now. The same question the milter asks when it can.
 */
static enum result
handle_refs(struct feed *feed, struct event *event, struct error *err)
{
	struct redis_reply *replies;
	struct event submitted;
	enum result result = send_batch(feed, NULL, err);
	size_t count = ask_refs(feed, event_fact(event, "refs"));

	if (result != RESULT_OK || count == 0)
		return result;
	result = send_batch(feed, &replies, err);
	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; i < count && !event->has_message; i++) {
		struct span member = replies[i].count == 1
		                             ? replies[i].items[0].text
		                             : SPAN("");

		if (member.len != MESSAGE_ID_BYTES)
			continue;
		memcpy(event->message.bytes, member.at, MESSAGE_ID_BYTES);
		event->has_message = true;
	}
	if (!event->has_message)
		return RESULT_OK;
	ask_submission(feed, event->message);
	result = send_batch(feed, &replies, err);
	if (result == RESULT_OK &&
	    read_submission(feed, event->message, replies, &submitted) !=
	            NULL) {
		event->recipient = event_recipient_number(
			&submitted, event_fact(event, "from"));
		event->class_name = submitted.class_name;
		event->retention_ms = submitted.retention_ms;
	}
	return result;
}

/* --- the batch -------------------------------------------------------- */

static enum result
add_event(struct feed *feed, struct event *event, struct error *err)
{
	enum result result = RESULT_OK;

	if (event->kind == EVENT_UNSUBSCRIBED)
		result = handle_unsubscribed(feed, event, err);
	else if (!event->has_message && event_fact(event, "refs")[0] != '\0')
		result = handle_refs(feed, event, err);
	if (result != RESULT_OK)
		return result;
	apply_event(&feed->apply, event);
	counts_add(&feed->counts, event);
	feed->pending++;
	if (event->kind == EVENT_SUBMITTED && event->has_message)
		*(struct message_id *)arena_push(
			feed->arena, (void **)&feed->submitted,
			&feed->submitted_count, &feed->submitted_room,
			sizeof(event->message)) = event->message;
	return RESULT_OK;
}

/* All of the batch is in Redis: now the cursor may say so. */
static enum result
commit(struct feed *feed, struct error *err)
{
	enum result result = send_batch(feed, NULL, err);

	if (result == RESULT_OK && feed->submitted_count > 0)
		result = handle_late(feed, err);
	if (result == RESULT_OK && feed->pending > 0)
		result = write_cursor(feed, err);
	return result;
}

/* A place that cannot be read is told once and passed by. */
static enum result
pass_damage(struct feed *feed, struct error *err)
{
	if (!feed->is_checked) {
		log_warn("forward %s: the store was fed from another journal "
		         "(%s); starting from the first entry",
		         feed->writer, err->text);
		return start_anew(feed, err);
	}
	log_error("forward %s: %s; going on behind it", feed->writer,
	          err->text);
	return reader_skip(feed->reader, err);
}

static enum result
read_event(struct feed *feed, struct event *event_r, struct error *err)
{
	for (;;) {
		struct reader_entry entry;
		enum result result = reader_next(feed->reader, &entry, err);

		if (result == RESULT_OK) {
			feed->is_checked = true;
			result = event_read(feed->arena, entry.entry,
			                    entry.payload, event_r, err);
			if (result == RESULT_OK)
				return RESULT_OK;
			log_error("forward %s: entry %llu: %s", feed->writer,
			          (unsigned long long)reader_where(feed->reader)
			                  .sequence,
			          err->text);
			continue;
		}
		if (result != RESULT_BAD)
			return result;
		result = pass_damage(feed, err);
		if (result != RESULT_OK)
			return result;
	}
}

/* Another day: one that this batch left behind, or what Redis has of it. */
static enum result
change_day(struct feed *feed, const struct event *event, struct error *err)
{
	struct counts before = feed->counts;

	for (size_t i = 0; i < feed->day_count; i++)
		if (counts_is_day(&feed->days[i], event)) {
			feed->counts = feed->days[i];
			feed->days[i] = before;
			return RESULT_OK;
		}
	enum result result = counts_load(&feed->counts, event, feed->life,
	                                 feed->redis, deadline(), err);
	if (result == RESULT_OK && before.day[0] != '\0')
		*(struct counts *)arena_push(feed->arena, (void **)&feed->days,
		                             &feed->day_count, &feed->day_room,
		                             sizeof(before)) = before;
	return result;
}

static enum result
fill_batch(struct feed *feed, uint64_t *count, struct error *err)
{
	while (*count < BATCH_EVENTS && feed->batch.bytes.len < BATCH_BYTES) {
		struct event event;
		enum result result = read_event(feed, &event, err);

		if (result != RESULT_OK)
			return result;
		if (!counts_is_day(&feed->counts, &event))
			result = change_day(feed, &event, err);
		if (result == RESULT_OK)
			result = add_event(feed, &event, err);
		if (result != RESULT_OK)
			return result;
		(*count)++;
	}
	return RESULT_OK;
}

static enum result
feed_batch(struct feed *feed, uint64_t *count, struct error *err)
{
	enum result result;
	uint64_t synced;

	begin_batch(feed);
	if (feed->redis == NULL || feed->reader == NULL)
		result = start(feed, err);
	else
		result = look_at_cursor(feed, err);
	if (result != RESULT_OK)
		return result;
	if (feed->is_live && appender_read_synced(feed->folder, &synced))
		reader_set_limit(feed->reader, synced);
	begin_batch(feed);
	result = fill_batch(feed, count, err);
	if (result == RESULT_OK || result == RESULT_NONE) {
		bool is_end = result == RESULT_NONE;

		result = commit(feed, err);
		if (result == RESULT_OK && is_end && *count == 0)
			result = RESULT_NONE;
	}
	return result;
}

enum result
feed_some(struct feed *feed, uint64_t *count_r, struct error *err)
{
	uint64_t count = 0;
	enum result result = feed_batch(feed, &count, err);

	if (result != RESULT_OK && result != RESULT_NONE)
		step_back(feed);
	*count_r = result == RESULT_OK ? count : 0;
	return result;
}
