#include "record/redis.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/memory.h"
#include "record/cap.h"
#include "record/schema.h"

#define REPLY_DEPTH 8

struct redis {
	redisContext *context;
};

/* Errors of Redis that pass, or that another server would not give. */
static const struct {
	const char *word;
	const char *meaning; /* "" : its own text will do */
} passing[] = {
	{ "LOADING", "it is loading its data" },
	{ "READONLY", "it is a read-only replica" },
	{ "OOM", "it is out of memory" },
	{ "MOVED", "it is a cluster, which this version does not support" },
	{ "ASK", "it is a cluster, which this version does not support" },
	{ "CLUSTERDOWN", "its cluster is down" },
	{ "TRYAGAIN", "" },
	{ "NOSCRIPT", "it forgot a script" }, /* the next hello tells it */
	{ "BUSY", "it is busy with a script" },
	{ "MASTERDOWN", "" },
	{ "NOREPLICAS", "" },
	{ "MISCONF", "it cannot write to its disk" },
	{ "NOAUTH", "it wants a password" },
	{ "WRONGPASS", "" },
	{ "NOPERM", "" },
	{ "EXECABORT", "" },
	{ "ERR max number of clients", "" },
	{ "ERR invalid password", "" },
	{ "ERR Client sent AUTH", "it wants no password" },
};

static enum result
refused(const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (text_starts(text, passing[i].word)) {
			const char *meaning = passing[i].meaning;

			error_set(err, "redis: %s",
			          meaning[0] != '\0' ? meaning : text);
			return RESULT_RETRY;
		}
	error_set(err, "redis refused a command: %s", text);
	return RESULT_BAD;
}

/* What is left until the deadline; at least a millisecond. */
static struct timeval
time_left(int64_t deadline_us)
{
	int64_t left = deadline_us - clock_steady_us();

	if (left < 1000)
		left = 1000;
	return (struct timeval){ .tv_sec = left / 1000000,
		                 .tv_usec = left % 1000000 };
}

static enum result
lost(const struct redis *redis, struct error *err)
{
	const redisContext *context = redis->context;
	bool is_late = context->err == REDIS_ERR_IO && errno == EAGAIN;

	error_set(err, "redis: %s",
	          is_late ? "no answer in time" : context->errstr);
	return RESULT_RETRY;
}

static void
copy_reply(struct arena *arena, const redisReply *reply, int depth,
           struct redis_reply *reply_r)
{
	*reply_r = (struct redis_reply){ .type = REDIS_NIL, .text = SPAN("") };
	switch (reply->type) {
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_ERROR:
		reply_r->type = REDIS_TEXT;
		reply_r->text =
			span_make(arena_strndup(arena, reply->str, reply->len),
		                  reply->len);
		break;
	case REDIS_REPLY_INTEGER:
		reply_r->type = REDIS_NUMBER;
		reply_r->number = reply->integer;
		break;
	case REDIS_REPLY_ARRAY:
		reply_r->type = REDIS_LIST;
		if (depth == REPLY_DEPTH)
			break;
		reply_r->count = reply->elements;
		reply_r->items = arena_array(arena, reply->elements,
		                             sizeof(*reply_r->items));
		for (size_t i = 0; i < reply->elements; i++)
			copy_reply(arena, reply->element[i], depth + 1,
			           &reply_r->items[i]);
		break;
	default:
		break;
	}
}

/* The first error in a reply; one inside an EXEC's answers counts too. */
static const char *
error_in(const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return reply->str;
	if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < reply->elements; i++)
			if (reply->element[i]->type == REDIS_REPLY_ERROR)
				return reply->element[i]->str;
	return NULL;
}

static enum result
read_replies(struct redis *redis, size_t count, struct arena *arena,
             int64_t deadline_us, struct redis_reply *replies,
             struct error *err)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < count; i++) {
		redisReply *reply = NULL;

		if (clock_steady_us() > deadline_us) {
			error_set(err, "redis: no answer in time");
			return RESULT_RETRY;
		}
		if (redisGetReply(redis->context, (void **)&reply) != REDIS_OK)
			return lost(redis, err);
		if (error_in(reply) != NULL && result == RESULT_OK)
			result = refused(error_in(reply), err);
		if (arena != NULL)
			copy_reply(arena, reply, 0, &replies[i]);
		freeReplyObject(reply);
	}
	return result;
}

