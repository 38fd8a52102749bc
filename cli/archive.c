#include "record/archive.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/open.h"
#include "record/expire.h"
#include "record/local.h"
#include "record/seal.h"

static const char help[] =
	"usage: avis archive add [OPTIONS]\n"
	"       avis archive verify [OPTIONS]\n"
	"       avis archive list [OPTIONS]\n"
	"       avis archive expire [--dry-run] [OPTIONS]\n"
	"\n"
	"Closed segments of the journals, copied to the folder archive.folder and\n"
	"indexed there, for questions older than Redis and the journals hold.\n"
	"`avis proof` looks there by itself.\n"
	"\n"
	"  add       copy what is closed and not there yet; each copy is read\n"
	"            back and compared. May be stopped and done again at any time\n"
	"  verify    read all of it: sums, the chain of hashes, the payloads\n"
	"  list      the segments: entries, time, size\n"
	"  expire    destroy what is past the retention of its class, here and in\n"
	"            the journals of this host; legal holds are respected, what\n"
	"            stays verifies\n"
	"\n"
	"      --dry-run    expire: only count\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 done and all good, 1 found a problem, 2 wrong use.\n";

#define LOCK_WAIT_MS 60000

enum {
	OPTION_DRY_RUN = 256
};

struct archive_work {
	struct opened opened;
	const char *conf;
	struct archive *archive;
	bool is_trial;
};

static bool
open_it(struct archive_work *work, bool may_write)
{
	struct opened *opened = &work->opened;
	const char *folder = opened->settings->archive.folder;
	struct error err;

	if (folder[0] == '\0') {
		opened_say(opened, "there is no archive: the setting "
		                   "archive.folder names one");
		return false;
	}
	enum result result = archive_open(folder, opened->keys, may_write,
	                                  &work->archive, &err);
	if (result == RESULT_NONE)
		opened_say(opened,
		           "%s: nothing is archived yet; `avis archive add` "
		           "does it",
		           folder);
	else if (result != RESULT_OK)
		opened_say(opened, "%s", err.text);
	return result == RESULT_OK;
}

/* --- add -------------------------------------------------------------- */

static bool
add_seals(struct archive_work *work, const struct local_writers *writers,
          struct archive_report *report)
{
	struct opened *opened = &work->opened;

	for (size_t i = 0; i < writers->count; i++) {
		struct error err;

		if (archive_add_seals(
			    work->archive,
			    seal_writer_folder(opened->arena, opened->settings,
		                               writers->items[i]),
			    writers->items[i], report, &err) == RESULT_OK)
			continue;
		opened_say(opened, "seals of %s: %s", writers->items[i],
		           err.text);
		return false;
	}
	return true;
}

