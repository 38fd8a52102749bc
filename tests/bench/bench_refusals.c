#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "record/apply.h"
#include "record/cap.h"
#include "record/person.h"
#include "record/pool.h"

/*
 * bench_refusals URL LOOKUPS SIZE...
 *
 * What it costs to know who wants no mail, with SIZE people who said so, in
 * a Redis that has nothing else: bytes an entry, written by the path that
 * journals take; then LOOKUPS questions of the policy, one at a time as a
 * message asks them, half of them about people on the list, beside as many
 * GETs of one small key. The first line is a key for each person, as one
 * would write it down at first.
 */
#define GROUP      1000
#define PLAIN_SIZE 10000U
#define CLASS      "newsletter"

struct bench {
	struct keyring *keys;
	struct store *store;
	struct arena *arena;
	unsigned size; /* on the list */
	unsigned lookups;
};

static double
info(struct bench *bench, const char *section, const char *name)
{
	const char *value;
	struct error err;

	if (store_setting(bench->arena, bench->store, section, name, &value,
	                  &err) != RESULT_OK)
		log_fatal("%s", err.text);
	return strtod(value, NULL);
}

static double
memory(struct bench *bench)
{
	return info(bench, "memory", "used_memory");
}

static double
redis_cpu_us(struct bench *bench)
{
	return 1e6 * (info(bench, "cpu", "used_cpu_user") +
	              info(bench, "cpu", "used_cpu_sys"));
}

static void
run(struct bench *bench, struct redis *redis, struct batch *batch)
{
	struct error err;

	(void)bench;
	if (redis_run(redis, batch, NULL, clock_steady_us() + 60000000, NULL,
	              &err) != RESULT_OK)
		log_fatal("%s", err.text);
	batch_reset(batch);
}

