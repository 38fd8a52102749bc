#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "record/feed.h"
#include "record/journal.h"
#include "record/pool.h"
#include "record/reader.h"

/*
 * bench_journal FOLDER EVENTS THREADS [REDIS-URL]
 *
 * What one event of ordinary outgoing mail costs: in the journal (events a
 * second, CPU, bytes), to verify, and in Redis (events a second, bytes of
 * memory). Prints "name value unit" lines.
 */
#define RECIPIENTS 3000 /* different ones */

struct load {
	struct journal *journal;
	unsigned number;
	unsigned count;
	unsigned threads;
};

static int64_t
cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void
say(const char *name, double value, const char *unit)
{
	printf("%-24s %12.1f %s\n", name, value, unit);
}

/* As the milter writes it for a class with receipts for failures. */
static struct event
ordinary(struct arena *arena, unsigned number)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_SUBMITTED,
		.has_message = true,
		.message = message_id_new(),
		.class_name = "service",
		.queue_id = arena_printf(arena, "4XabCd%06xz9", number),
		.status = "",
		.detail = "",
		.has_digests = true,
		.size_bytes = 48123,
		.retention_ms = 34214400000,
	};

	event_fact_add(
		arena, &event, "message_id",
		arena_printf(arena, "<20261121.%08u.4711@example.fr>", number));
	event_fact_add(arena, &event, "sender", "contact@example.fr");
	event_fact_add(arena, &event, "from", "contact@example.fr");
	event_fact_add(arena, &event, "client", "10.0.0.12");
	event_fact_add(arena, &event, "auth", "shop");
	event_fact_add(arena, &event, "origin", "authenticated");
	event_fact_add(arena, &event, "reason",
	               "class service (rule 3: nothing before it matched); "
	               "receipts: failure, delay");
	event.recipients = arena_array(arena, 1, sizeof(*event.recipients));
	event.recipient_count = 1;
	event.recipients[0] =
		(struct event_recipient){ arena_printf(arena,
		                                       "person.%u@example.com",
		                                       number % RECIPIENTS),
		                          "", 0 };
	return event;
}

static void *
load_thread(void *context)
{
	struct load *load = context;
	struct arena *arena = arena_new();

	for (unsigned i = load->number; i < load->count; i += load->threads) {
		struct event event = ordinary(arena, i);
		struct error err;

		if (journal_append(load->journal, &event, &err) != RESULT_OK)
			log_fatal("%s", err.text);
		arena_reset(arena);
	}
	arena_free(&arena);
	return NULL;
}

static void
write_events(struct journal *journal, unsigned count, unsigned threads)
{
	pthread_t ids[256];
	struct load loads[256];
	int64_t start = clock_steady_us(), cpu = cpu_us();

	for (unsigned i = 0; i < threads; i++) {
		loads[i] = (struct load){ journal, i, count, threads };
		pthread_create(&ids[i], NULL, load_thread, &loads[i]);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	double took = (double)(clock_steady_us() - start);
	say("journal", count / took * 1e6, "events/s");
	say("journal-cpu", (double)(cpu_us() - cpu) / count, "us/event");
}

/* Queued without waiting for each: what the work itself costs. */
static void
write_stream(struct journal *journal, unsigned count)
{
	struct arena *arena = arena_new();
	struct journal_ticket ticket = { 0, 0 };
	struct error err;
	struct event event = ordinary(arena, 1);
	int64_t start = clock_steady_us(), cpu = cpu_us();

	for (unsigned i = 0; i < count; i++)
		journal_queue(journal, &event, &ticket);
	if (journal_wait(journal, &ticket, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	double took = (double)(clock_steady_us() - start);
	say("journal-stream", count / took * 1e6, "events/s");
	say("journal-stream-cpu", (double)(cpu_us() - cpu) / count, "us/event");
	arena_free(&arena);
}

static void
verify(const char *path)
{
	struct verify_report report;
	struct error err;
	int64_t start = clock_steady_us();

	if (reader_verify(path, NULL, &report, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	say("verify",
	    (double)report.entries * 1e6 / (double)(clock_steady_us() - start),
	    "events/s");
}

static double
redis_memory(struct store *store)
{
	struct arena *arena = arena_new();
	const char *value;
	struct error err;

	if (store_setting(arena, store, "memory", "used_memory", &value,
	                  &err) != RESULT_OK)
		log_fatal("%s", err.text);
	double used = strtod(value, NULL);
	arena_free(&arena);
	return used;
}

static void
feed_all(const char *folder, const char *writer, const char *url,
         const struct keyring *keys)
{
	struct store_options options = { url, 5000, keys, 0, 0 };
	struct store *store;
	struct feed *feed;
	struct error err = { "" };
	uint64_t count, sum = 0;
	enum result result;

	if (store_open(&options, &store, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	double before = redis_memory(store);
	int64_t start = clock_steady_us(), cpu = cpu_us();
	feed = feed_new(folder, writer, store, keys, true);
	while ((result = feed_some(feed, &count, &err)) == RESULT_OK)
		sum += count;
	if (result != RESULT_NONE)
		log_fatal("%s", err.text);
	double took = (double)(clock_steady_us() - start);
	say("store", (double)sum / took * 1e6, "events/s");
	say("store-cpu", (double)(cpu_us() - cpu) / (double)sum, "us/event");
	say("store-memory", (redis_memory(store) - before) / (double)sum,
	    "bytes/event");
	feed_free(&feed);
	store_close(&store);
}

static struct keyring *
make_keys(const char *folder)
{
	struct keyring *keys = NULL;
	char path[4096];
	struct error err;

	snprintf(path, sizeof(path), "%s/bench.keys", folder);
	if (keyring_create(path, &err) != RESULT_OK ||
	    keyring_read(path, &keys, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	unlink(path);
	return keys;
}

static void
say_bytes(const char *path, unsigned count)
{
	char name[4200];
	struct stat status;

	snprintf(name, sizeof(name), "%s/00000001.log", path);
	if (stat(name, &status) == 0)
		say("journal-size",
		    (double)status.st_size / count + SEAL_KEY_BYTES,
		    "bytes/event");
}

int
main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: bench_journal FOLDER EVENTS THREADS [URL]\n",
		      stderr);
		return 2;
	}
	unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	unsigned threads = (unsigned)strtoul(argv[3], NULL, 10);
	struct journal_options options = { argv[1],          "bench", "journal",
		                           (int64_t)1 << 40, 0,       NULL };
	struct keyring *keys = make_keys(argv[1]);
	struct journal *journal;
	char path[4096];
	struct error err;

	snprintf(path, sizeof(path), "%s/bench.journal", argv[1]);
	if (threads < 1 || threads > 256 ||
	    journal_open(&options, &journal, &err) != RESULT_OK)
		log_fatal("cannot start: %s", err.text);
	write_events(journal, count, threads);
	say_bytes(path, count);
	if (argc > 4)
		feed_all(argv[1], "bench.journal", argv[4], keys);
	write_stream(journal, count);
	journal_close(&journal);
	verify(path);
	keyring_free(&keys);
	return 0;
}
