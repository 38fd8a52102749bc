#include <getopt.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "record/forward.h"
#include "record/local.h"
#include "record/reader.h"
#include "record/seal.h"

static const char help[] =
	"usage: avis journal verify [OPTIONS] [WRITER...]\n"
	"       avis journal replay [--empty] [OPTIONS] [WRITER...]\n"
	"       avis journal show [--payload] [--from SEQ] [OPTIONS] [WRITER...]\n"
	"\n"
	"The record on this host, one journal for each writer (host.program);\n"
	"all of them when none is named.\n"
	"\n"
	"  verify    read every entry: checksums, the chain of hashes, the\n"
	"            sequence, the payloads; name the first bad entry\n"
	"  replay    write all of it to Redis again; harmless at any time\n"
	"  show      print entries, one JSON object a line\n"
	"\n"
	"      --empty      replay: first delete what Redis holds, but what\n"
	"                   people refuse and what caps have counted\n"
	"      --payload    show: with the personal part, decrypted\n"
	"      --from SEQ   show: from this entry on\n"
	"      --writer W   the same as WRITER\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 done and all good, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_EMPTY = 256,
	OPTION_PAYLOAD,
	OPTION_FROM,
	OPTION_WRITER
};

struct journal_work {
	struct opened opened;
	const char *conf;
	bool wants_empty;
	bool wants_payload;
	uint64_t from;
	struct local_writers writers; /* empty: all */
};

/* --- progress --------------------------------------------------------- */

/* Past two seconds, and only for someone who watches. */
static void
show_progress(uint64_t done, uint64_t total)
{
	static int64_t start_us, last_us; /* a command has one thread */
	int64_t now_us = clock_steady_us();

	if (start_us == 0)
		start_us = now_us;
	if (now_us - start_us < 2000000 || now_us - last_us < 200000 ||
	    !isatty(STDERR_FILENO))
		return;
	last_us = now_us;
	if (total > 0)
		fprintf(stderr, "\r%llu of %llu entries ",
		        (unsigned long long)done, (unsigned long long)total);
	else
		fprintf(stderr, "\r%llu entries ", (unsigned long long)done);
}

static void
verify_progress(uint64_t entries)
{
	show_progress(entries, 0);
}

static void
end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* --- the deeds -------------------------------------------------------- */

static const char *
path_of(const struct journal_work *work, const char *writer)
{
	return arena_printf(work->opened.arena, "%s/%s",
	                    work->opened.settings->journal, writer);
}

/* What the heads say, when somebody seals here. */
static bool
verify_heads(struct journal_work *work, const char *writer)
{
	struct opened *opened = &work->opened;
	struct cms_trust trust = { .at = 0 };
	struct seal_check check;
	struct error err;

	trust.anchors = trust.more =
		seal_trust(opened->arena, opened->settings, "seal");
	bool is_trusted = trust.anchors.len > 0;
	enum result result = seal_check_writer(
		path_of(work, writer),
		seal_writer_folder(opened->arena, opened->settings, writer),
		is_trusted ? &trust : NULL, &check, &err);

	if (result == RESULT_NONE)
		return true;
	if (result != RESULT_OK) {
		printf("%s: BAD: sealed otherwise: %s\n", writer, err.text);
		return false;
	}
	printf("%s: sealed by %llu heads up to entry %llu%s", writer,
	       (unsigned long long)check.heads,
	       (unsigned long long)check.sealed,
	       is_trusted ? "" : " (signatures not checked)");
	if (check.pending > 0)
		printf(", %llu without a time stamp",
		       (unsigned long long)check.pending);
	putchar('\n');
	return true;
}

static bool
verify_writer(struct journal_work *work, const char *writer)
{
	char hash[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];
	struct verify_report report;
	struct error err;
	enum result result = reader_verify(path_of(work, writer),
	                                   verify_progress, &report, &err);

	end_progress();
	if (result != RESULT_OK) {
		printf("%s: BAD: %s\n", writer, err.text);
		if (result == RESULT_BAD)
			printf("%*s  %llu entries before it are good\n",
			       (int)strlen(writer), "",
			       (unsigned long long)(report.entries));
		return false;
	}
	encode_base64url(report.last_hash, DIGEST_BYTES, hash);
	printf("%s: good: %llu entries in %llu segment%s", writer,
	       (unsigned long long)report.entries,
	       (unsigned long long)report.segments,
	       report.segments == 1 ? "" : "s");
	if (report.erased > 0)
		printf(", %llu erased", (unsigned long long)report.erased);
	printf("; last hash %s\n", hash);
	return verify_heads(work, writer);
}

static bool
replay_writer(struct journal_work *work, const char *writer)
{
	struct opened *opened = &work->opened;
	struct error err;
	enum result result =
		forward_all(opened->settings->journal, writer, opened->store,
	                    opened->keys, show_progress, &err);

	end_progress();
	if (result != RESULT_OK) {
		printf("%s: not replayed: %s\n", writer, err.text);
		return false;
	}
	printf("%s: replayed\n", writer);
	return true;
}

