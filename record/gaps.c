#include "record/gaps.h"

#include <stdio.h>
#include <string.h>

#include "record/case.h"
#include "record/find.h"
#include "record/pool.h"
#include "record/schema.h"

#define BEFORE_MS    ((time_ms_t)60 * 1000)
#define AFTER_MS     ((time_ms_t)7 * 24 * 3600 * 1000)
#define DETAIL_BYTES 64
#define NUMBER_SIZE  24

void
gaps_apply(struct apply *apply, const struct event *gap)
{
	char key[SCHEMA_KEY_SIZE], score[NUMBER_SIZE], keep[NUMBER_SIZE];
	char member[DETAIL_BYTES + 2 * NUMBER_SIZE];

	schema_writer_key(FAMILY_GAPS, gap->writer, "", key);
	snprintf(score, sizeof(score), "%lld", (long long)gap->time);
	snprintf(keep, sizeof(keep), "%lld", (long long)SCHEMA_KEEP_MS);
	snprintf(member, sizeof(member), "%lld %llu %s", (long long)gap->time,
	         (unsigned long long)gap->sequence, gap->detail);
	BATCH(apply->batch, SPAN("ZADD"), span_of(key), span_of(score),
	      span_of(member));
	BATCH(apply->batch, SPAN("PEXPIRE"), span_of(key), span_of(keep));
}

static struct span
host_of(const char *writer)
{
	const char *dot = strrchr(writer, '.');

	return span_make(writer,
	                 dot != NULL ? (size_t)(dot - writer) : strlen(writer));
}

/* The gap as one of the message's events. */
static void
join_gap(struct arena *arena, struct event_list *events,
         const struct event *submitted, const struct event *gap)
{
	struct event joined = *gap;

	joined.has_message = true;
	joined.message = submitted->message;
	joined.class_name = joined.queue_id = joined.status = "";
	*(struct event *)arena_push(arena, (void **)&events->items,
	                            &events->count, &events->room,
	                            sizeof(joined)) = joined;
}

/* "1795251602417 12 maillog-lost" */
static bool
read_gap(struct arena *arena, const char *writer, struct span member,
         struct event *gap_r)
{
	char text[DETAIL_BYTES + 2 * NUMBER_SIZE], detail[DETAIL_BYTES];
	long long time;
	unsigned long long sequence;

	snprintf(text, sizeof(text), SPAN_FMT, SPAN_ARG(member));
	if (sscanf(text, "%lld %llu %63s", &time, &sequence, detail) != 3)
		return false;
	*gap_r =
		(struct event){ .time = time,
		                .recorded = time,
		                .kind = EVENT_GAP,
		                .grade = GRADE_OBSERVED,
		                .source = span_ends(span_of(writer), ".maillog")
		                                  ? SOURCE_MAILLOG
		                                  : SOURCE_JOURNAL,
		                .sequence = sequence,
		                .detail = arena_strdup(arena, detail) };
	snprintf(gap_r->writer, sizeof(gap_r->writer), "%s", writer);
	return true;
}

enum result
gaps_find(struct arena *arena, struct store *store, struct event_list *events,
          struct error *err)
{
	static const char *const programs[] = { "milter", "maillog" };
	const struct event *first = case_first(events);
	struct redis_reply *replies;
	struct batch batch;
	const char *writers[2];

	if (first == NULL)
		return RESULT_OK;

	struct event submitted = *first;
	struct span host = host_of(submitted.writer);

	batch_init(&batch);
	for (size_t i = 0; i < 2; i++) {
		char key[SCHEMA_KEY_SIZE], since[NUMBER_SIZE],
			until[NUMBER_SIZE];

		writers[i] = arena_printf(arena, SPAN_FMT ".%s", SPAN_ARG(host),
		                          programs[i]);
		schema_writer_key(FAMILY_GAPS, writers[i], "", key);
		snprintf(since, sizeof(since), "%lld",
		         (long long)submitted.time - BEFORE_MS);
		snprintf(until, sizeof(until), "%lld",
		         (long long)submitted.time + AFTER_MS);
		BATCH(&batch, SPAN("ZRANGEBYSCORE"), span_of(key),
		      span_of(since), span_of(until));
	}
	enum result result = store_run(store, &batch, arena, &replies, err);
	batch_done(&batch);
	for (size_t w = 0; result == RESULT_OK && w < 2; w++)
		for (size_t i = 0; i < replies[w].count; i++) {
			struct event gap;

			if (read_gap(arena, writers[w],
			             replies[w].items[i].text, &gap))
				join_gap(arena, events, &submitted, &gap);
		}
	find_sort(events);
	return result;
}
