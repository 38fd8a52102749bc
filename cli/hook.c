#include "record/hook.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "record/appender.h"
#include "record/local.h"

#define IDLE_MS 200
#define STEP_MS 100

static const char help[] =
	"usage: avis hook run [OPTIONS] [NAME...]\n"
	"       avis hook status [OPTIONS] [NAME...]\n"
	"       avis hook test [OPTIONS] [NAME...]\n"
	"\n"
	"Tells other systems, such as a CRM, what people say: the setting hooks in\n"
	"avis.conf(5). All of them when none is named.\n"
	"\n"
	"  run      post the events of this host's journals, in order, signed,\n"
	"           until told to stop; a service (avis-hook.service)\n"
	"  status   how far each receiver is, and what is wrong\n"
	"  test     post an event without meaning and show the answer\n"
	"\n"
	"      --once       run: stop when all is told\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_ONCE = 256
};

struct hook_work {
	struct opened opened;
	const char *conf;
	bool is_once;
	char **names;
	int name_count;
};

/* One receiver's thread. */
struct serving {
	struct hook *hook;
	pthread_t thread;
	bool is_once;
	_Atomic bool *is_stopping;
	bool has_failed; /* --once: it was left with something to tell */
};

static bool
is_chosen(const struct hook_work *work, const char *name)
{
	for (int i = 0; i < work->name_count; i++)
		if (strcmp(work->names[i], name) == 0)
			return true;
	return work->name_count == 0;
}

static bool
check_names(const struct hook_work *work)
{
	const struct settings *settings = work->opened.settings;

	for (int i = 0; i < work->name_count; i++) {
		size_t at = 0;

		while (at < settings->hook_count &&
		       strcmp(settings->hooks[at].name, work->names[i]) != 0)
			at++;
		if (at < settings->hook_count)
			continue;
		opened_say(&work->opened, "there is no hook \"%s\" in %s",
		           work->names[i], settings->file);
		return false;
	}
	if (settings->hook_count > 0)
		return true;
	opened_say(&work->opened, "there are no hooks in %s", settings->file);
	return false;
}

/* --- run ---------------------------------------------------------------- */

static void
wait_for(const struct serving *serving, int64_t wait_ms)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (; wait_ms > 0 && !atomic_load(serving->is_stopping);
	     wait_ms -= STEP_MS)
		nanosleep(&step, NULL);
}

static void *
serve(void *context)
{
	struct serving *serving = context;
	char trouble[sizeof(((struct error *)0)->text)] = "";

	while (!atomic_load(serving->is_stopping)) {
		int64_t wait_ms = IDLE_MS;
		struct error err;
		enum result result = hook_step(serving->hook, &wait_ms, &err);

		if (result == RESULT_NONE && serving->is_once &&
		    !hook_has_more(serving->hook))
			break;
		if (result == RESULT_RETRY && strcmp(trouble, err.text) != 0)
			log_warn("hook %s: %s; it waits and is asked again",
			         hook_name(serving->hook), err.text);
		if (result == RESULT_RETRY)
			snprintf(trouble, sizeof(trouble), "%s", err.text);
		else if (result == RESULT_OK && trouble[0] != '\0') {
			log_info("hook %s: takes events again",
			         hook_name(serving->hook));
			trouble[0] = '\0';
		}
		serving->has_failed = result == RESULT_RETRY;
		if (serving->is_once && result == RESULT_RETRY)
			break;
		if (result != RESULT_OK)
			wait_for(serving, wait_ms);
	}
	return NULL;
}

static bool
open_hooks(struct hook_work *work, struct serving *servings, size_t *count_r)
{
	const struct settings *settings = work->opened.settings;

	*count_r = 0;
	for (size_t i = 0; i < settings->hook_count; i++) {
		const struct hook_options options = {
			.settings = settings,
			.hook = &settings->hooks[i],
			.keys = work->opened.keys,
			.store = work->opened.store,
		};
		struct error err;

		if (!is_chosen(work, settings->hooks[i].name))
			continue;
		if (hook_open(&options, &servings[*count_r].hook, &err) !=
		    RESULT_OK) {
			opened_say(&work->opened, "%s", err.text);
			return false;
		}
		(*count_r)++;
	}
	return true;
}

static bool
run_servings(struct hook_work *work, struct serving *servings, size_t count)
{
	_Atomic bool is_stopping = false;
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		servings[i].is_once = work->is_once;
		servings[i].is_stopping = &is_stopping;
		if (pthread_create(&servings[i].thread, NULL, serve,
		                   &servings[i]) != 0)
			log_fatal("cannot start a thread");
	}
	if (!work->is_once) {
		notify_supervisor("READY=1");
		log_info("hook: ready, %zu receiver%s", count,
		         count == 1 ? "" : "s");
		while (signals_wait() != SIGNAL_STOP)
			log_warn("hook: new settings are read at a restart");
		atomic_store(&is_stopping, true);
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(servings[i].thread, NULL);
		is_good &= !servings[i].has_failed || !work->is_once;
	}
	return is_good;
}

