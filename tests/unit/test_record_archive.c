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
#include "record/content.h"
#include "record/expire.h"
#include "record/hold.h"
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
	for (int i = 0; i < 500; i++) {
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
	fill_journal(48 * 1024);
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
	assert_true(add().segments > 1);
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
	for (long at = 0; at < status.st_size; at += 211) {
		flip(path, at);
		if (verify_all(&report, &err) == RESULT_OK)
			fail_msg("byte %ld", at);
		flip(path, at);
	}
	snprintf(path, sizeof(path), "%s/" WRITER "/00000001.keys", store);
	assert_int_equal(stat(path, &status), 0);
	for (long at = 0; at < status.st_size; at += 149) {
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

/* --- retention and holds ---------------------------------------------- */

static const time_ms_t days_later = 1795251600000 + 3 * 86400000LL;

static struct settings
settings_here(struct class_settings *class)
{
	*class = (struct class_settings){ .name = "service",
		                          .retention_ms = 86400000 };
	return (struct settings){
		.host = "host",
		.journal = journal,
		.content = top,
		.store = "redis://127.0.0.1:1/0",
		.store_budget_ms = 10,
		.segment_bytes = 1 << 20,
		.classes = class,
		.class_count = 1,
	};
}

static void
append_to_ledger(const struct settings *settings, const struct event *event)
{
	struct ledger *ledger = NULL;
	struct error err;

	assert_int_equal(
		ledger_open(settings, keys, "avis", 1000, &ledger, &err),
		RESULT_OK);
	assert_int_equal(ledger_append(ledger, event, &err), RESULT_OK);
	ledger_close(&ledger, 0);
}

static struct expire_report
expire_at(const struct settings *settings, time_ms_t now)
{
	struct arena *arena = arena_new();
	struct archive *archive = open_archive(true);
	struct hold_list holds;
	struct local local = { .arena = arena,
		               .folder = journal,
		               .archive = archive };
	struct ledger *ledger = NULL;
	struct expire_report report = { 0 };
	struct error err;

	assert_int_equal(hold_read(arena, settings, &holds, &err), RESULT_OK);
	assert_int_equal(hold_expand(&holds, &local, &err), RESULT_OK);
	assert_int_equal(
		ledger_open(settings, keys, "avis", 1000, &ledger, &err),
		RESULT_OK);
	const struct expire_order order = { arena,  settings, archive,
		                            ledger, &holds,   now };
	assert_int_equal(expire_run(&order, &report, &err), RESULT_OK);
	ledger_close(&ledger, 0);
	archive_close(&archive);
	arena_free(&arena);
	return report;
}

static uint64_t
erased_in_journal(void)
{
	struct verify_report report;
	struct error err;
	char path[256];

	snprintf(path, sizeof(path), "%s/" WRITER, journal);
	if (reader_verify(path, NULL, &report, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return report.erased;
}

static void
test_GDPR_12_expiry_leaves_stubs_that_verify(void **state)
{
	struct class_settings class;
	struct settings settings = settings_here(&class);
	struct archive_report archived;
	struct error err;

	(void)state;
	add();
	assert_int_equal(expire_at(&settings, 1795251600000).journal, 0);
	assert_int_equal(erased_in_journal(), 0);
	assert_int_equal(expire_at(&settings, days_later).journal, MESSAGES);
	/* What came back says no class: it stays as long as the longest. */
	assert_int_equal(erased_in_journal(), MESSAGES);
	assert_int_equal(verify_all(&archived, &err), RESULT_OK);
	assert_int_equal(archived.erased, MESSAGES);
	assert_int_equal(expire_at(&settings, days_later).journal, 0);
}

static void
test_X_16_what_is_under_a_hold_stays(void **state)
{
	struct class_settings class;
	struct settings settings = settings_here(&class);
	struct arena *arena = arena_new();
	struct hold one = { .id = "",
		            .reason = "legal-claim",
		            .text = "claim 12",
		            .author = "julie",
		            .number = "12",
		            .review = days_later,
		            .has_message = true,
		            .message = ids[3],
		            .address = "",
		            .class_name = "" };
	struct hold many = one;
	struct hold_list holds;
	struct event event;
	struct error err;

	(void)state;
	add();
	hold_event(arena, &one, &event);
	append_to_ledger(&settings, &event);
	many.id = "";
	many.has_message = false;
	many.address = "person.7@example.com";
	hold_event(arena, &many, &event);
	append_to_ledger(&settings, &event);
	assert_int_equal(hold_read(arena, &settings, &holds, &err), RESULT_OK);
	assert_int_equal(holds.count, 2);

	struct expire_report report = expire_at(&settings, days_later);

	assert_int_equal(report.held, 1 + MESSAGES / 10);
	assert_int_equal(report.journal, MESSAGES - 1 - MESSAGES / 10);
	hold_lifted_event(arena, &many, "marc", "settled", &event);
	append_to_ledger(&settings, &event);
	assert_int_equal(hold_read(arena, &settings, &holds, &err), RESULT_OK);
	assert_int_equal(holds.count, 1);
	assert_string_equal(holds.items[0].id, one.id);
	assert_string_equal(holds.items[0].text, "claim 12");
	assert_int_equal(expire_at(&settings, days_later).journal,
	                 MESSAGES / 10);
	assert_int_equal(erased_in_journal(), MESSAGES - 1);
	arena_free(&arena);
}

/* Killed anywhere, the next run completes it, and all of it verifies. */
static void
test_a_killed_expiry_is_completed(void **state)
{
	struct class_settings class;
	struct settings settings = settings_here(&class);
	struct archive_report archived;
	struct error err;

	(void)state;
	add();
	for (unsigned delay = 0; delay < 8; delay++) {
		pid_t child = fork();

		if (child == 0) {
			expire_at(&settings, days_later);
			_exit(0);
		}
		usleep(delay * 2000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		assert_true(erased_in_journal() <= MESSAGES);
		assert_int_equal(verify_all(&archived, &err), RESULT_OK);
	}
	expire_at(&settings, days_later);
	assert_int_equal(erased_in_journal(), MESSAGES);
	assert_int_equal(verify_all(&archived, &err), RESULT_OK);
	assert_int_equal(archived.erased, MESSAGES);
}

/* The archive alone, when the journal is gone. */
static void
test_expiry_reaches_an_archive_without_its_journal(void **state)
{
	struct class_settings class;
	struct settings settings = settings_here(&class);
	struct archive_report archived;
	struct error err;

	(void)state;
	add();
	empty_folder(journal);
	assert_int_equal(expire_at(&settings, days_later).archive, MESSAGES);
	assert_int_equal(verify_all(&archived, &err), RESULT_OK);
	assert_int_equal(archived.erased, MESSAGES);
	assert_int_equal(expire_at(&settings, days_later).archive, 0);
}

/* --- whole messages --------------------------------------------------- */

static bool
gather_text(void *context, struct span piece)
{
	buf_span(context, piece);
	return true;
}

static void
test_CHAIN_6_content_is_read_back_or_not_at_all(void **state)
{
	struct content_writer *writer = NULL;
	struct message_id id = message_id_new();
	struct content content, other;
	struct error err;
	struct buf text, back;
	struct stat status;
	char name[MESSAGE_NAME_SIZE], path[256];

	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&back, 1 << 20);
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&text, "line %u\r\n", i);
	assert_int_equal(content_create(top, id, &writer, &err), RESULT_OK);
	assert_int_equal(content_add(writer, buf_as_span(&text), &err),
	                 RESULT_OK);
	assert_int_equal(content_finish(writer, &content, &err), RESULT_OK);
	content_commit(&writer);
	assert_int_equal(
		content_read(top, id, &content, gather_text, &back, &err),
		RESULT_OK);
	assert_true(span_equal(buf_as_span(&text), buf_as_span(&back)));
	other = content;
	other.key[0] ^= 1;
	assert_int_equal(
		content_read(top, id, &other, gather_text, &back, &err),
		RESULT_BAD);
	message_id_name(id, name);
	snprintf(path, sizeof(path), "%s/%.2s/%s", top, name, name);
	assert_int_equal(stat(path, &status), 0);
	for (long at = 0; at < status.st_size; at += 1999) {
		flip(path, at);
		assert_int_equal(content_read(top, id, &content, gather_text,
		                              &back, &err),
		                 RESULT_BAD);
		flip(path, at);
	}
	/* Cut between two chunks, it is short of what was recorded. */
	assert_int_equal(truncate(path, 8 + 4 + 65536 + SEAL_EXTRA_BYTES), 0);
	assert_int_equal(
		content_read(top, id, &content, gather_text, &back, &err),
		RESULT_BAD);
	assert_int_equal(content_delete(top, id, &err), RESULT_OK);
	assert_int_equal(
		content_read(top, id, &content, gather_text, &back, &err),
		RESULT_NONE);
	buf_done(&text);
	buf_done(&back);
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
		TEST(test_GDPR_12_expiry_leaves_stubs_that_verify),
		TEST(test_X_16_what_is_under_a_hold_stays),
		TEST(test_a_killed_expiry_is_completed),
		TEST(test_expiry_reaches_an_archive_without_its_journal),
		TEST(test_CHAIN_6_content_is_read_back_or_not_at_all),
		TEST(test_GDPR_11_the_archive_has_no_address_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
