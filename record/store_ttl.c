#include "record/store_ttl.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "record/pool.h"

#define CURSOR_SIZE 32

static int
family_of(const char *key)
{
	for (int family = 0; family < FAMILIES; family++)
		if (fnmatch(schema_family((enum family)family)->pattern, key,
		            0) == 0)
			return family;
	return -1;
}

static void
look_at(struct store_ttl_report *report, struct span name,
        const struct redis_reply *ttl)
{
	char key[SCHEMA_KEY_SIZE];
	int family;

	snprintf(key, sizeof(key), SPAN_FMT, SPAN_ARG(name));
	family = family_of(key);
	report->looked++;
	/* -1: it stays; -2: it has gone since. */
	if (family >= 0 &&
	    (schema_family((enum family)family)->ttl[0] == '\0' ||
	     ttl->type != REDIS_NUMBER || ttl->number != -1))
		return;
	if (family >= 0)
		report->lasting[family]++;
	else
		report->unknown++;
	memcpy(report->example, key, sizeof(key));
}

static enum result
look_at_some(struct store *store, struct arena *arena,
             const struct redis_reply *keys, struct store_ttl_report *report,
             struct error *err)
{
	struct redis_reply *ttls;
	struct batch batch;
	enum result result;

	if (keys->count == 0)
		return RESULT_OK;
	batch_init(&batch);
	for (size_t i = 0; i < keys->count; i++)
		BATCH(&batch, SPAN("PTTL"), keys->items[i].text);
	result = store_run(store, &batch, arena, &ttls, err);
	batch_done(&batch);
	for (size_t i = 0; result == RESULT_OK && i < keys->count; i++)
		look_at(report, keys->items[i].text, &ttls[i]);
	return result;
}

/* SCAN walks by hash: what comes first is as good as any. */
enum result
store_look_for_lasting(struct store *store, uint64_t limit,
                       struct store_ttl_report *report_r, struct error *err)
{
	struct store_ttl_report report = { .looked = 0 };
	struct arena *arena = arena_new();
	char cursor[CURSOR_SIZE] = "0";
	enum result result;

	do {
		struct redis_reply *reply;
		struct batch batch;

		arena_reset(arena);
		batch_init(&batch);
		BATCH(&batch, SPAN("SCAN"), span_of(cursor), SPAN("MATCH"),
		      SPAN("avis:*"), SPAN("COUNT"), SPAN("1000"));
		result = store_run(store, &batch, arena, &reply, err);
		batch_done(&batch);
		if (result != RESULT_OK || reply->count != 2)
			break;
		snprintf(cursor, sizeof(cursor), SPAN_FMT,
		         SPAN_ARG(reply->items[0].text));
		result = look_at_some(store, arena, &reply->items[1], &report,
		                      err);
	} while (result == RESULT_OK && strcmp(cursor, "0") != 0 &&
	         report.looked < limit);
	arena_free(&arena);
	report.is_all = strcmp(cursor, "0") == 0;
	*report_r = report;
	return result;
}