/*
 * hiredis writes without MSG_NOSIGNAL: a server that goes away must not end
 * the process, whatever its program does about SIGPIPE.
 */
static void
hold_sigpipe(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

static void
release_sigpipe(const sigset_t *before)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t set;

	if (sigismember(before, SIGPIPE) != 0)
		return;
	sigpending(&set);
	if (sigismember(&set, SIGPIPE) == 1) {
		sigemptyset(&set);
		sigaddset(&set, SIGPIPE);
		sigtimedwait(&set, NULL, &at_once);
	}
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

enum result
redis_run(struct redis *redis, const struct batch *batch, struct arena *arena,
          int64_t deadline_us, struct redis_reply **replies_r,
          struct error *err)
{
	struct redis_reply *replies = NULL;
	enum result result;
	sigset_t before;

	assert((arena != NULL) == (replies_r != NULL));
	if (batch->bytes.is_full) {
		error_set(err, "redis: more than %zu bytes at once",
		          batch->bytes.limit);
		return RESULT_BAD;
	}
	if (arena != NULL)
		replies = arena_array(arena, batch->count, sizeof(*replies));
	if (redisSetTimeout(redis->context, time_left(deadline_us)) !=
	            REDIS_OK ||
	    redisAppendFormattedCommand(redis->context, batch->bytes.data,
	                                batch->bytes.len) != REDIS_OK)
		return lost(redis, err);
	hold_sigpipe(&before);
	result = read_replies(redis, batch->count, arena, deadline_us, replies,
	                      err);
	release_sigpipe(&before);
	if (replies_r != NULL)
		*replies_r = replies;
	return result;
}

static enum result
check_connected(redisContext *context, const char *where,
                struct redis **redis_r, struct error *err)
{
	if (context == NULL || context->err != 0) {
		error_set(err, "redis at %s: %s", where,
		          context == NULL ? "out of memory" : context->errstr);
		if (context != NULL)
			redisFree(context);
		return RESULT_RETRY;
	}

	struct redis *redis = memory_zeroed(1, sizeof(*redis));

	redis->context = context;
	*redis_r = redis;
	return RESULT_OK;
}

static enum result
connect_host(const struct url_host *host, int64_t deadline_us,
             struct redis **redis_r, struct error *err)
{
	char where[320];

	snprintf(where, sizeof(where), "%s:%d", host->name, host->port);
	return check_connected(redisConnectWithTimeout(host->name, host->port,
	                                               time_left(deadline_us)),
	                       where, redis_r, err);
}

/* A sentinel that does not answer must leave time for the others. */
static int64_t
share_of(int64_t deadline_us, size_t parts)
{
	int64_t now = clock_steady_us();

	return now + (deadline_us - now) / (int64_t)parts;
}

static enum result
ask_sentinel(const struct url *url, size_t which, int64_t deadline_us,
             struct url_host *master_r, struct error *err)
{
	struct arena *arena = arena_new();
	struct redis_reply *reply = NULL;
	struct redis *redis;
	struct batch batch;
	enum result result =
		connect_host(&url->hosts[which], deadline_us, &redis, err);

	if (result == RESULT_OK) {
		batch_init(&batch);
		BATCH(&batch, SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
		      span_of(url->master));
		result = redis_run(redis, &batch, arena, deadline_us, &reply,
		                   err);
		batch_done(&batch);
		redis_close(&redis);
	}
	if (result == RESULT_OK && (reply == NULL || reply->count != 2)) {
		error_set(err, "sentinel %s knows no master \"%s\"",
		          url->hosts[which].name, url->master);
		result = RESULT_RETRY;
	}
	if (result == RESULT_OK) {
		snprintf(master_r->name, sizeof(master_r->name), SPAN_FMT,
		         SPAN_ARG(reply->items[0].text));
		master_r->port = (int)strtol(reply->items[1].text.at, NULL, 10);
	}
	arena_free(&arena);
	return result == RESULT_BAD ? RESULT_RETRY : result;
}

static enum result
connect_master(const struct url *url, int64_t deadline_us,
               struct redis **redis_r, struct error *err)
{
	for (size_t i = 0; i < url->host_count; i++) {
		size_t left = url->host_count - i;
		struct url_host master;

		if (ask_sentinel(url, i, share_of(deadline_us, left + 1),
		                 &master, err) == RESULT_OK &&
		    connect_host(&master, share_of(deadline_us, left), redis_r,
		                 err) == RESULT_OK)
			return RESULT_OK;
	}
	return RESULT_RETRY;
}

static enum result
connect_by_kind(const struct url *url, int64_t deadline_us,
                struct redis **redis_r, struct error *err)
{
	switch (url->kind) {
	case URL_UNIX:
		return check_connected(
			redisConnectUnixWithTimeout(url->path,
		                                    time_left(deadline_us)),
			url->path, redis_r, err);
	case URL_TCP:
		return connect_host(&url->hosts[0], deadline_us, redis_r, err);
	case URL_SENTINEL:
		break;
	}
	return connect_master(url, deadline_us, redis_r, err);
}

/* Login, database, your role, our script, your schema. */
static void
write_hello(const struct url *url, struct batch *batch)
{
	char db[16];

	snprintf(db, sizeof(db), "%d", url->db);
	if (url->user[0] != '\0')
		BATCH(batch, SPAN("AUTH"), span_of(url->user),
		      span_of(url->password));
	else if (url->password[0] != '\0')
		BATCH(batch, SPAN("AUTH"), span_of(url->password));
	if (url->db != 0)
		BATCH(batch, SPAN("SELECT"), span_of(db));
	if (url->kind == URL_SENTINEL)
		BATCH(batch, SPAN("ROLE"));
	BATCH(batch, SPAN("SCRIPT"), SPAN("LOAD"), span_of(cap_script));
	BATCH(batch, SPAN("GET"), SPAN(SCHEMA_KEY));
}

static enum result
check_hello(const struct url *url, const struct redis_reply *replies,
            size_t count, struct error *err)
{
	struct span schema = replies[count - 1].text;

	if (url->kind == URL_SENTINEL) {
		const struct redis_reply *role = &replies[count - 3];

		if (role->count == 0 ||
		    !span_is(role->items[0].text, "master")) {
			error_set(err, "redis: the sentinels' master is none");
			return RESULT_RETRY;
		}
	}
	if (schema.len > 0 && !span_equal(schema, SPAN(SCHEMA_VERSION))) {
		error_set(err,
		          "redis: " SCHEMA_KEY " is \"" SPAN_FMT
		          "\", this version knows " SCHEMA_VERSION,
		          SPAN_ARG(span_take(schema, 40)));
		return RESULT_BAD;
	}
	return RESULT_OK;
}

enum result
redis_open(const struct url *url, int64_t deadline_us, struct redis **redis_r,
           struct error *err)
{
	struct redis *redis = NULL;
	struct redis_reply *replies;
	struct arena *arena;
	struct batch batch;
	enum result result = connect_by_kind(url, deadline_us, &redis, err);

	if (result != RESULT_OK)
		return result;
	arena = arena_new();
	batch_init(&batch);
	write_hello(url, &batch);
	result = redis_run(redis, &batch, arena, deadline_us, &replies, err);
	if (result == RESULT_OK)
		result = check_hello(url, replies, batch.count, err);
	explicit_bzero(batch.bytes.data, batch.bytes.len);
	batch_done(&batch);
	arena_free(&arena);
	if (result != RESULT_OK)
		redis_close(&redis);
	else
		*redis_r = redis;
	return result;
}

void
redis_close(struct redis **redis)
{
	if (*redis == NULL)
		return;
	redisFree((*redis)->context);
	free(*redis);
	*redis = NULL;
}
