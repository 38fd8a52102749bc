#include "record/forward.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "record/appender.h"
#include "record/feed.h"

#define BACKOFF_LEAST_MS 100
#define BACKOFF_MOST_MS  5000
#define REPLAY_TRIES     5
#define IDLE_MS          5000 /* how often an idle one looks at Redis */
/*
 * A batch of many costs little more than a batch of one, so what has just
 * come waits for company. Who needs it in Redis now says so
 * (forwarder_wait_current).
 */
#define GATHER_MS 10

struct forwarder {
	pthread_t thread;
	struct feed *feed; /* the thread's own */
	char writer[EVENT_WRITER_SIZE];
	bool is_away; /* the thread's own, as what follows */
	uint64_t caught_up;

	pthread_mutex_t lock; /* over all below */
	pthread_cond_t wake;
	pthread_cond_t current; /* answered has grown */
	uint64_t asked;    /* who waits: numbered rounds to the journal's end */
	uint64_t answered; /* rounds that began after they were asked */
	bool has_more;
	bool gathers; /* asleep on purpose: one more does not wake it */
	bool is_stopping;
	int64_t stop_us; /* when it must have stopped */
};

static struct timespec
steady_after(int64_t ms)
{
	int64_t at_us = clock_steady_us() + ms * 1000;

	return (struct timespec){ .tv_sec = at_us / 1000000,
		                  .tv_nsec = at_us % 1000000 * 1000 };
}

/* Sleeps until there is more, or that long; false: it is time to go. */
static bool
rest(struct forwarder *forwarder, int64_t ms, bool for_more)
{
	struct timespec until = steady_after(ms);
	int timeout = 0;

	pthread_mutex_lock(&forwarder->lock);
	while (timeout == 0 && !forwarder->is_stopping &&
	       !(for_more && forwarder->has_more))
		timeout = pthread_cond_timedwait(&forwarder->wake,
		                                 &forwarder->lock, &until);
	forwarder->has_more = false;
	bool goes_on = !forwarder->is_stopping;
	pthread_mutex_unlock(&forwarder->lock);
	return goes_on;
}

static void
gather(struct forwarder *forwarder)
{
	struct timespec until = steady_after(GATHER_MS);
	int timeout = 0;

	pthread_mutex_lock(&forwarder->lock);
	forwarder->gathers = true;
	while (timeout == 0 && !forwarder->is_stopping &&
	       forwarder->asked == forwarder->answered)
		timeout = pthread_cond_timedwait(&forwarder->wake,
		                                 &forwarder->lock, &until);
	forwarder->gathers = false;
	forwarder->has_more = false;
	pthread_mutex_unlock(&forwarder->lock);
}

static bool
is_over(struct forwarder *forwarder)
{
	pthread_mutex_lock(&forwarder->lock);
	bool over = forwarder->is_stopping &&
	            clock_steady_us() >= forwarder->stop_us;
	pthread_mutex_unlock(&forwarder->lock);
	return over;
}

static void
say_away(struct forwarder *forwarder, const struct error *err)
{
	if (!forwarder->is_away)
		log_warn("forward %s: %s; the journal goes on, the store "
		         "catches up later",
		         forwarder->writer, err->text);
	forwarder->is_away = true;
	forwarder->caught_up = 0;
}

static void
say_back(struct forwarder *forwarder)
{
	if (forwarder->is_away)
		log_info("forward %s: the store is back, %llu events caught "
		         "up",
		         forwarder->writer,
		         (unsigned long long)forwarder->caught_up);
	forwarder->is_away = false;
}

/* Half to all of the wait, so that many hosts do not come at once. */
static int64_t
jitter(int64_t ms)
{
	uint16_t chance;

	random_bytes(&chance, sizeof(chance));
	return ms / 2 + ms / 2 * chance / UINT16_MAX;
}

/* Feeds all there is. OK: the end for now. */
static enum result
feed_all(struct forwarder *forwarder, struct error *err)
{
	for (;;) {
		uint64_t count = 0;
		enum result result = feed_some(forwarder->feed, &count, err);

		forwarder->caught_up += count;
		if (result == RESULT_NONE)
			return RESULT_OK;
		if (result != RESULT_OK)
			return result;
		if (is_over(forwarder))
			return RESULT_OK;
	}
}

static uint64_t
round_begin(struct forwarder *forwarder)
{
	pthread_mutex_lock(&forwarder->lock);
	uint64_t round = forwarder->asked;
	pthread_mutex_unlock(&forwarder->lock);
	return round;
}

