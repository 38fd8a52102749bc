#include <string.h>

#include "record/pool.h"
#include "record/schema.h"

/*
 * What is never deleted: what people refuse and choose, what no journal can
 * bring back, and the version of it all.
 */
static bool
is_kept(struct span key)
{
	return span_starts(key, "avis:sup:") || span_starts(key, "avis:cap:") ||
	       span_starts(key, "avis:bou:") ||
	       span_equal(key, SPAN(SCHEMA_KEY));
}

static enum result
delete_some(struct store *store, const struct redis_reply *keys,
            struct error *err)
{
	struct batch batch;
	enum result result = RESULT_OK;

	batch_init(&batch);
	for (size_t i = 0; i < keys->count; i++)
		if (!is_kept(keys->items[i].text))
			BATCH(&batch, SPAN("UNLINK"), keys->items[i].text);
	if (batch.count > 0)
		result = store_run(store, &batch, NULL, NULL, err);
	batch_done(&batch);
	return result;
}

enum result
store_empty(struct store *store, struct error *err)
{
	struct arena *arena = arena_new();
	char cursor[32] = "0";
	enum result result;

	do {
		struct redis_reply *reply;
		struct batch batch;
		size_t len;

		arena_reset(arena);
		batch_init(&batch);
		BATCH(&batch, SPAN("SCAN"), span_of(cursor), SPAN("MATCH"),
		      SPAN("avis:*"), SPAN("COUNT"), SPAN("1000"));
		result = store_run(store, &batch, arena, &reply, err);
		batch_done(&batch);
		if (result != RESULT_OK || reply->count != 2)
			break;
		len = strnlen(reply->items[0].text.at, sizeof(cursor) - 1);
		memcpy(cursor, reply->items[0].text.at, len);
		cursor[len] = '\0';
		result = delete_some(store, &reply->items[1], err);
	} while (result == RESULT_OK && strcmp(cursor, "0") != 0);
	arena_free(&arena);
	return result;
}
