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
	int64_t consent_keep_ms; /* 0: five years */
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
	const char *const *addresses;
	size_t count;
	bool is_marketing;   /* a no to all marketing counts, and "fewer" */
	bool wants_consent;  /* else the flags of consent are false */
	unsigned cap_count;  /* the class's cap: so many... */
	int64_t cap_ms;      /* ...in this time; 0: none */
	const char *message; /* Message-ID or queue id: counts once; "" : no
	                        cap is looked at */
};
struct store_answer {
	bool is_suppressed;
	const char *suppressed_since; /* RFC 3339, "" */
	bool is_bouncing; /* suppressed by hard bounces, not by anybody */
	bool refuses_receipts;
	bool refuses_measure;
	const char *channel;  /* "email", "post", "telephone" */
	const char *language; /* "", "fr", "en" */
	bool is_restricted;   /* GDPR-10 */

	bool has_consent; /* something is on record, given or withdrawn */
	bool may_receive; /* GDPR-3 */
	bool may_measure_opens;
	bool may_measure_clicks;
	bool is_soft_opt_in; /* by a sale, not by a consent (L34-5) */

	/*
	 * Over the class's cap or the person's own. Who is not over has this
	 * message counted from now on, so two hosts cannot both send the last
	 * one; what does not leave after all is given back by
	 * store_cap_release.
	 */
	bool is_over_cap;
	unsigned cap_used;  /* in the window, without this message */
	unsigned cap_limit; /* which was reached first; 0: no cap applies */
	time_ms_t cap_next; /* when is_over_cap: the next one may go then */
};
enum result store_ask(struct arena *arena, struct store *store,
                      const struct store_question *question,
                      struct store_answer *answers_r,
                      struct error *err) MUST_CHECK;

/* The message did not leave for these addresses: it counts no more. */
enum result store_cap_release(struct store *store,
                              const struct store_question *question,
                              struct error *err) MUST_CHECK;

/*
 * A hard bounce of a message to this address (STAT-4); how many different
 * messages bounced within window_ms, this one included.
 */
enum result store_count_bounce(struct store *store, const char *address,
                               struct message_id message, int64_t window_ms,
                               unsigned *count_r, struct error *err) MUST_CHECK;

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
 * Deletes what a replay brings back; before one from nothing. Refusals and
 * choices stay, which nobody may lose, and so do counts of caps and bounces,
 * which no journal has.
 */
enum result store_empty(struct store *store, struct error *err) MUST_CHECK;

#endif
