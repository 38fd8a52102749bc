#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "record/appender.h"
#include "record/journal.h"
#include "record/reader.h"
#include "record/slots.h"

#define PATH_SIZE 256

static char folder[128];     /* of all writers */
static char home[PATH_SIZE]; /* of "host.test" */

/* --- a folder of its own for each test -------------------------------- */

static void
empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *file;

	if (dir == NULL)
		return;
	while ((file = readdir(dir)) != NULL) {
		char name[PATH_SIZE + 256];

		if (file->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, file->d_name);
		if (unlink(name) != 0)
			empty_folder(name);
		rmdir(name);
	}
	closedir(dir);
}

static int
setup(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%.80s/avis-journal.XXXXXX",
	         tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	snprintf(home, sizeof(home), "%s/host.test", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	empty_folder(folder);
	rmdir(folder);
	return 0;
}

/* --- shorthands ------------------------------------------------------- */

static struct journal *
open_with(int64_t segment_bytes, const struct segment_io *io)
{
	struct journal_options options = {
		.folder = folder,
		.host = "host",
		.program = "test",
		.segment_bytes = segment_bytes,
		.io = io,
	};
	struct journal *journal = NULL;
	struct error err;

	if (journal_open(&options, &journal, &err) != RESULT_OK)
		print_message("%s\n", err.text);
	return journal;
}

static struct journal *
open_journal(int64_t segment_bytes)
{
	struct journal *journal = open_with(segment_bytes, NULL);

	assert_non_null(journal);
	return journal;
}

static struct event
event_with(struct event_fact *fact)
{
	struct event event = {
		.time = 1795251602417,
		.kind = EVENT_RELAYED,
		.class_name = "service",
		.queue_id = "4F8A",
		.status = "2.0.0",
		.detail = "",
		.facts = fact,
		.fact_count = fact != NULL ? 1 : 0,
	};

	return event;
}

static enum result
append(struct journal *journal, const char *text, struct error *err)
{
	struct event_fact fact = { "diagnostic", text };
	struct event event = event_with(&fact);

	return journal_append(journal, &event, err);
}

static void
append_ok(struct journal *journal, const char *text)
{
	struct error err;

	assert_int_equal(append(journal, text, &err), RESULT_OK);
}

static struct verify_report
verified(void)
{
	struct verify_report report;
	struct error err = { "" };
	enum result result = reader_verify(home, NULL, &report, &err);

	if (result != RESULT_OK)
		print_message("verify: %s\n", err.text);
	assert_int_equal(result, RESULT_OK);
	return report;
}

/* Calls look with each event there is; gives their number. */
static uint64_t
read_all(void (*look)(const struct event *, void *), void *context)
{
	struct reader_place start = { .segment = 0 };
	struct arena *arena = arena_new();
	struct reader_entry entry;
	struct reader *reader;
	struct event event;
	struct error err;
	uint64_t count = 0;
	enum result result;

	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	while ((result = reader_next(reader, &entry, &err)) == RESULT_OK) {
		assert_int_equal(event_read(arena, entry.entry, entry.payload,
		                            &event, &err),
		                 RESULT_OK);
		count++;
		assert_int_equal(event.sequence, count);
		assert_string_equal(event.writer, "host.test");
		if (look != NULL)
			look(&event, context);
		arena_reset(arena);
	}
	if (result == RESULT_BAD)
		print_message("%s\n", err.text);
	assert_int_equal(result, RESULT_NONE);
	reader_close(&reader);
	arena_free(&arena);
	return count;
}

static off_t
size_of(const char *name)
{
	char path[PATH_SIZE + 64];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	return stat(path, &status) == 0 ? status.st_size : -1;
}

static int
open_name(const char *name, int flags)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	int fd = open(path, flags, 0600);
	assert_true(fd >= 0);
	return fd;
}

/* --- plain life ------------------------------------------------------- */