static int
add(struct archive_work *work)
{
	struct opened *opened = &work->opened;
	const char *journal = opened->settings->journal;
	struct archive_report report = { .segments = 0 };
	struct local_writers writers;
	struct error err;
	bool is_good = true;

	if (!open_it(work, true))
		return EXIT_PROBLEM;
	if (local_writers(opened->arena, journal, &writers, &err) !=
	    RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	for (size_t i = 0; i < writers.count; i++)
		if (archive_add(work->archive, journal, writers.items[i],
		                &report, &err) != RESULT_OK) {
			opened_say(opened, "%s: %s", writers.items[i],
			           err.text);
			is_good = false;
		}
	is_good &= add_seals(work, &writers, &report);
	printf("%llu segments, %llu entries, %llu bytes, %llu seals added\n",
	       (unsigned long long)report.segments,
	       (unsigned long long)report.entries,
	       (unsigned long long)report.bytes,
	       (unsigned long long)report.seals);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- verify and list -------------------------------------------------- */

static bool
list_of(struct archive_work *work, struct archive_list *list)
{
	struct error err;

	if (!open_it(work, false))
		return false;
	if (archive_list(work->opened.arena, work->archive, list, &err) ==
	    RESULT_OK)
		return true;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

/* The hash that the first entry of a segment must name; NULL: not known. */
static const uint8_t *
hash_before(const struct archive_list *list, size_t i)
{
	static const uint8_t zeros[DIGEST_BYTES];
	const struct archive_segment *s = &list->items[i];

	if (s->first == 1)
		return zeros;
	if (i > 0 && strcmp(s[-1].writer, s->writer) == 0)
		return s[-1].last_hash;
	return NULL;
}

/* Entries between two segments of one writer that are in none. */
static bool
has_hole(const struct archive_list *list, size_t i)
{
	const struct archive_segment *s = &list->items[i];

	return i > 0 && strcmp(s[-1].writer, s->writer) == 0 &&
	       s->first != s[-1].last + 1;
}

static int
verify(struct archive_work *work)
{
	struct archive_report report = { .segments = 0 };
	struct archive_list list;
	bool is_good = true;

	if (!list_of(work, &list))
		return EXIT_PROBLEM;
	for (size_t i = 0; i < list.count; i++) {
		const struct archive_segment *s = &list.items[i];
		struct error err;

		if (has_hole(&list, i)) {
			printf("BAD: %s/%08u: entries %llu to %llu are "
			       "missing before it\n",
			       s->writer, (unsigned)s->number,
			       (unsigned long long)s[-1].last + 1,
			       (unsigned long long)s->first - 1);
			is_good = false;
		}
		if (archive_verify(work->archive, s, hash_before(&list, i),
		                   &report, &err) != RESULT_OK) {
			printf("BAD: %s\n", err.text);
			is_good = false;
		}
	}
	printf("%s: %llu of %zu segments, %llu entries",
	       is_good ? "good" : "only good in part",
	       (unsigned long long)report.segments, list.count,
	       (unsigned long long)report.entries);
	if (report.erased > 0)
		printf(", %llu erased", (unsigned long long)report.erased);
	if (report.seals > 0)
		printf(", %llu seals fit", (unsigned long long)report.seals);
	putchar('\n');
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

static int
list(struct archive_work *work)
{
	struct archive_list list;

	if (!list_of(work, &list))
		return EXIT_PROBLEM;
	for (size_t i = 0; i < list.count; i++) {
		const struct archive_segment *s = &list.items[i];
		char oldest[CLOCK_TEXT_SIZE], newest[CLOCK_TEXT_SIZE];

		clock_format(s->oldest, oldest);
		clock_format(s->newest, newest);
		printf("%s/%08u  entries %llu-%llu  %.16sZ to %.16sZ  "
		       "%lld bytes\n",
		       s->writer, (unsigned)s->number,
		       (unsigned long long)s->first,
		       (unsigned long long)s->last, oldest, newest,
		       (long long)s->size_bytes);
	}
	return EXIT_DONE;
}

/* --- expire ----------------------------------------------------------- */

static bool
expire_with(struct archive_work *work, struct ledger *ledger)
{
	struct opened *opened = &work->opened;
	struct hold_list holds;
	struct local local = { .arena = opened->arena,
		               .folder = opened->settings->journal,
		               .archive = work->archive };
	const struct expire_order order = {
		.arena = opened->arena,
		.settings = opened->settings,
		.archive = work->archive,
		.ledger = ledger,
		.holds = &holds,
		.now = clock_now(),
	};
	struct expire_report report = { 0 };
	struct error err;
	enum result result =
		hold_read(opened->arena, opened->settings, &holds, &err);

	if (result == RESULT_OK)
		result = hold_expand(&holds, &local, &err);
	if (result == RESULT_OK)
		result = expire_run(&order, &report, &err);
	if (result != RESULT_OK) {
		opened_say(opened, "%s; run it again", err.text);
		return false;
	}
	printf("%s: %llu payloads, %llu more in the archive, %llu whole "
	       "messages, %llu files of messages that never left; %llu stay "
	       "under a legal hold\n",
	       ledger == NULL ? "due" : "expired",
	       (unsigned long long)report.journal,
	       (unsigned long long)report.archive,
	       (unsigned long long)report.contents,
	       (unsigned long long)report.orphans,
	       (unsigned long long)report.held);
	return true;
}

static int
expire(struct archive_work *work)
{
	struct opened *opened = &work->opened;
	struct ledger *ledger = NULL;
	struct error err;
	bool has_archive = opened->settings->archive.folder[0] != '\0';

	if (has_archive && !open_it(work, !work->is_trial))
		return EXIT_PROBLEM;
	if (!work->is_trial &&
	    ledger_open(opened->settings, opened->keys, "avis", LOCK_WAIT_MS,
	                &ledger, &err) != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	bool is_good = expire_with(work, ledger);
	ledger_close(&ledger, 0);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- the command ------------------------------------------------------ */

static const struct {
	const char *name;
	int (*run)(struct archive_work *work);
} deeds[] = {
	{ "add", add },
	{ "verify", verify },
	{ "list", list },
	{ "expire", expire },
};

static bool
read_options(struct archive_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'c') {
			work->conf = optarg;
		} else if (option == OPTION_DRY_RUN) {
			work->is_trial = true;
		} else if (option == 'h') {
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		} else {
			fputs("`avis archive --help` says more.\n", stderr);
			return false;
		}
	}
	return true;
}

static int
run_deed(struct archive_work *work, int count, char **words)
{
	for (size_t i = 0; count == 1 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (!open_settings(&work->opened, work->conf) ||
		    !open_keys(&work->opened))
			return EXIT_PROBLEM;
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
archive_command(int argc, char **argv)
{
	struct archive_work work = { .conf = AVIS_CONF };
	int code;

	opened_init(&work.opened, "avis archive");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	archive_close(&work.archive);
	opened_done(&work.opened);
	return code;
}
