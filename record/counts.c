#include "record/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 24

static void
day_of(const struct event *event, char day_r[COUNTS_DAY_SIZE])
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(event->recorded, text);
	memcpy(day_r, text, COUNTS_DAY_SIZE - 1);
	day_r[COUNTS_DAY_SIZE - 1] = '\0';
}

bool
counts_is_day(const struct counts *counts, const struct event *event)
{
	char day[COUNTS_DAY_SIZE];

	day_of(event, day);
	return strcmp(day, counts->day) == 0;
}

static void
take_fields(struct counts *counts, const struct redis_reply *reply,
            const char *life)
{
	counts->is_stale = true;
	for (size_t i = 0; i + 1 < reply->count; i += 2)
		if (span_equal(reply->items[i].text, SPAN("life")))
			counts->is_stale = !span_equal(reply->items[i + 1].text,
			                               span_of(life));
	if (counts->is_stale)
		return;
	for (size_t i = 0; i + 1 < reply->count; i += 2)
		for (int kind = 0; kind < EVENT_KINDS; kind++) {
			const char *name =
				event_kind_name((enum event_kind)kind);

			if (span_equal(reply->items[i].text, span_of(name)))
				counts->by_kind[kind] = strtoull(
					reply->items[i + 1].text.at, NULL, 10);
		}
}

enum result
counts_load(struct counts *counts, const struct event *event, const char *life,
            struct redis *redis, int64_t deadline_us, struct error *err)
{
	struct counts fresh = { .is_stale = true };
	char key[SCHEMA_KEY_SIZE];
	struct arena *arena = arena_new();
	struct redis_reply *reply;
	struct batch batch;

	day_of(event, fresh.day);
	schema_writer_key(FAMILY_COUNTS, event->writer, fresh.day, key);
	batch_init(&batch);
	BATCH(&batch, SPAN("HGETALL"), span_of(key));
	enum result result =
		redis_run(redis, &batch, arena, deadline_us, &reply, err);
	if (result == RESULT_OK) {
		take_fields(&fresh, reply, life);
		*counts = fresh;
	}
	batch_done(&batch);
	arena_free(&arena);
	return result;
}

void
counts_add(struct counts *counts, const struct event *event)
{
	counts->by_kind[event->kind]++;
}

void
counts_write(const struct counts *counts, const char *writer, const char *life,
             struct batch *batch)
{
	char key[SCHEMA_KEY_SIZE], numbers[EVENT_KINDS][NUMBER_SIZE];
	char keep[NUMBER_SIZE];
	struct span words[4 + 2 * EVENT_KINDS];
	size_t count = 0;

	if (counts->day[0] == '\0')
		return;
	schema_writer_key(FAMILY_COUNTS, writer, counts->day, key);
	if (counts->is_stale)
		BATCH(batch, SPAN("DEL"), span_of(key));
	words[count++] = SPAN("HSET");
	words[count++] = span_of(key);
	words[count++] = SPAN("life");
	words[count++] = span_of(life);
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (counts->by_kind[kind] == 0)
			continue;
		snprintf(numbers[kind], NUMBER_SIZE, "%llu",
		         (unsigned long long)counts->by_kind[kind]);
		words[count++] =
			span_of(event_kind_name((enum event_kind)kind));
		words[count++] = span_of(numbers[kind]);
	}
	batch_add(batch, words, count);
	snprintf(keep, sizeof(keep), "%lld", (long long)SCHEMA_KEEP_MS);
	BATCH(batch, SPAN("PEXPIRE"), span_of(key), span_of(keep));
}