static void
test_an_empty_journal_says_it_started(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	struct stat status;

	(void)state;
	assert_string_equal(journal_writer(journal), "host.test");
	journal_close(&journal);
	assert_int_equal(verified().entries, 1);
	assert_int_equal(size_of("00000001.keys"), 32);
	assert_int_equal(stat(home, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0750);
	int fd = open_name("00000001.log", O_RDONLY);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	close(fd);
}

static void
test_CHAIN_3_the_chain_goes_over_segments_and_restarts(void **state)
{
	uint64_t count = 0;

	(void)state;
	for (int round = 0; round < 5; round++) {
		struct journal *journal = open_journal(2000);

		for (int i = 0; i < 20; i++)
			append_ok(journal, "250 2.0.0 Ok");
		journal_close(&journal);
		count += 21;
		struct verify_report report = verified();
		assert_int_equal(report.entries, count);
		assert_true(report.segments > 3);
	}
	assert_int_equal(read_all(NULL, NULL), count);
}

static size_t
segments_here(void)
{
	struct arena *arena = arena_new();
	struct segment_list list;
	struct error err;

	assert_int_equal(segment_list(arena, home, &list, &err), RESULT_OK);
	size_t count = list.count;
	arena_free(&arena);
	return count;
}

static void
test_segments_close_by_age(void **state)
{
	const time_ms_t start = 1795251602417, hour_ms = 3600000;
	struct journal_options options = { folder,  "host",  "test",
		                           1 << 20, hour_ms, NULL };
	struct journal *journal = NULL;
	struct error err;

	(void)state;
	clock_set(start);
	assert_int_equal(journal_open(&options, &journal, &err), RESULT_OK);
	clock_set(start + hour_ms - 1);
	append_ok(journal, "young");
	assert_int_equal(segments_here(), 1);
	journal_close(&journal);
	/* Its age is known after a start, too. */
	assert_int_equal(journal_open(&options, &journal, &err), RESULT_OK);
	assert_int_equal(segments_here(), 1);
	clock_set(start + hour_ms);
	append_ok(journal, "old");
	append_ok(journal, "new");
	assert_int_equal(segments_here(), 2);
	journal_close(&journal);
	clock_set(-1);
	assert_int_equal(verified().entries, 5);
}

/* CMS-5: who seals reads what is chained, and no key. */
static void
test_CMS_5_keys_are_for_the_writer_alone(void **state)
{
	char path[PATH_SIZE + 32];
	struct stat status;
	struct journal *journal = open_journal(1 << 20);

	(void)state;
	journal_close(&journal);
	snprintf(path, sizeof(path), "%s/00000001.keys", home);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0077, 0);
	snprintf(path, sizeof(path), "%s/00000001.log", home);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void
test_two_processes_cannot_write_one_journal(void **state)
{
	struct journal *journal = open_journal(1 << 20), *second = NULL;
	struct journal_options options = { folder,  "host", "test",
		                           1 << 20, 0,      NULL };
	struct error err;

	(void)state;
	assert_int_equal(journal_open(&options, &second, &err), RESULT_BAD);
	assert_non_null(strstr(err.text, "another process"));
	append_ok(journal, "x");
	journal_close(&journal);
	assert_int_equal(verified().entries, 2);
}

static void
test_a_writer_has_a_plain_name(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".x" };
	struct journal_options options = {
		folder, "", "test", 1 << 20, 0, NULL
	};
	struct journal *journal = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		options.host = bad[i];
		assert_int_equal(journal_open(&options, &journal, &err),
		                 RESULT_BAD);
	}
	options.host = "a/../b@c";
	assert_int_equal(journal_open(&options, &journal, &err), RESULT_OK);
	assert_string_equal(journal_writer(journal), "a_.._b_c.test");
	journal_close(&journal);
}

