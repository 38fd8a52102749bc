#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "record/archive.h"
#include "record/journal.h"
#include "record/local.h"
#include "record/slots.h"

#define WRITER   "host.test"
#define MESSAGES 150

static char top[128], journal[160], store[160];
static struct keyring *keys;
static struct message_id ids[MESSAGES];

static void
empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *file;

	while (dir != NULL && (file = readdir(dir)) != NULL) {
		char name[512];

		if (file->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%.200s/%s", path, file->d_name);
		if (unlink(name) != 0)
			empty_folder(name);
		rmdir(name);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
append(struct journal *into, struct event *event)
{
	struct error err;

	assert_int_equal(journal_append(into, event, &err), RESULT_OK);
}

static struct event
submitted(struct arena *arena, unsigned number)
{
	struct event event = {
		.time = 1795251600000 + number * 1000,
		.kind = EVENT_SUBMITTED,
		.has_message = true,
		.message = ids[number],
		.class_name = "service",
		.queue_id = arena_printf(arena, "4XQ%u", number),
		.status = "",
		.detail = "",
		.retention_ms = 86400000,
	};

	event_fact_add(arena, &event, "sender", "julie@example.fr");
	event_fact_add(arena, &event, "message_id",
	               arena_printf(arena, "<%u@example.fr>", number));
	event.recipients = arena_array(arena, 1, sizeof(*event.recipients));
	event.recipient_count = 1;
	event.recipients[0].address =
		arena_printf(arena, "person.%u@example.com", number % 10);
	event.recipients[0].orcpt = "";
	return event;
}

/* MESSAGES messages, then what came back of the first: an answer, a DSN. */
static void
fill_journal(int64_t segment_bytes)
{
	struct journal_options options = { journal,       "host", "test",
		                           segment_bytes, 0,      NULL };
	struct arena *arena = arena_new();
	struct journal *into;
	struct error err;

	assert_int_equal(journal_open(&options, &into, &err), RESULT_OK);
	for (unsigned i = 0; i < MESSAGES; i++) {
		ids[i] = message_id_new();
		struct event event = submitted(arena, i);
		append(into, &event);
	}
	struct event reply = { .time = 1795252600000,
		               .kind = EVENT_REPLIED,
		               .class_name = "",
		               .queue_id = "",
		               .status = "",
		               .detail = "" };
	event_fact_add(arena, &reply, "refs", "<x@y.test> <0@example.fr>");
	event_fact_add(arena, &reply, "from", "person.0@example.com");
	append(into, &reply);
	struct event delivered = { .time = 1795252500000,
		                   .kind = EVENT_DELIVERED,
		                   .has_message = true,
		                   .message = ids[0],
		                   .recipient = 1,
		                   .class_name = "",
		                   .queue_id = "",
		                   .status = "2.1.5",
		                   .detail = "" };
	append(into, &delivered);
	/* The last segment is not closed: what counts stands before it. */
	for (int i = 0; i < 40; i++) {
		struct event last = { .time = 1795252700000,
			              .kind = EVENT_GAP,
			              .class_name = "",
			              .queue_id = "",
			              .status = "",
			              .detail = "" };
		append(into, &last);
	}
	journal_close(&into);
	arena_free(&arena);
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(top, sizeof(top), "%.80s/avis-archive.XXXXXX",
	         tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(top));
	snprintf(journal, sizeof(journal), "%s/journal", top);
	snprintf(store, sizeof(store), "%s/archive", top);
	keys = keyring_passing();
	fill_journal(8192);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	keyring_free(&keys);
	empty_folder(top);
	rmdir(top);
	return 0;
}

static struct archive *
open_archive(bool may_write)
{
	struct archive *archive = NULL;
	struct error err;

	if (archive_open(store, keys, may_write, &archive, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return archive;
}

static struct archive_report
add(void)
{
	struct archive *archive = open_archive(true);
	struct archive_report report = { 0 };
	struct error err;

	if (archive_add(archive, journal, WRITER, &report, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	archive_close(&archive);
	return report;
}

/* All segments, in order; the text of the first error. */
static enum result
verify_all(struct archive_report *report, struct error *err)
{
	static const uint8_t zeros[DIGEST_BYTES];
	struct archive *archive = open_archive(false);
	struct arena *arena = arena_new();
	struct archive_list list;
	enum result result = archive_list(arena, archive, &list, err);

	*report = (struct archive_report){ 0 };
	for (size_t i = 0; result == RESULT_OK && i < list.count; i++)
		result = archive_verify(archive, &list.items[i],
		                        i == 0 ? zeros
		                               : list.items[i - 1].last_hash,
		                        report, err);
	arena_free(&arena);
	archive_close(&archive);
	return result;
}

/* What local finds of one message, as words: "submitted delivered". */
static const char *
story(struct arena *arena, struct message_id id, bool with_archive,
      bool *is_archived_r)
{
	struct local local = { .arena = arena,
		               .folder = journal,
		               .archive = with_archive ? open_archive(false)
		                                       : NULL };
	struct event_list events = { 0 };
	const char *words = "";
	struct error err;

	if (local_events(&local, id, &events, &err) != RESULT_OK)
		words = err.text[0] != '\0' ? "none" : "?";
	for (size_t i = 0; i < events.count; i++)
		words = arena_printf(
			arena, "%s%s/%llu ", words,
			event_kind_name(events.items[i].kind),
			(unsigned long long)events.items[i].sequence);
	*is_archived_r = local.is_archived;
	archive_close(&local.archive);
	return words;
}

static void
test_the_archive_answers_as_the_journals_did(void **state)
{
	struct arena *arena = arena_new();
	const char *before[MESSAGES];
	bool is_archived;

	(void)state;
	for (unsigned i = 0; i < MESSAGES; i++) {
		before[i] = story(arena, ids[i], false, &is_archived);
		assert_false(is_archived);
	}
	assert_non_null(strstr(before[0], "submitted"));
	assert_non_null(strstr(before[0], "delivered"));
	assert_non_null(strstr(before[0], "replied"));
	assert_true(add().segments > 3);
	for (unsigned i = 0; i < MESSAGES; i++) {
		assert_string_equal(story(arena, ids[i], true, &is_archived),
		                    before[i]);
		assert_true(is_archived);
	}
	empty_folder(journal);
	for (unsigned i = 0; i < MESSAGES; i++)
		assert_string_equal(story(arena, ids[i], true, &is_archived),
		                    before[i]);
	arena_free(&arena);
}

static void
test_messages_are_found_by_what_people_know(void **state)
{
	const struct {
		struct find_query query;
		size_t count;
	} cases[] = {
		{ { "<7@example.fr>", "", "", "", 0, 0, 20 }, 1 },
		{ { "", "4XQ9", "", "", 0, 0, 20 }, 1 },
		{ { "", "", "Person.3@EXAMPLE.com", "", 0, 0, 100 }, 15 },
		{ { "", "", "person.3@example.com", "", 0, 0, 4 }, 4 },
		{ { "", "", "", "julie@example.fr", 0, 0, 1000 }, MESSAGES },
		{ { "", "", "person.3@example.com", "", 1795251600000,
		    1795251613000, 20 },
		  2 },
		{ { "", "", "nobody@example.com", "", 0, 0, 20 }, 0 },
	};

	(void)state;
	add();
	empty_folder(journal);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct local local = { .arena = arena,
			               .folder = journal,
			               .archive = open_archive(false) };
		struct message_id_list found = { 0 };
		struct error err;
		enum result result =
			local_messages(&local, &cases[i].query, &found, &err);

		assert_int_equal(result,
		                 cases[i].count > 0 ? RESULT_OK : RESULT_NONE);
		assert_int_equal(found.count, cases[i].count);
		archive_close(&local.archive);
		arena_free(&arena);
	}
}

static void
test_adding_again_adds_nothing(void **state)
{
	struct archive_report first, report;
	struct error err;

	(void)state;
	first = add();
	report = add();
	assert_int_equal(report.segments, 0);
	assert_int_equal(verify_all(&report, &err), RESULT_OK);
	assert_int_equal(report.segments, first.segments);
	assert_int_equal(report.entries, first.entries);
}

/* Killed anywhere: what is there is whole, and the next run completes it. */
static void
test_a_killed_add_is_completed(void **state)
{
	struct archive_report whole, report;
	struct error err;

	(void)state;
	whole = add();
	for (unsigned delay = 0; delay < 12; delay++) {
		empty_folder(store);
		pid_t child = fork();

		if (child == 0) {
			add();
			_exit(0);
		}
		usleep(delay * 1500);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		add();
		assert_int_equal(verify_all(&report, &err), RESULT_OK);
		assert_int_equal(report.segments, whole.segments);
		assert_int_equal(report.entries, whole.entries);
	}
}

static void
flip(const char *path, long at)
{
	FILE *file = fopen(path, "r+");
	int byte;

	assert_non_null(file);
	fseek(file, at, SEEK_SET);
	byte = fgetc(file);
	fseek(file, at, SEEK_SET);
	fputc(byte ^ 1, file);
	fclose(file);
}

static void
test_BND_4_each_flipped_byte_of_a_segment_is_noticed(void **state)
{
	struct archive_report report;
	struct error err;
	struct stat status;
	char path[256];

	(void)state;
	add();
	snprintf(path, sizeof(path), "%s/" WRITER "/00000001.pack", store);
	assert_int_equal(stat(path, &status), 0);
	for (long at = 0; at < status.st_size; at += 7) {
		flip(path, at);
		if (verify_all(&report, &err) == RESULT_OK)
			fail_msg("byte %ld", at);
		flip(path, at);
	}
	snprintf(path, sizeof(path), "%s/" WRITER "/00000001.keys", store);
	assert_int_equal(stat(path, &status), 0);
	for (long at = 0; at < status.st_size; at += 31) {
		flip(path, at);
		assert_int_equal(verify_all(&report, &err), RESULT_BAD);
		flip(path, at);
	}
	assert_int_equal(verify_all(&report, &err), RESULT_OK);
}

static void
test_CHAIN_6_erasure_reaches_the_archive(void **state)
{
	struct archive_report report;
	struct archive *archive;
	struct error err;
	bool is_archived;
	struct arena *arena = arena_new();
	/* The journal starts with an entry of its own. */
	const uint64_t sequences[] = { 2, 3, 99999 };

	(void)state;
	add();
	archive = open_archive(true);
	assert_int_equal(archive_erase(archive, WRITER, sequences, 3, &err),
	                 RESULT_OK);
	assert_int_equal(archive_forget(archive, "person.5@example.com", &err),
	                 RESULT_OK);
	archive_close(&archive);
	assert_int_equal(verify_all(&report, &err), RESULT_OK);
	assert_int_equal(report.erased, 2);
	empty_folder(journal);

	struct local local = { .arena = arena,
		               .folder = journal,
		               .archive = open_archive(false) };
	struct find_query query = {
		"", "", "person.5@example.com", "", 0, 0, 20
	};
	struct message_id_list found;

	assert_int_equal(local_messages(&local, &query, &found, &err),
	                 RESULT_NONE);
	archive_close(&local.archive);
	/* The stub of an erased message is still there, by its name. */
	assert_string_equal(story(arena, ids[1], true, &is_archived),
	                    "submitted/3 ");
	arena_free(&arena);
}

/* What was erased before stays erased in the copy. */
static void
test_an_erased_entry_is_archived_as_a_stub(void **state)
{
	const uint64_t sequences[] = { 4 };
	struct slots_report slots = { 0 };
	struct archive_report report;
	struct error err;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/" WRITER, journal);
	assert_int_equal(slots_erase(path, sequences, 1, &slots, &err),
	                 RESULT_OK);
	add();
	assert_int_equal(verify_all(&report, &err), RESULT_OK);
	assert_int_equal(report.erased, 1);
}

static void
test_a_damaged_segment_is_not_archived(void **state)
{
	struct archive *archive;
	struct archive_report report = { 0 };
	struct error err;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/" WRITER "/00000002.log", journal);
	flip(path, 200);
	archive = open_archive(true);
	assert_int_equal(archive_add(archive, journal, WRITER, &report, &err),
	                 RESULT_BAD);
	assert_non_null(strstr(err.text, "00000002.log"));
	assert_int_equal(report.segments, 1);
	archive_close(&archive);
}

/* GDPR-11: the index names nobody in clear. */
static void
test_GDPR_11_the_archive_has_no_address_in_clear(void **state)
{
	static const char *const names[] = { "/index.sqlite",
		                             "/" WRITER "/00000001.pack" };
	struct arena *arena = arena_new();

	(void)state;
	add();
	for (size_t i = 0; i < 2; i++) {
		char path[256];
		struct span bytes;
		struct error err;

		snprintf(path, sizeof(path), "%s%s", store, names[i]);
		assert_int_equal(file_read(arena, path, 1 << 24, &bytes, &err),
		                 RESULT_OK);
		assert_int_equal(span_find_text(bytes, "example.", 0),
		                 bytes.len);
	}
	arena_free(&arena);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_the_archive_answers_as_the_journals_did),
		TEST(test_messages_are_found_by_what_people_know),
		TEST(test_adding_again_adds_nothing),
		TEST(test_a_killed_add_is_completed),
		TEST(test_BND_4_each_flipped_byte_of_a_segment_is_noticed),
		TEST(test_CHAIN_6_erasure_reaches_the_archive),
		TEST(test_an_erased_entry_is_archived_as_a_stub),
		TEST(test_a_damaged_segment_is_not_archived),
		TEST(test_GDPR_11_the_archive_has_no_address_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
