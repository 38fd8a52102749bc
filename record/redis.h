#ifndef RECORD_REDIS_H
#define RECORD_REDIS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "record/batch.h"
#include "record/url.h"

/*
 * One connection to Redis, one user at a time; redis.c is the adapter for
 * hiredis and its only user. Deadlines are in clock_steady_us().
 */
struct redis;

enum redis_type {
	REDIS_NIL,
	REDIS_TEXT, /* strings and status lines */
	REDIS_NUMBER,
	REDIS_LIST
};

struct redis_reply {
	enum redis_type type;
	int64_t number;
	struct span text;
	struct redis_reply *items;
	size_t count;
};

/*
 * Connects, logs in, selects the database, and looks at the schema version
 * (avis-store(5)). With sentinels it asks them for the master and makes sure
 * that it is one. RETRY: not reached, or not ready. BAD: another schema.
 */
enum result redis_open(const struct url *url, int64_t deadline_us,
                       struct redis **redis_r, struct error *err) MUST_CHECK;
void redis_close(struct redis **redis);

/*
 * Sends the batch and reads all replies, into an array of batch->count; with
 * arena NULL they are only looked at for errors. RETRY: lost, late, or
 * Redis said something that passes (loading, read-only, out of memory...);
 * some of the commands may have been done. After RETRY or BAD the connection
 * is of no more use: close it.
 */
enum result redis_run(struct redis *redis, const struct batch *batch,
                      struct arena *arena, int64_t deadline_us,
                      struct redis_reply **replies_r,
                      struct error *err) MUST_CHECK;

#endif
