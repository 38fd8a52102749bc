#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "record/archive.h"
#include "record/feed.h"
#include "record/journal.h"
#include "record/local.h"
#include "record/pool.h"
#include "record/store.h"

/*
 * bench_archive FOLDER MESSAGES [URL]
 *
 * Ordinary messages, one event each, into a journal, then into the archive
 * (and, with the URL of a Redis, there): bytes a message, messages a second,
 * and what it costs to prove one recipient's message out of all of them.
 * Prints "name value unit" lines.
 */
#define WRITER        "bench.archive"
#define SEGMENT_BYTES ((int64_t)64 * 1024 * 1024)
#define QUESTIONS     200
#define EACH          5 /* messages a recipient gets */

static unsigned people;

static void
say(const char *name, double value, const char *unit)
{
	printf("%-24s %12.1f %s\n", name, value, unit);
}

static double
since_s(int64_t start_us)
{
	return (double)(clock_steady_us() - start_us) / 1e6;
}

static char *
person(struct arena *arena, unsigned number)
{
	return arena_printf(arena, "person.%u@example.com", number);
}

static char *
part_sum(struct arena *arena, unsigned number)
{
	char text[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];
	uint8_t sum[DIGEST_BYTES];

	digest_sha256(&number, sizeof(number), sum);
	encode_base64url(sum, sizeof(sum), text);
	return arena_strdup(arena, text);
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
		.size_bytes = 48123 + number % 9973,
		.retention_ms = 34214400000,
	};

	/* Digests do not get smaller. */
	digest_sha256(event.message.bytes, 16, event.body_digest);
	digest_sha256(event.message.bytes, 15, event.header_digest);
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
	event_fact_add(arena, &event, "parts",
	               arena_printf(arena,
	                            "1 text/plain 1%u %s\n2 text/html 4%u %s",
	                            number % 997, part_sum(arena, number),
	                            number % 991, part_sum(arena, ~number)));
	event.recipients = arena_array(arena, 1, sizeof(*event.recipients));
	event.recipient_count = 1;
	event.recipients[0].address = person(arena, number % people);
	event.recipients[0].orcpt = "";
	return event;
}

static void
write_journal(const char *folder, unsigned count)
{
	struct journal_options options = {
		.folder = folder,
		.host = "bench",
		.program = "archive",
		.segment_bytes = SEGMENT_BYTES,
	};
	struct arena *arena = arena_new();
	struct journal_ticket ticket;
	struct journal *journal;
	struct error err;
	int64_t start = clock_steady_us();

	if (journal_open(&options, &journal, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	for (unsigned i = 0; i < count; i++) {
		struct event event = ordinary(arena, i);

		journal_queue(journal, &event, &ticket);
		if (i % 4096 == 4095 &&
		    journal_wait(journal, &ticket, &err) != RESULT_OK)
			log_fatal("%s", err.text);
		arena_reset(arena);
	}
	journal_close(&journal);
	say("journal", count / since_s(start), "messages/s");
	/* Two more in segments of their own: the last but one is closed. */
	options.segment_bytes = 1;
	if (journal_open(&options, &journal, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	struct event event = ordinary(arena, 0);
	if (journal_append(journal, &event, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	journal_close(&journal);
	arena_free(&arena);
}

static double
folder_bytes(const char *path)
{
	struct dirent *file;
	DIR *dir = opendir(path);
	double sum = 0;

	while (dir != NULL && (file = readdir(dir)) != NULL) {
		char name[4096];
		struct stat status;

		snprintf(name, sizeof(name), "%s/%s", path, file->d_name);
		if (file->d_name[0] != '.' && stat(name, &status) == 0)
			sum += S_ISDIR(status.st_mode) ? folder_bytes(name)
			                               : (double)status.st_size;
	}
	if (dir != NULL)
		closedir(dir);
	return sum;
}

static struct archive *
open_archive(const char *folder, const struct keyring *keys, bool may_write)
{
	struct archive *archive;
	struct error err;

	if (archive_open(folder, keys, may_write, &archive, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	return archive;
}

static void
fill_archive(const char *folder, const char *path, const struct keyring *keys,
             unsigned count)
{
	struct archive *archive = open_archive(path, keys, true);
	struct archive_report report = { 0 };
	struct error err;
	int64_t start = clock_steady_us();

	if (archive_add(archive, folder, WRITER, &report, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	archive_close(&archive);
	say("archive-add", count / since_s(start), "messages/s");
	say("archive-size", folder_bytes(path) / count, "bytes/message");
}

/* From opening the archive to all events of the newest message. */
static void
ask_archive(const char *folder, const char *path, const struct keyring *keys)
{
	int64_t start = clock_steady_us();

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct arena *arena = arena_new();
		struct archive *archive = open_archive(path, keys, false);
		struct local local = { .arena = arena,
			               .folder = folder,
			               .archive = archive };
		struct find_query query = {
			.message_id = "",
			.queue_id = "",
			.from = "",
			.to = person(arena, i * (people / QUESTIONS) + 1),
			.limit = 20,
		};
		struct message_id_list ids;
		struct event_list events;
		struct error err;

		if (local_messages(&local, &query, &ids, &err) != RESULT_OK ||
		    ids.count != EACH ||
		    local_events(&local, ids.items[0], &events, &err) !=
		            RESULT_OK)
			log_fatal("not found: %s", query.to);
		archive_close(&archive);
		arena_free(&arena);
	}
	say("archive-proof", since_s(start) / QUESTIONS * 1e6, "us");
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
ask_store(struct store *store)
{
	int64_t start = clock_steady_us();

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct arena *arena = arena_new();
		struct find_query query = {
			.message_id = "",
			.queue_id = "",
			.from = "",
			.to = person(arena, i * (people / QUESTIONS) + 1),
			.limit = 20,
		};
		struct message_id_list ids;
		struct event_list events;
		struct error err;

		if (find_messages(arena, store, &query, &ids, &err) !=
		            RESULT_OK ||
		    find_events(arena, store, ids.items[0], &events, &err) !=
		            RESULT_OK)
			log_fatal("not found: %s", query.to);
		arena_free(&arena);
	}
	say("redis-proof", since_s(start) / QUESTIONS * 1e6, "us");
}

static void
fill_store(const char *folder, const char *url, const struct keyring *keys,
           unsigned count)
{
	struct store_options options = { .url = url,
		                         .budget_ms = 5000,
		                         .keys = keys };
	struct store *store;
	struct error err = { "" };
	enum result result;
	uint64_t some;

	if (store_open(&options, &store, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	double before = redis_memory(store);
	struct feed *feed = feed_new(folder, WRITER, store, keys, true);
	while ((result = feed_some(feed, &some, &err)) == RESULT_OK)
		continue;
	if (result != RESULT_NONE)
		log_fatal("%s", err.text);
	say("redis-size", (redis_memory(store) - before) / count,
	    "bytes/message");
	feed_free(&feed);
	ask_store(store);
	store_close(&store);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: bench_archive FOLDER MESSAGES [URL]\n", stderr);
		return 2;
	}
	unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	struct keyring *keys = keyring_passing();
	char journal[4096], archive[4096];

	people = count / EACH;
	snprintf(journal, sizeof(journal), "%s/journal", argv[1]);
	snprintf(archive, sizeof(archive), "%s/archive", argv[1]);
	write_journal(journal, count);
	say("journal-size", folder_bytes(journal) / count, "bytes/message");
	fill_archive(journal, archive, keys, count);
	ask_archive(journal, archive, keys);
	if (argc > 3)
		fill_store(journal, argv[3], keys, count);
	keyring_free(&keys);
	return 0;
}