static void
test_an_event_that_is_too_large_is_refused_alone(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	size_t count = 2000;
	struct event_fact *facts = calloc(count, sizeof(*facts));
	char *text = malloc(60000), (*names)[8] = calloc(count, 8);
	struct event event = event_with(NULL);
	struct error err;

	(void)state;
	memset(text, 'x', 59999);
	text[59999] = '\0';
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], 8, "n%05zu", i);
		facts[i] = (struct event_fact){ names[i], text };
	}
	event.facts = facts;
	event.fact_count = 150;
	assert_int_equal(journal_append(journal, &event, &err), RESULT_BAD);
	event.fact_count = 130; /* 7.8 MB */
	assert_int_equal(journal_append(journal, &event, &err), RESULT_OK);
	append_ok(journal, "after");
	journal_close(&journal);
	assert_int_equal(verified().entries, 3);
	free(facts);
	free(text);
	free(names);
}

/* --- many threads ----------------------------------------------------- */

struct crowd {
	struct journal *journal;
	_Atomic uint64_t sum; /* of all sequences given */
};

static void *
crowd_thread(void *context)
{
	struct crowd *crowd = context;

	for (int i = 0; i < 200; i++) {
		struct event_fact fact = { "diagnostic", "250 ok" };
		struct event event = event_with(&fact);
		struct journal_ticket ticket;
		struct error err;

		journal_queue(crowd->journal, &event, &ticket);
		if (journal_wait(crowd->journal, &ticket, &err) == RESULT_OK)
			atomic_fetch_add(&crowd->sum, ticket.sequence);
	}
	return NULL;
}

static void
count_sync(void *context)
{
	(*(int *)context)++;
}

static void
test_many_threads_share_the_syncs(void **state)
{
	struct crowd crowd = { open_journal(50000), 0 };
	pthread_t threads[16];
	int syncs = 0;

	(void)state;
	journal_on_sync(crowd.journal, count_sync, &syncs);
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, crowd_thread, &crowd);
	for (int i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
	journal_close(&crowd.journal);
	/* 2 to 3201: each sequence was given to one caller. */
	assert_int_equal(crowd.sum, 3200ull * (2 + 3201) / 2);
	assert_true(syncs > 0 && syncs < 3200);
	assert_int_equal(verified().entries, 3201);
	assert_int_equal(read_all(NULL, NULL), 3201);
}

/* --- disks that fail -------------------------------------------------- */

/* What the next calls do: each test sets these first. */
static struct {
	_Atomic int calls;      /* so far */
	_Atomic int fail_at;    /* this call fails; 0: none */
	_Atomic int fail_count; /* and so many in all */
	_Atomic int kind;       /* 'w' write, 's' sync, 't' truncate, '*' any */
	_Atomic int number;     /* errno, 0: a short write, then ENOSPC */
} faulty;

static bool
fails_now(int kind)
{
	int call;

	if (faulty.kind != kind && faulty.kind != '*')
		return false;
	call = ++faulty.calls;
	return faulty.fail_at > 0 && call >= faulty.fail_at &&
	       call < faulty.fail_at + faulty.fail_count;
}

static ssize_t
faulty_write(int fd, const void *at, size_t len, off_t offset)
{
	if (!fails_now('w'))
		return pwrite(fd, at, len, offset);
	/* Some of it gets there, as when a disk fills up. */
	if (len > 1 && pwrite(fd, at, len / 2, offset) < 0)
		return -1;
	errno = faulty.number;
	return -1;
}

static int
faulty_sync(int fd)
{
	if (!fails_now('s'))
		return fdatasync(fd);
	errno = faulty.number;
	return -1;
}

static int
faulty_truncate(int fd, off_t size)
{
	if (!fails_now('t'))
		return ftruncate(fd, size);
	errno = faulty.number;
	return -1;
}

static const struct segment_io faulty_io = { faulty_write, faulty_sync,
	                                     faulty_truncate };