static struct redis *
connect_to(struct bench *bench)
{
	struct redis *redis;
	struct error err;

	if (store_connect(bench->store, 5000, &redis, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	return redis;
}

static const char *
address_of(unsigned number, char text_r[64])
{
	snprintf(text_r, 64, "person%u@example.com", number);
	return text_r;
}

/* A hash for each person: the class and when. */
static void
plain_layout(struct bench *bench)
{
	struct redis *redis = connect_to(bench);
	double before = memory(bench);
	struct batch batch;

	batch_init(&batch);
	for (unsigned i = 0; i < PLAIN_SIZE; i++) {
		char key[64], address[64], hash[KEYED_HASH_SIZE];

		keyring_hash(bench->keys, "plain",
		             span_of(address_of(i, address)), hash);
		snprintf(key, sizeof(key), "avis:old:%s", hash);
		BATCH(&batch, SPAN("HSET"), span_of(key), SPAN(CLASS),
		      SPAN("2026-11-21T09:00:02.417Z"));
		if (i % GROUP == GROUP - 1)
			run(bench, redis, &batch);
	}
	printf("%-12s %10u people %8.1f bytes each\n", "a key each", PLAIN_SIZE,
	       (memory(bench) - before) / PLAIN_SIZE);
	BATCH(&batch, SPAN("FLUSHALL"));
	run(bench, redis, &batch);
	batch_done(&batch);
	redis_close(&redis);
}

static void
grow(struct bench *bench, unsigned size)
{
	struct redis *redis = connect_to(bench);
	int64_t start = clock_steady_us();
	unsigned before = bench->size;
	struct apply apply;
	struct batch batch;

	batch_init(&batch);
	apply_init(&apply, bench->keys, 0, &batch);
	apply.now = clock_now();
	while (bench->size < size) {
		char address[64];
		struct event event;

		person_event(bench->arena, bench->keys, EVENT_UNSUBSCRIBED,
		             address_of(bench->size, address), CLASS, "",
		             &event);
		apply_event(&apply, &event);
		if (++bench->size % GROUP == 0) {
			run(bench, redis, &batch);
			arena_reset(bench->arena);
		}
	}
	run(bench, redis, &batch);
	printf("%-12s %10u people %8.0f a second\n", "written", size - before,
	       (double)(size - before) * 1e6 /
	               (double)(clock_steady_us() - start));
	apply_done(&apply);
	batch_done(&batch);
	redis_close(&redis);
}

/* --- questions -------------------------------------------------------- */

static void
ask_bare(struct bench *bench, unsigned number)
{
	struct redis_reply *reply;
	struct batch batch;
	struct error err;

	(void)number;
	batch_init(&batch);
	BATCH(&batch, SPAN("GET"), SPAN("avis:bench"));
	if (store_run(bench->store, &batch, bench->arena, &reply, &err) !=
	    RESULT_OK)
		log_fatal("%s", err.text);
	batch_done(&batch);
}

/* Everybody on the list has an even twin that is not. */
static void
ask(struct bench *bench, unsigned number, unsigned cap, bool is_counted)
{
	unsigned who = (number * 2654435761U) % (2 * bench->size);
	char address[64], message[32];
	const char *name = address_of(who, address);
	struct store_question question = { .class_name = CLASS,
		                           .addresses = &name,
		                           .count = 1,
		                           .is_marketing = true };
	struct store_answer answer;
	struct error err;

	snprintf(message, sizeof(message), "<%u@x>", number);
	if (is_counted)
		question.message = message;
	if (cap > 0) {
		question.cap_count = cap;
		question.cap_ms = 3600000;
		question.wants_consent = true;
	}
	if (store_ask(bench->arena, bench->store, &question, &answer, &err) !=
	    RESULT_OK)
		log_fatal("%s", err.text);
	if (answer.is_suppressed != (who < bench->size))
		log_fatal("a wrong answer about %u of %u", who, bench->size);
}

static void
ask_refused(struct bench *bench, unsigned number)
{
	ask(bench, number, 0, false);
}

/* As the milter asks of a class of marketing, whose readers want "fewer". */
static void
ask_marketing(struct bench *bench, unsigned number)
{
	ask(bench, number, 0, true);
}

static void
ask_all(struct bench *bench, unsigned number)
{
	ask(bench, number, 4, true);
}

struct cost {
	double wall_us;
	double redis_us;
};

static struct cost
measure(struct bench *bench, void (*one)(struct bench *, unsigned))
{
	double cpu = redis_cpu_us(bench);
	int64_t start = clock_steady_us();

	for (unsigned i = 0; i < bench->lookups; i++) {
		one(bench, i);
		arena_reset(bench->arena);
	}
	double wall = (double)(clock_steady_us() - start);
	return (struct cost){ wall / bench->lookups,
		              (redis_cpu_us(bench) - cpu) / bench->lookups };
}

static void
say(const char *name, unsigned size, struct cost cost, struct cost bare)
{
	printf("%-12s %10u people %8.1f us, %.2f x bare;"
	       " Redis' CPU %.1f us, %.2f x bare\n",
	       name, size, cost.wall_us, cost.wall_us / bare.wall_us,
	       cost.redis_us, cost.redis_us / bare.redis_us);
	fflush(stdout);
}

static void
look_up(struct bench *bench, double empty)
{
	printf("%-12s %10u people %8.1f bytes each\n", "refusals", bench->size,
	       (memory(bench) - empty) / bench->size);
	(void)measure(bench, ask_bare);
	struct cost bare = measure(bench, ask_bare);
	say("bare GET", bench->size, bare, bare);
	say("refused?", bench->size, measure(bench, ask_refused), bare);
	say("+ fewer?", bench->size, measure(bench, ask_marketing), bare);
}

int
main(int argc, char **argv)
{
	struct bench bench = { .keys = keyring_passing(),
		               .arena = arena_new() };
	struct error err;

	if (argc < 4) {
		fputs("usage: bench_refusals URL LOOKUPS SIZE...\n", stderr);
		return 2;
	}
	struct store_options options = { argv[1], 5000, bench.keys, 0, 0 };
	bench.lookups = (unsigned)strtoul(argv[2], NULL, 10);
	if (store_open(&options, &bench.store, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	plain_layout(&bench);
	double empty = memory(&bench);
	for (int i = 3; i < argc; i++) {
		grow(&bench, (unsigned)strtoul(argv[i], NULL, 10));
		look_up(&bench, empty);
	}
	/* Last: it leaves a key for each person it asks about. */
	struct cost bare = measure(&bench, ask_bare);
	say("+ cap, flags", bench.size, measure(&bench, ask_all), bare);
	store_close(&bench.store);
	keyring_free(&bench.keys);
	arena_free(&bench.arena);
	return 0;
}
