#include "record/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "record/breaker.h"
#include "record/pool.h"
#include "record/schema.h"

#define IDLE_LIMIT 32
#define KEEP_MS    ((int64_t)3653 * 24 * 3600 * 1000)

#define CONSENT_KEEP_MS ((int64_t)1827 * 24 * 3600 * 1000)

struct store {
	struct url url;
	int64_t budget_us;
	int64_t keep_ms;
	int64_t consent_keep_ms;
	const struct keyring *keys;

	pthread_mutex_t lock; /* over all below */
	struct breaker breaker;
	struct redis *idle[IDLE_LIMIT];
	size_t idle_count;
};

enum result
store_open(const struct store_options *options, struct store **store_r,
           struct error *err)
{
	struct url url;

	if (url_read(options->url, &url, err) != RESULT_OK) {
		error_prefix(err, "store");
		return RESULT_BAD;
	}

	struct store *store = memory_zeroed(1, sizeof(*store));

	store->url = url;
	store->budget_us = options->budget_ms * 1000;
	store->keep_ms = options->keep_ms > 0 ? options->keep_ms : KEEP_MS;
	store->consent_keep_ms = options->consent_keep_ms > 0
	                                 ? options->consent_keep_ms
	                                 : CONSENT_KEEP_MS;
	store->keys = options->keys;
	pthread_mutex_init(&store->lock, NULL);
	*store_r = store;
	return RESULT_OK;
}

static void
close_idle(struct store *store)
{
	struct redis *old[IDLE_LIMIT];
	size_t count;

	pthread_mutex_lock(&store->lock);
	count = store->idle_count;
	for (size_t i = 0; i < count; i++)
		old[i] = store->idle[i];
	store->idle_count = 0;
	pthread_mutex_unlock(&store->lock);
	for (size_t i = 0; i < count; i++)
		redis_close(&old[i]);
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	close_idle(*store);
	pthread_mutex_destroy(&(*store)->lock);
	explicit_bzero(&(*store)->url, sizeof((*store)->url));
	free(*store);
	*store = NULL;
}

const struct keyring *
store_keys(const struct store *store)
{
	return store->keys;
}

int64_t
store_keep_ms(const struct store *store)
{
	return store->keep_ms;
}

int64_t
store_consent_keep_ms(const struct store *store)
{
	return store->consent_keep_ms;
}

enum result
store_connect(struct store *store, int64_t wait_ms, struct redis **redis_r,
              struct error *err)
{
	return redis_open(&store->url, clock_steady_us() + wait_ms * 1000,
	                  redis_r, err);
}

/* An idle connection, or NULL. False: the breaker says no. */
static bool
admit(struct store *store, struct redis **idle_r)
{
	pthread_mutex_lock(&store->lock);
	bool is_admitted = breaker_admit(&store->breaker, clock_steady_us());
	*idle_r = is_admitted && store->idle_count > 0
	                  ? store->idle[--store->idle_count]
	                  : NULL;
	pthread_mutex_unlock(&store->lock);
	return is_admitted;
}

/* Keeps the connection for the next one, or closes it. */
static void
put_back(struct store *store, struct redis **redis, bool is_ok)
{
	pthread_mutex_lock(&store->lock);
	breaker_note(&store->breaker, is_ok, clock_steady_us());
	if (is_ok && store->idle_count < IDLE_LIMIT) {
		store->idle[store->idle_count++] = *redis;
		*redis = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	redis_close(redis);
}

enum result
store_run(struct store *store, const struct batch *batch, struct arena *arena,
          struct redis_reply **replies_r, struct error *err)
{
	int64_t deadline_us = clock_steady_us() + store->budget_us;
	enum result result = RESULT_RETRY;
	struct redis *redis;

	if (!admit(store, &redis)) {
		error_set(err, "redis: away; next try within a second");
		return RESULT_RETRY;
	}
	if (redis != NULL) {
		result = redis_run(redis, batch, arena, deadline_us, replies_r,
		                   err);
		if (result == RESULT_RETRY && clock_steady_us() < deadline_us) {
			/* It may be the server's restart: all are dead. */
			redis_close(&redis);
			close_idle(store);
		}
	}
	if (redis == NULL) {
		result = redis_open(&store->url, deadline_us, &redis, err);
		if (result == RESULT_OK)
			result = redis_run(redis, batch, arena, deadline_us,
			                   replies_r, err);
	}
	put_back(store, &redis, result == RESULT_OK);
	return result;
}

enum result
store_check(struct store *store, struct error *err)
{
	struct batch batch;

	batch_init(&batch);
	BATCH(&batch, SPAN("PING"));
	enum result result = store_run(store, &batch, NULL, NULL, err);
	batch_done(&batch);
	return result;
}

/* "name:value" in the lines of INFO. */
static const char *
info_line(struct arena *arena, struct span text, const char *name)
{
	struct span line;

	while (span_line(&text, &line)) {
		size_t colon = span_find(line, ':', 0);

		if (span_equal(span_take(line, colon), span_of(name))) {
			line = span_skip(line, colon + 1);
			return arena_strndup(arena, line.at, line.len);
		}
	}
	return "";
}

enum result
store_setting(struct arena *arena, struct store *store, const char *section,
              const char *name, const char **value_r, struct error *err)
{
	bool is_config = strcmp(section, "config") == 0;
	struct redis_reply *reply;
	struct batch batch;

	batch_init(&batch);
	if (is_config)
		BATCH(&batch, SPAN("CONFIG"), SPAN("GET"), span_of(name));
	else
		BATCH(&batch, SPAN("INFO"), span_of(section));
	enum result result = store_run(store, &batch, arena, &reply, err);
	batch_done(&batch);
	if (result != RESULT_OK)
		return result;
	if (!is_config)
		*value_r = info_line(arena, reply->text, name);
	else
		*value_r = reply->count == 2 ? reply->items[1].text.at : "";
	return RESULT_OK;
}