static void
set_fault(int kind, int fail_at, int fail_count, int number)
{
	faulty.kind = kind;
	faulty.fail_at = fail_at;
	faulty.fail_count = fail_count;
	faulty.number = number;
	faulty.calls = 0;
}

struct seen {
	char *flags; /* by the number in the event's text */
	int count;
	int gaps;
};

static void
mark_seen(const struct event *event, void *context)
{
	struct seen *seen = context;
	const char *text = event_fact(event, "diagnostic");

	if (event->kind == EVENT_GAP)
		seen->gaps++;
	if (event->kind != EVENT_RELAYED || text[0] != 'n')
		return;
	int number = (int)strtol(text + 2, NULL, 10);
	if (number < seen->count)
		seen->flags[number]++;
}

static void
append_numbered(struct journal *journal, int count, char *acked)
{
	for (int i = 0; i < count; i++) {
		char text[16];
		struct error err;

		snprintf(text, sizeof(text), "n %d", i);
		acked[i] = append(journal, text, &err) == RESULT_OK;
		if (!acked[i])
			assert_non_null(strstr(err.text, "journal: "));
	}
}

/*
 * One call of each kind fails, the first, the second, the third...: what was
 * acknowledged is there once, what was not is not there, and the chain
 * holds, at once and after the next start.
 */
static void
test_a_failed_write_fails_its_tickets_and_no_others(void **state)
{
	static const struct {
		int kind, count, number;
	} faults[] = {
		{ 'w', 1, ENOSPC }, { 'w', 3, EIO },  { 's', 1, EIO },
		{ 's', 2, EIO },    { '*', 1, EIO },  { '*', 2, ENOSPC },
		{ '*', 5, EROFS },  { 't', 99, EIO },
	};

	(void)state;
	for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++)
		for (int at = 1; at < 30; at++) {
			char acked[12] = "", flags[12] = "";
			struct seen seen = { flags, 12, 0 };
			struct journal *journal = open_with(1500, &faulty_io);

			assert_non_null(journal);
			set_fault(faults[f].kind, at, faults[f].count,
			          faults[f].number);
			append_numbered(journal, 12, acked);
			set_fault(0, 0, 0, 0);
			append_ok(journal, "last");
			verified();
			journal_close(&journal);
			verified();
			read_all(mark_seen, &seen);
			if (memcmp(acked, flags, sizeof(acked)) != 0)
				print_message("fault %zu, call %d\n", f, at);
			assert_memory_equal(acked, flags, sizeof(acked));
			assert_int_equal(seen.gaps, 0);
			empty_folder(home);
		}
}

/* A failed batch that cannot even be cut away: it must not come back. */
static void
test_what_cannot_be_cut_is_left_behind(void **state)
{
	char acked[8] = "", flags[8] = "";
	struct seen seen = { flags, 8, 0 };
	struct journal *journal = open_with(1 << 20, &faulty_io);

	(void)state;
	append_ok(journal, "n 7");
	append_ok(journal, "n 7");
	set_fault('*', 2, 2, EIO); /* write, then sync and truncate fail */
	append_numbered(journal, 6, acked);
	assert_int_equal(acked[0], 0);
	assert_int_equal(acked[1], 1);
	set_fault(0, 0, 0, 0);
	verified();
	journal_close(&journal);
	verified();
	read_all(mark_seen, &seen);
	acked[7] = 2;
	assert_memory_equal(acked, flags, sizeof(acked));
	assert_true(size_of("00000002.log") > 0);
}

static void
test_a_full_disk_refuses_until_there_is_room(void **state)
{
	char acked[50] = "", flags[50] = "";
	struct seen seen = { flags, 50, 0 };
	struct journal *journal = open_with(2000, &faulty_io);

	(void)state;
	set_fault('w', 5, 30, ENOSPC);
	append_numbered(journal, 50, acked);
	set_fault(0, 0, 0, 0);
	assert_int_equal(acked[0], 1);
	assert_null(memchr(acked + 4, 1, 25));
	assert_int_equal(acked[49], 1);
	journal_close(&journal);
	verified();
	read_all(mark_seen, &seen);
	assert_memory_equal(acked, flags, sizeof(acked));
}

