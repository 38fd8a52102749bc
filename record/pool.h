#ifndef RECORD_POOL_H
#define RECORD_POOL_H

#include "record/redis.h"
#include "record/store.h"

/*
 * What is behind a store: connections, each with one user at a time, and
 * the breaker in front of them. For the room record alone.
 */

/*
 * Runs a batch of questions (or of writes that may be done twice) on some
 * connection, within the store's budget. One that had been lying idle and
 * turns out dead is replaced once. RETRY at once while the breaker is open.
 */
enum result store_run(struct store *store, const struct batch *batch,
                      struct arena *arena, struct redis_reply **replies_r,
                      struct error *err) MUST_CHECK;

/*
 * A connection of the caller's own, past breaker and budget: for the
 * forwarder, which has all the time there is. Close it with redis_close.
 */
enum result store_connect(struct store *store, int64_t wait_ms,
                          struct redis **redis_r, struct error *err) MUST_CHECK;

const struct keyring *store_keys(const struct store *store);

/* Longest retention of any class: index entries past it are trimmed. */
int64_t store_keep_ms(const struct store *store);
/* How long a consent is kept after the last word about it. */
int64_t store_consent_keep_ms(const struct store *store);

#endif