static void
print_entry(const struct journal_work *work, const struct reader_entry *entry)
{
	if (!work->wants_payload)
		printf(SPAN_FMT "\n", SPAN_ARG(entry->entry));
	else if (entry->payload.len == 0)
		printf("{\"entry\":" SPAN_FMT ",\"payload\":null}\n",
		       SPAN_ARG(entry->entry));
	else
		printf("{\"entry\":" SPAN_FMT ",\"payload\":" SPAN_FMT "}\n",
		       SPAN_ARG(entry->entry), SPAN_ARG(entry->payload));
}

static bool
show_writer(struct journal_work *work, const char *writer)
{
	struct reader_place start = { .segment = 0 };
	struct reader_entry entry;
	struct reader *reader = NULL;
	struct error err;
	bool is_good = true;
	enum result result =
		reader_open(path_of(work, writer), start, &reader, &err);

	while (result == RESULT_OK) {
		result = reader_next(reader, &entry, &err);
		if (result == RESULT_OK &&
		    reader_where(reader).sequence >= work->from)
			print_entry(work, &entry);
		if (result == RESULT_BAD) {
			opened_say(&work->opened, "%s", err.text);
			is_good = false;
			result = reader_skip(reader, &err);
		}
	}
	reader_close(&reader);
	if (result == RESULT_NONE)
		return is_good;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

static bool
prepare_nothing(struct journal_work *work)
{
	(void)work;
	return true;
}

static bool
prepare_replay(struct journal_work *work)
{
	struct error err;

	if (!open_keys(&work->opened) || !open_store(&work->opened))
		return false;
	if (!work->wants_empty ||
	    store_empty(work->opened.store, &err) == RESULT_OK)
		return true;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

static const struct {
	const char *name;
	bool (*prepare)(struct journal_work *work);
	bool (*run)(struct journal_work *work, const char *writer);
} deeds[] = {
	{ "verify", prepare_nothing, verify_writer },
	{ "replay", prepare_replay, replay_writer },
	{ "show", prepare_nothing, show_writer },
};

/* --- the command ------------------------------------------------------ */

static void
add_writer(struct journal_work *work, const char *name)
{
	struct local_writers *writers = &work->writers;

	*(const char **)arena_push(work->opened.arena, (void **)&writers->items,
	                           &writers->count, &writers->room,
	                           sizeof(name)) = name;
}

static bool
set_option(struct journal_work *work, int option, int *code_r)
{
	char *end;

	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_EMPTY:
		work->wants_empty = true;
		return true;
	case OPTION_PAYLOAD:
		work->wants_payload = true;
		return true;
	case OPTION_WRITER:
		add_writer(work, optarg);
		return true;
	case OPTION_FROM:
		work->from = strtoull(optarg, &end, 10);
		if (*end == '\0' && end != optarg)
			return true;
		fprintf(stderr, "avis journal: --from %s: wants a number\n",
		        optarg);
		return false;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis journal --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct journal_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "empty", no_argument, NULL, OPTION_EMPTY },
		{ "payload", no_argument, NULL, OPTION_PAYLOAD },
		{ "from", required_argument, NULL, OPTION_FROM },
		{ "writer", required_argument, NULL, OPTION_WRITER },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!set_option(work, option, code_r))
			return false;
	return true;
}

static bool
is_among(const struct local_writers *writers, const char *name)
{
	for (size_t i = 0; i < writers->count; i++)
		if (strcmp(writers->items[i], name) == 0)
			return true;
	return false;
}

/* A writer with no journal here is a slip, not one with nothing to say. */
static bool
choose_writers(struct journal_work *work)
{
	struct opened *opened = &work->opened;
	struct local_writers here = { 0 };
	struct error err;

	if (local_writers(opened->arena, opened->settings->journal, &here,
	                  &err) != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return false;
	}
	for (size_t i = 0; i < work->writers.count; i++)
		if (!is_among(&here, work->writers.items[i])) {
			opened_say(opened, "there is no journal %s in %s",
			           work->writers.items[i],
			           opened->settings->journal);
			return false;
		}
	if (work->writers.count == 0)
		work->writers = here;
	return true;
}

static int
run_deed(struct journal_work *work, size_t deed)
{
	struct opened *opened = &work->opened;
	bool is_good = true;

	if (!open_settings(opened, work->conf) || !choose_writers(work))
		return EXIT_PROBLEM;
	if (!deeds[deed].prepare(work))
		return EXIT_PROBLEM;
	for (size_t i = 0; i < work->writers.count; i++)
		is_good &= deeds[deed].run(work, work->writers.items[i]);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

static int
run_words(struct journal_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		for (int w = 1; w < count; w++)
			add_writer(work, words[w]);
		return run_deed(work, i);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
journal_command(int argc, char **argv)
{
	struct journal_work work = { .conf = AVIS_CONF };
	int code;

	opened_init(&work.opened, "avis journal");
	if (read_options(&work, argc, argv, &code))
		code = run_words(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