/* --- crashes ---------------------------------------------------------- */

/* Writes numbered events and tells each sequence once it is acknowledged. */
static void
crash_writer(int tell)
{
	struct journal *journal = open_with(4000, NULL);

	for (int i = 0; i < 100000; i++) {
		struct event_fact fact = { "diagnostic", "250 2.0.0 Ok" };
		struct event event = event_with(&fact);
		struct journal_ticket tickets[5];
		struct error err;

		for (int t = 0; t < 5; t++)
			journal_queue(journal, &event, &tickets[t]);
		for (int t = 0; t < 5; t++)
			if (journal_wait(journal, &tickets[t], &err) !=
			            RESULT_OK ||
			    write(tell, &tickets[t].sequence, 8) != 8)
				_exit(1);
	}
	_exit(0);
}

static uint64_t
crash_once(unsigned wait_us)
{
	int ends[2];
	uint64_t told, last = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		crash_writer(ends[1]);
	}
	close(ends[1]);
	usleep(wait_us);
	kill(pid, SIGKILL);
	while (read(ends[0], &told, sizeof(told)) == (ssize_t)sizeof(told)) {
		assert_true(told > last);
		last = told;
	}
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return last;
}

static void
test_nothing_acknowledged_is_lost_when_killed(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		uint64_t told = crash_once(500 + (unsigned)(i * 137) % 8000);

		if (told > last)
			last = told;
		/* The next start cuts what is unfinished. */
		struct journal *journal = open_journal(4000);
		append_ok(journal, "after");
		journal_close(&journal);
		if (i % 20 == 19)
			assert_true(verified().entries >= last);
	}
	assert_true(read_all(NULL, NULL) > last);
	assert_true(last > 200);
}