static int
run_run(struct hook_work *work)
{
	size_t room = work->opened.settings->hook_count, count;
	struct serving *servings =
		arena_array(work->opened.arena, room, sizeof(*servings));
	bool is_good;
	struct error err;

	if (!open_keys(&work->opened) || !open_store(&work->opened))
		return EXIT_PROBLEM;
	if (signals_take(&err) != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	signals_block();
	is_good = open_hooks(work, servings, &count) &&
	          run_servings(work, servings, count);
	for (size_t i = 0; i < count; i++)
		hook_close(&servings[i].hook);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- status ------------------------------------------------------------- */

/* Entries of all journals that it has not looked at yet. */
static uint64_t
entries_behind(struct hook_work *work, struct hook_cursor *cursor)
{
	const char *journal = work->opened.settings->journal;
	struct local_writers writers = { NULL, 0, 0 };
	struct error ignored;
	uint64_t behind = 0;

	if (local_writers(work->opened.arena, journal, &writers, &ignored) !=
	    RESULT_OK)
		return 0;
	for (size_t i = 0; i < writers.count; i++) {
		const struct reader_place *place = hook_cursor_place(
			work->opened.arena, cursor, writers.items[i]);
		char folder[PATH_MAX];
		uint64_t synced;

		snprintf(folder, sizeof(folder), "%s/%s", journal,
		         writers.items[i]);
		if (appender_read_synced(folder, &synced) &&
		    synced > place->sequence)
			behind += synced - place->sequence;
	}
	return behind;
}

static bool
print_status(struct hook_work *work, const struct hook_settings *hook)
{
	struct arena *arena = work->opened.arena;
	const char *path = hook_path(arena, work->opened.settings->hook_state,
	                             hook->name, "json");
	struct hook_cursor cursor;
	char last[CLOCK_TEXT_SIZE] = "never";
	struct error err;
	enum result result = hook_cursor_read(arena, path, &cursor, &err);

	if (result == RESULT_NONE) {
		printf("%s: has not run yet\n", hook->name);
		return false;
	}
	if (result != RESULT_OK) {
		printf("%s: %s\n", hook->name, err.text);
		return false;
	}
	if (cursor.last > 0)
		clock_format(cursor.last, last);
	printf("%s: %llu told, the last one %s; %llu entries to look at\n",
	       hook->name, (unsigned long long)cursor.delivered, last,
	       (unsigned long long)entries_behind(work, &cursor));
	if (cursor.trouble[0] != '\0')
		printf("  not taken: %s\n", cursor.trouble);
	if (cursor.aside > 0)
		printf("  %llu put aside, see %s\n",
		       (unsigned long long)cursor.aside,
		       hook_path(arena, work->opened.settings->hook_state,
		                 hook->name, "aside"));
	return cursor.trouble[0] == '\0' && cursor.aside == 0;
}

static int
run_status(struct hook_work *work)
{
	const struct settings *settings = work->opened.settings;
	bool is_good = true;

	for (size_t i = 0; i < settings->hook_count; i++)
		if (is_chosen(work, settings->hooks[i].name))
			is_good &= print_status(work, &settings->hooks[i]);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- test --------------------------------------------------------------- */

static int
run_test(struct hook_work *work)
{
	const struct settings *settings = work->opened.settings;
	bool is_good = true;

	for (size_t i = 0; i < settings->hook_count; i++) {
		const struct hook_options options = {
			.settings = settings,
			.hook = &settings->hooks[i],
		};
		struct error err;
		long status;

		if (!is_chosen(work, options.hook->name))
			continue;
		if (hook_try(&options, &status, &err) != RESULT_OK) {
			printf("%s: %s\n", options.hook->name, err.text);
			is_good = false;
			continue;
		}
		printf("%s: answer %ld\n", options.hook->name, status);
		is_good &= status >= 200 && status < 300;
	}
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

/* --- the command -------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct hook_work *work);
} deeds[] = {
	{ "run", run_run },
	{ "status", run_status },
	{ "test", run_test },
};

static bool
read_options(struct hook_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "once", no_argument, NULL, OPTION_ONCE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		switch (option) {
		case 'c':
			work->conf = optarg;
			break;
		case OPTION_ONCE:
			work->is_once = true;
			break;
		case 'h':
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		default:
			fputs("`avis hook --help` says more.\n", stderr);
			return false;
		}
	return true;
}

static int
run_deed(struct hook_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		work->names = words + 1;
		work->name_count = count - 1;
		if (!open_settings(&work->opened, work->conf) ||
		    !check_names(work))
			return EXIT_PROBLEM;
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
hook_command(int argc, char **argv)
{
	struct hook_work work = { .conf = AVIS_CONF };
	int code;

	opened_init(&work.opened, "avis hook");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
