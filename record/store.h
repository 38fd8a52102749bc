#ifndef RECORD_STORE_H
#define RECORD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/keyring.h"
#include "record/event.h"

/*
 * Redis: the shared view of all journals. Addresses appear only as keyed
 * hashes, payloads only encrypted under the store key. Everything in it can
 * be rebuilt (avis journal replay). record/redis.c is the adapter for
 * hiredis and its only user; keys and fields are described in
 * avis-store(5).
 */
struct store; /* a pool of connections; safe from any thread */

struct store_options {
	const char *url; /* redis+unix:///path[?db=N], redis://[:pw@]host[:port]
	                    [/db], redis-sentinel://host:port,.../name[/db] */
	int64_t budget_ms;
	const struct keyring *keys; /* borrowed */
	int64_t keep_ms; /* longest retention of any class: what the indexes
	                    by address and queue id keep; 0: ten years */
};

/*
 * Only reads the URL: no connection yet, so a daemon starts while Redis is
 * away. BAD: the URL cannot be read; the text says what is allowed.
 */
enum result store_open(const struct store_options *options,
                       struct store **store_r, struct error *err) MUST_CHECK;
void store_close(struct store **store);

/*
 * What the policy asks about one message: all questions in one round trip,
 * within the budget. RETRY: away, too slow, or the breaker is open (after
 * failures it lets one try through a second, the others fail at once).
 */
struct store_question {
	const char *class_name;
	const char *const *addresses; /* normalised by the caller */
	size_t count;
};
struct store_answer {
	bool is_suppressed;           /* for this class or for all marketing */
	const char *suppressed_since; /* RFC 3339, "" */
	bool refuses_receipts;
};
enum result store_ask(struct arena *arena, struct store *store,
                      const struct store_question *question,
                      struct store_answer *answers_r,
                      struct error *err) MUST_CHECK;

/* Redis answers, schema fits. For doctor and start-up lines. */
enum result store_check(struct store *store, struct error *err) MUST_CHECK;

/*
 * One line of INFO, or with section "config" of CONFIG GET, for doctor: ""
 * when not there.
 */
enum result store_setting(struct arena *arena, struct store *store,
                          const char *section, const char *name,
                          const char **value_r, struct error *err) MUST_CHECK;

/*
 * Deletes all of ours but the suppressions, which nobody may lose: before a
 * replay from nothing.
 */
enum result store_empty(struct store *store, struct error *err) MUST_CHECK;

#endif