/* A power cut leaves any prefix, or zeros where data did not get there. */
static void
test_a_torn_tail_is_cut_and_told(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	off_t before, after;

	(void)state;
	append_ok(journal, "n 1");
	append_ok(journal, "n 2");
	journal_close(&journal);
	before = size_of("00000001.log");
	journal = open_journal(1 << 20);
	append_ok(journal, "n 3");
	journal_close(&journal);
	after = size_of("00000001.log");

	for (off_t cut = before + 1; cut < after; cut += 7) {
		char name[PATH_SIZE + 32], copy[PATH_SIZE + 32];
		struct seen seen = { (char[4]){ 0 }, 4, 0 };

		snprintf(name, sizeof(name), "%s", home);
		snprintf(copy, sizeof(copy), "%s/kept", folder);
		if (cut == before + 1)
			assert_int_equal(rename(home, copy), 0);
		pid_t pid = fork();
		if (pid == 0) {
			execl("/bin/cp", "cp", "-rT", copy, name, NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
		int fd = open_name("00000001.log", O_RDWR);
		assert_int_equal(ftruncate(fd, cut), 0);
		if (cut % 2 == 0) /* zeros instead of nothing */
			assert_int_equal(ftruncate(fd, after), 0);
		close(fd);

		struct verify_report report;
		struct error err;
		if (reader_verify(home, NULL, &report, &err) == RESULT_OK)
			assert_true(report.entries == 4); /* STARTED is whole */
		journal = open_journal(1 << 20);
		append_ok(journal, "n 2");
		journal_close(&journal);
		verified();
		read_all(mark_seen, &seen);
		assert_int_equal(seen.flags[1], 1);
		assert_int_equal(seen.flags[2], 2);
		assert_true(seen.gaps == 1 || report.entries == 4);
		empty_folder(home);
	}
	char kept[PATH_SIZE];
	snprintf(kept, sizeof(kept), "%s/kept", folder);
	empty_folder(kept);
}

static void
look_at_gap(const struct event *event, void *context)
{
	if (event->kind == EVENT_GAP) {
		assert_string_equal(event->detail, "torn-tail");
		assert_string_equal(event_fact(event, "segment"), "00000001");
		assert_string_equal(event_fact(event, "bytes"), "3");
		(*(int *)context)++;
	}
}

static void
test_EVD_9_a_gap_names_its_place(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	int gaps = 0;

	(void)state;
	append_ok(journal, "n 1");
	journal_close(&journal);
	int fd = open_name("00000001.log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	journal = open_journal(1 << 20);
	journal_close(&journal);
	verified();
	read_all(look_at_gap, &gaps);
	assert_int_equal(gaps, 1);
}

/* --- damage and tampering --------------------------------------------- */

static void
flip(const char *name, off_t at, uint8_t mask)
{
	int fd = open_name(name, O_RDWR);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= mask;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void
make_three_segments(void)
{
	struct journal *journal = open_journal(1200);

	for (int i = 0; i < 6; i++)
		append_ok(journal, "n 1");
	journal_close(&journal);
	assert_true(verified().segments >= 2);
}

static void
test_BND_4_each_flipped_byte_is_noticed(void **state)
{
	static const char *const names[] = { "00000001.log", "00000001.keys",
		                             "00000002.log", "00000002.keys" };

	(void)state;
	make_three_segments();
	for (size_t n = 0; n < 4; n++)
		for (off_t at = 0; at < size_of(names[n]); at++) {
			struct verify_report report;
			struct error err = { "" };

			flip(names[n], at, (uint8_t)(1 << at % 8));
			assert_int_equal(
				reader_verify(home, NULL, &report, &err),
				RESULT_BAD);
			/* It says where: a file, a place and an entry. */
			assert_non_null(strstr(err.text, "/0000000"));
			assert_non_null(strstr(err.text, "entry "));
			flip(names[n], at, (uint8_t)(1 << at % 8));
		}
	verified();
}

static void
test_a_cut_end_of_a_segment_is_noticed(void **state)
{
	struct verify_report report;
	struct error err;

	(void)state;
	make_three_segments();
	off_t size = size_of("00000001.log");
	int fd = open_name("00000001.log", O_RDWR);
	assert_int_equal(ftruncate(fd, size - 1), 0);
	assert_int_equal(reader_verify(home, NULL, &report, &err), RESULT_BAD);
	assert_non_null(strstr(err.text, "00000001.log at byte"));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(reader_verify(home, NULL, &report, &err), RESULT_BAD);
	close(fd);
}

/* CHAIN-6: the payload is gone, the chain is not. */
static void
test_CHAIN_6_an_erased_payload_still_verifies(void **state)
{
	struct reader_place start = { .segment = 0 };
	struct journal *journal = open_journal(1 << 20);
	char zeros[32] = "";
	struct reader_entry entry;
	struct reader *reader;
	struct error err;

	(void)state;
	append_ok(journal, "anne@example.com");
	append_ok(journal, "n 2");
	/* While the writer is at work. */
	int fd = open_name("00000001.keys", O_WRONLY);
	assert_int_equal(pwrite(fd, zeros, 32, 32), 32);
	close(fd);
	append_ok(journal, "n 3");
	assert_int_equal(verified().erased, 1);
	journal_close(&journal);
	struct verify_report report = verified();
	assert_int_equal(report.erased, 1);
	assert_int_equal(report.entries, 4);
	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(reader_next(reader, &entry, &err), RESULT_OK);
	assert_true(entry.is_erased);
	assert_int_equal(entry.payload.len, 0);
	reader_close(&reader);
	journal = open_journal(1 << 20);
	journal_close(&journal);
	assert_int_equal(verified().erased, 1);
}

static void
count_kinds(const struct event *event, void *context)
{
	((int *)context)[event->kind]++;
}

/* Whole entries behind the damage: nothing is cut, a new segment begins. */
static void
test_damage_in_the_middle_cuts_nothing(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	struct reader_place start = { .segment = 0 };
	int seen[EVENT_KINDS] = { 0 };
	struct reader_entry entry;
	struct reader *reader;
	struct error err;
	enum result result;

	(void)state;
	for (int i = 0; i < 5; i++)
		append_ok(journal, "n 1");
	journal_close(&journal);
	off_t size = size_of("00000001.log"), keys = size_of("00000001.keys");
	flip("00000001.log", size / 2, 1);
	journal = open_journal(1 << 20);
	append_ok(journal, "n 2");
	journal_close(&journal);
	assert_int_equal(size_of("00000001.log"), size);
	assert_int_equal(size_of("00000001.keys"), keys);
	assert_true(size_of("00000002.log") > 0);

	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	while ((result = reader_next(reader, &entry, &err)) != RESULT_NONE) {
		struct arena *arena = arena_new();
		struct event event;

		if (result == RESULT_BAD) {
			assert_non_null(strstr(err.text, "00000001.log at"));
			assert_int_equal(reader_skip(reader, &err), RESULT_OK);
		} else {
			assert_int_equal(event_read(arena, entry.entry,
			                            entry.payload, &event,
			                            &err),
			                 RESULT_OK);
			count_kinds(&event, seen);
		}
		arena_free(&arena);
	}
	reader_close(&reader);
	assert_int_equal(seen[EVENT_GAP], 1);
	assert_int_equal(seen[EVENT_STARTED], 2);
	assert_int_equal(seen[EVENT_RELAYED], 5);
	/* Undo the damage: now all of it holds together. */
	flip("00000001.log", size / 2, 1);
	assert_int_equal(verified().entries, 9);
}

/* --- reading while it grows ------------------------------------------- */

static void
test_a_reader_follows_the_writer(void **state)
{
	struct journal *journal = open_journal(1500);
	struct reader_place start = { .segment = 0 };
	struct reader_entry entry;
	struct reader *reader;
	struct error err;
	uint64_t synced;

	(void)state;
	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	reader_set_limit(reader, 0);
	assert_int_equal(reader_next(reader, &entry, &err), RESULT_NONE);
	for (uint64_t i = 1; i < 40; i++) {
		assert_true(appender_read_synced(home, &synced));
		assert_int_equal(synced, i);
		reader_set_limit(reader, synced);
		assert_int_equal(reader_next(reader, &entry, &err), RESULT_OK);
		assert_int_equal(reader_next(reader, &entry, &err),
		                 RESULT_NONE);
		assert_int_equal(reader_where(reader).sequence, i);
		append_ok(journal, "n 1");
		assert_int_equal(reader_next(reader, &entry, &err),
		                 RESULT_NONE);
		if (i % 5 == 0) { /* stop, and go on from there */
			struct reader_place place = reader_where(reader);

			reader_close(&reader);
			assert_int_equal(
				reader_open(home, place, &reader, &err),
				RESULT_OK);
		}
	}
	reader_close(&reader);
	journal_close(&journal);
}

static void
test_a_place_of_another_journal_is_noticed(void **state)
{
	struct journal *journal = open_journal(1 << 20);
	struct reader_place place = { .segment = 1, .offset = 1 << 20 };
	struct reader_place start = { .segment = 0 };
	struct reader_entry entry;
	struct reader *reader;
	struct error err;

	(void)state;
	append_ok(journal, "n 1");
	append_ok(journal, "n 2");
	journal_close(&journal);
	assert_int_equal(reader_open(home, place, &reader, &err), RESULT_BAD);
	place.segment = 9;
	assert_int_equal(reader_open(home, place, &reader, &err), RESULT_BAD);
	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	assert_int_equal(reader_next(reader, &entry, &err), RESULT_OK);
	place = reader_where(reader);
	reader_close(&reader);
	place.hash[0] ^= 1;
	assert_int_equal(reader_open(home, place, &reader, &err), RESULT_OK);
	assert_int_equal(reader_next(reader, &entry, &err), RESULT_BAD);
	assert_non_null(strstr(err.text, "prev is not the hash"));
	reader_close(&reader);
	assert_int_equal(reader_open("/nonexistent", start, &reader, &err),
	                 RESULT_NONE);
}

/* Which entries have no payload any more, as digits: "..x.". */
static void
erased_pattern(char *pattern_r, size_t size)
{
	struct reader_place start = { .segment = 0 };
	struct reader_entry entry;
	struct reader *reader;
	struct error err;
	size_t len = 0;

	assert_int_equal(reader_open(home, start, &reader, &err), RESULT_OK);
	while (len + 1 < size && reader_next(reader, &entry, &err) == RESULT_OK)
		pattern_r[len++] = entry.is_erased ? 'x' : '.';
	pattern_r[len] = '\0';
	reader_close(&reader);
}

static void
test_CHAIN_6_slots_are_erased_across_segments(void **state)
{
	/* The first entry says that the journal started. */
	const uint64_t sequences[] = { 2, 4, 6, 99 };
	struct slots_report report = { 0 }, again = { 0 };
	struct journal *journal;
	struct verify_report verified;
	struct error err;
	char pattern[32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		/* A new opening goes on in the last segment: spoil it. */
		journal = open_journal(1);
		append_ok(journal, "a");
		append_ok(journal, "b");
		append_ok(journal, "c");
		if (i == 0)
			journal_close(&journal);
	}
	/* The writer is at work meanwhile. */
	assert_int_equal(slots_erase(home, sequences, 4, &report, &err),
	                 RESULT_OK);
	append_ok(journal, "d");
	journal_close(&journal);
	assert_int_equal(report.erased, 3);
	assert_int_equal(report.missing, 1);
	erased_pattern(pattern, sizeof(pattern));
	assert_string_equal(pattern, ".x.x.x...");
	assert_int_equal(reader_verify(home, NULL, &verified, &err), RESULT_OK);
	assert_int_equal(verified.erased, 3);
	assert_int_equal(slots_erase(home, sequences, 4, &again, &err),
	                 RESULT_OK);
	assert_int_equal(again.erased, 0);
	assert_int_equal(again.already, 3);
	assert_int_equal(
		slots_erase("/nonexistent", sequences, 4, &again, &err),
		RESULT_NONE);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_journal_says_it_started),
		TEST(test_CHAIN_3_the_chain_goes_over_segments_and_restarts),
		TEST(test_segments_close_by_age),
		TEST(test_CMS_5_keys_are_for_the_writer_alone),
		TEST(test_two_processes_cannot_write_one_journal),
		TEST(test_a_writer_has_a_plain_name),
		TEST(test_an_event_that_is_too_large_is_refused_alone),
		TEST(test_many_threads_share_the_syncs),
		TEST(test_a_failed_write_fails_its_tickets_and_no_others),
		TEST(test_what_cannot_be_cut_is_left_behind),
		TEST(test_a_full_disk_refuses_until_there_is_room),
		TEST(test_nothing_acknowledged_is_lost_when_killed),
		TEST(test_a_torn_tail_is_cut_and_told),
		TEST(test_EVD_9_a_gap_names_its_place),
		TEST(test_BND_4_each_flipped_byte_is_noticed),
		TEST(test_a_cut_end_of_a_segment_is_noticed),
		TEST(test_CHAIN_6_an_erased_payload_still_verifies),
		TEST(test_CHAIN_6_slots_are_erased_across_segments),
		TEST(test_damage_in_the_middle_cuts_nothing),
		TEST(test_a_reader_follows_the_writer),
		TEST(test_a_place_of_another_journal_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
