#ifndef UNIT_FED_STORE_H
#define UNIT_FED_STORE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "private_redis.h"
#include "record/feed.h"
#include "record/journal.h"
#include "record/pool.h"
#include "record/schema.h"

/*
 * A store on a Redis of the test's own, journals in a folder of its own, and
 * events to put there.
 */
static struct private_redis server;
static char folder[64];
static struct keyring *keys;
static struct arena *arena;
static struct store *store;

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static inline void
empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *file;

	if (dir == NULL)
		return;
	while ((file = readdir(dir)) != NULL) {
		char name[600];

		if (file->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, file->d_name);
		if (unlink(name) != 0) {
			empty_folder(name);
			rmdir(name);
		}
	}
	closedir(dir);
}

static inline struct store *
connect_store(const char *url, int64_t budget_ms)
{
	struct store_options options = { url, budget_ms, keys, 0, 0 };
	struct store *opened = NULL;
	struct error err;

	assert_int_equal(store_open(&options, &opened, &err), RESULT_OK);
	return opened;
}

static inline int
setup(void **state)
{
	char path[96];
	struct error err;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/avis-store.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/keys", folder);
	if (keyring_create(path, &err) != RESULT_OK ||
	    keyring_read(path, &keys, &err) != RESULT_OK ||
	    !redis_start(&server, "--maxmemory-policy", "noeviction"))
		return 1;
	arena = arena_new();
	store = connect_store(server.url, 2000);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	store_close(&store);
	arena_free(&arena);
	keyring_free(&keys);
	redis_kill(&server);
	empty_folder(folder);
	rmdir(folder);
	return 0;
}

/* One command to the server, past everything; its answer. */
static inline const struct redis_reply *
ask(const struct span *words, size_t count)
{
	struct redis_reply *reply = NULL;
	struct redis *redis;
	struct batch batch;
	struct error err;

	batch_init(&batch);
	batch_add(&batch, words, count);
	assert_int_equal(store_connect(store, 2000, &redis, &err), RESULT_OK);
	if (redis_run(redis, &batch, arena, clock_steady_us() + 2000000, &reply,
	              &err) != RESULT_OK)
		fail_msg("%s", err.text);
	redis_close(&redis);
	batch_done(&batch);
	return reply;
}
#define ASK(...)                                                               \
	ask((const struct span[]){ __VA_ARGS__ },                              \
	    sizeof((const struct span[]){ __VA_ARGS__ }) /                     \
	            sizeof(struct span))

static inline struct journal *
open_journal(const char *host)
{
	struct journal_options options = { folder,  host, "test",
		                           1 << 20, 0,    NULL };
	struct journal *journal = NULL;
	struct error err;

	assert_int_equal(journal_open(&options, &journal, &err), RESULT_OK);
	return journal;
}

static inline void
append(struct journal *journal, const struct event *event)
{
	struct error err;

	assert_int_equal(journal_append(journal, event, &err), RESULT_OK);
}

static inline struct event
submitted(const char *message_id, const char *to, const char *class_name)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_SUBMITTED,
		.has_message = true,
		.message = message_id_new(),
		.class_name = class_name,
		.queue_id = "4F8A12",
		.status = "",
		.detail = "",
		.has_digests = true,
		.size_bytes = 4711,
		.retention_ms = 180 * DAY_MS,
	};

	event_fact_add(arena, &event, "message_id", message_id);
	event_fact_add(arena, &event, "sender", "bounce@example.fr");
	event_fact_add(arena, &event, "from", "Contact@Example.fr");
	event_fact_add(arena, &event, "client", "10.0.0.12");
	event.recipients = arena_array(arena, 1, sizeof(*event.recipients));
	event.recipients[0] = (struct event_recipient){ to, "", 6 };
	event.recipient_count = 1;
	return event;
}

static inline struct event
later(enum event_kind kind, const struct event *first)
{
	struct event event = {
		.time = clock_now(),
		.kind = kind,
		.grade = GRADE_AUTHENTICATED,
		.source = SOURCE_MAIL,
		.has_message = first != NULL,
		.recipient = 1,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = "",
	};

	if (first != NULL)
		event.message = first->message;
	return event;
}

/* Feeds a journal until nothing is left. */
static inline void
feed_journal(const char *writer)
{
	struct feed *feed = feed_new(folder, writer, store, keys, false);
	struct error err = { "" };
	enum result result;
	uint64_t count;

	while ((result = feed_some(feed, &count, &err)) == RESULT_OK)
		continue;
	if (result != RESULT_NONE)
		fail_msg("%s", err.text);
	feed_free(&feed);
}

#endif