static void
round_end(struct forwarder *forwarder, uint64_t round)
{
	pthread_mutex_lock(&forwarder->lock);
	forwarder->answered = round;
	pthread_cond_broadcast(&forwarder->current);
	pthread_mutex_unlock(&forwarder->lock);
}

static void *
forwarder_thread(void *context)
{
	struct forwarder *forwarder = context;
	int64_t wait_ms = BACKOFF_LEAST_MS;
	bool goes_on = true;

	while (goes_on || !is_over(forwarder)) {
		uint64_t round = round_begin(forwarder);
		struct error err;

		if (feed_all(forwarder, &err) == RESULT_OK) {
			round_end(forwarder, round);
			say_back(forwarder);
			wait_ms = BACKOFF_LEAST_MS;
			if (!goes_on)
				break;
			goes_on = rest(forwarder, IDLE_MS, true);
			if (goes_on)
				gather(forwarder);
			continue;
		}
		say_away(forwarder, &err);
		if (!goes_on) {
			/* The last tries are short: there is little time. */
			nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
			continue;
		}
		goes_on = rest(forwarder, jitter(wait_ms), false);
		wait_ms = wait_ms * 2 < BACKOFF_MOST_MS ? wait_ms * 2
		                                        : BACKOFF_MOST_MS;
	}
	return NULL;
}

struct forwarder *
forwarder_start(const char *folder, const char *writer, struct store *store,
                const struct keyring *keys)
{
	struct forwarder *forwarder = memory_zeroed(1, sizeof(*forwarder));
	pthread_condattr_t steady;

	snprintf(forwarder->writer, sizeof(forwarder->writer), "%s", writer);
	forwarder->feed = feed_new(folder, writer, store, keys, false);
	pthread_mutex_init(&forwarder->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&forwarder->wake, &steady);
	pthread_cond_init(&forwarder->current, &steady);
	pthread_condattr_destroy(&steady);
	if (pthread_create(&forwarder->thread, NULL, forwarder_thread,
	                   forwarder) != 0)
		log_fatal("cannot start a thread");
	return forwarder;
}

void
forwarder_wake(void *forwarder)
{
	struct forwarder *sleeper = forwarder;

	pthread_mutex_lock(&sleeper->lock);
	sleeper->has_more = true;
	if (!sleeper->gathers)
		pthread_cond_signal(&sleeper->wake);
	pthread_mutex_unlock(&sleeper->lock);
}

bool
forwarder_wait_current(struct forwarder *forwarder, int64_t wait_ms)
{
	struct timespec until = steady_after(wait_ms);
	int timeout = 0;

	pthread_mutex_lock(&forwarder->lock);
	uint64_t round = ++forwarder->asked;
	forwarder->has_more = true;
	pthread_cond_signal(&forwarder->wake);
	while (timeout == 0 && forwarder->answered < round)
		timeout = pthread_cond_timedwait(&forwarder->current,
		                                 &forwarder->lock, &until);
	bool is_current = forwarder->answered >= round;
	pthread_mutex_unlock(&forwarder->lock);
	return is_current;
}

void
forwarder_stop(struct forwarder **forwarder, int64_t wait_ms)
{
	struct forwarder *old = *forwarder;

	if (old == NULL)
		return;
	pthread_mutex_lock(&old->lock);
	old->is_stopping = true;
	old->stop_us = clock_steady_us() + wait_ms * 1000;
	pthread_cond_signal(&old->wake);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	feed_free(&old->feed);
	pthread_mutex_destroy(&old->lock);
	pthread_cond_destroy(&old->wake);
	pthread_cond_destroy(&old->current);
	free(old);
	*forwarder = NULL;
}

enum result
forward_all(const char *folder, const char *writer, struct store *store,
            const struct keyring *keys,
            void (*progress)(uint64_t done, uint64_t total), struct error *err)
{
	struct feed *feed = feed_new(folder, writer, store, keys, true);
	char path[PATH_MAX];
	uint64_t total = 0, done = 0;
	enum result result = RESULT_OK;
	int tries = REPLAY_TRIES;

	snprintf(path, sizeof(path), "%s/%s", folder, writer);
	if (!appender_read_synced(path, &total))
		total = 0;
	while (result == RESULT_OK || (result == RESULT_RETRY && tries > 0)) {
		uint64_t count = 0;

		/* A forwarder at work on the same journal may get between. */
		tries = result == RESULT_OK ? REPLAY_TRIES : tries - 1;
		result = feed_some(feed, &count, err);
		done += count;
		if (progress != NULL && count > 0)
			progress(done, total);
	}
	feed_free(&feed);
	return result == RESULT_NONE ? RESULT_OK : result;
}
