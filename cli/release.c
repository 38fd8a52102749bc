#include "cli/release.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"

#define LOOK_LIMIT ((size_t)20000) /* of one run; the next one goes on */
#define LOCK_MS    30000
#define SETTLE_MS  10000

static const char help[] =
	"usage: avis release [OPTIONS]\n"
	"       avis release --list [OPTIONS]\n"
	"       avis release --now QUEUEID [OPTIONS]\n"
	"\n"
	"Lets mail go that waits in the hold queue of Postfix on this host, when\n"
	"it is due. Who has said no meanwhile does not get it. A timer runs this\n"
	"every few minutes; as root, as postsuper needs it.\n"
	"\n"
	"      --list         what is on hold, until when and why\n"
	"      --now QUEUEID  this one, although it is not due\n"
	"      --dry-run      only say what would be done\n"
	"      --postfix DIR  folder of main.cf, if not the default\n"
	"  -c, --conf FILE    settings, " AVIS_CONF " if not given\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_LIST = 256,
	OPTION_NOW,
	OPTION_DRY,
	OPTION_POSTFIX
};

static bool
set_option(struct release *release, int option, int *code_r)
{
	switch (option) {
	case OPTION_LIST:
		release->is_list = true;
		return true;
	case OPTION_NOW:
		release->now_id = optarg;
		return true;
	case OPTION_DRY:
		release->is_dry = true;
		return true;
	case OPTION_POSTFIX:
		release->postfix = optarg;
		return true;
	case 'c':
		release->conf = optarg;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis release --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct release *release, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, OPTION_LIST },
		{ "now", required_argument, NULL, OPTION_NOW },
		{ "dry-run", no_argument, NULL, OPTION_DRY },
		{ "postfix", required_argument, NULL, OPTION_POSTFIX },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!set_option(release, option, code_r))
			return false;
	if (optind == argc)
		return true;
	fputs("avis release: takes no words; --now QUEUEID lets one go\n",
	      stderr);
	return false;
}

/* Reading needs no place in the record. */
static bool
open_all(struct release *release)
{
	struct opened *opened = &release->opened;
	struct error err;

	if (ruleset_read(opened->arena, release->conf, &release->ruleset,
	                 &err) != RESULT_OK) {
		opened_say(opened, "%s; `avis check` says which", err.text);
		return false;
	}
	opened->settings = release->ruleset.settings;
	if (!open_keys(opened))
		return false;
	if (release->is_list || release->is_dry) {
		if (!open_store(opened))
			return false;
		release->store = opened->store;
		return true;
	}
	if (ledger_open(opened->settings, opened->keys, "avis", LOCK_MS,
	                &release->ledger, &err) != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return false;
	}
	release->store = ledger_store(release->ledger);
	return true;
}

/* Joins what is found to the list, this host's alone. NONE is fine. */
static bool
add_held(struct release *release, time_ms_t until, struct held_list *list)
{
	struct arena *arena = release->opened.arena;
	struct held_list found = { .items = NULL };
	struct error err;
	enum result result = held_find(arena, release->store, until, LOOK_LIMIT,
	                               &found, &err);

	if (result != RESULT_OK && result != RESULT_NONE) {
		opened_say(&release->opened,
		           "%s; what is on hold stays there: who said no "
		           "cannot be known",
		           err.text);
		return false;
	}
	for (size_t i = 0; i < found.count; i++) {
		const struct held *held = &found.items[i];

		if (strcmp(held->host, release->opened.settings->host) != 0 ||
		    (release->now_id[0] != '\0' &&
		     strcmp(held->queue_id, release->now_id) != 0))
			continue;
		*(struct held *)arena_push(arena, (void **)&list->items,
		                           &list->count, &list->room,
		                           sizeof(*held)) = *held;
	}
	return true;
}

static bool
find_all(struct release *release, struct held_list *list)
{
	if (release->is_list || release->now_id[0] != '\0')
		return add_held(release, HELD_ALL, list);
	/* Consent that was awaited may have come. */
	return add_held(release, release->now, list) &&
	       add_held(release, HELD_UNDATED, list);
}

static void
show(const struct verdict_on_held *verdict)
{
	static const char *const words[FATES] = {
		[FATE_STAYS] = "stays",        [FATE_GOES] = "goes",
		[FATE_SOME] = "goes to some",  [FATE_ENDS] = "ends",
		[FATE_LATER] = "stays longer", [FATE_IS_GONE] = "is gone",
	};
	const struct held *held = verdict->held;
	char due[CLOCK_TEXT_SIZE] = "open";

	if (held->due != 0) {
		clock_format(held->due, due);
		memcpy(due + 16, "Z", 2);
	}
	printf("%-16s %-17s %-16s %-12s %s\n", held->queue_id, due,
	       held->class_name, words[verdict->fate], verdict->why);
}

static void
summarise(const struct release *release, const struct verdict_on_held *verdicts,
          size_t count)
{
	size_t of[FATES] = { 0 };

	for (size_t i = 0; i < count; i++)
		of[verdicts[i].fate]++;
	if (release->is_list || release->is_dry)
		for (size_t i = 0; i < count; i++)
			show(&verdicts[i]);
	printf("%zu on hold looked at: %zu %s, %zu of them not to all, %zu %s, "
	       "%zu stay\n",
	       count, of[FATE_GOES] + of[FATE_SOME],
	       release->ledger != NULL ? "let go" : "would go", of[FATE_SOME],
	       of[FATE_ENDS], release->ledger != NULL ? "ended" : "would end",
	       of[FATE_STAYS] + of[FATE_LATER]);
}

static int
run(struct release *release)
{
	struct arena *arena = release->opened.arena;
	struct held_list list = { .items = NULL };
	struct verdict_on_held *verdicts;
	struct error err;

	release->now = clock_now();
	if (mta_queue_read(arena, release->postfix, &release->queue, &err) !=
	    RESULT_OK) {
		opened_say(&release->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	if (!find_all(release, &list))
		return EXIT_PROBLEM;
	if (release->now_id[0] != '\0' && list.count == 0) {
		opened_say(&release->opened, "%s is not on hold here",
		           release->now_id);
		return EXIT_PROBLEM;
	}
	verdicts = arena_array(arena, list.count + 1, sizeof(*verdicts));
	for (size_t i = 0; i < list.count; i++)
		release_judge(release, &list.items[i], &verdicts[i]);
	if (release->ledger != NULL)
		release_act(release, verdicts, list.count);
	summarise(release, verdicts, list.count);
	return release->problems > 0 ? EXIT_PROBLEM : EXIT_DONE;
}

int
release_command(int argc, char **argv)
{
	struct release release = { .conf = AVIS_CONF,
		                   .postfix = "",
		                   .now_id = "" };
	int code;

	if (!read_options(&release, argc, argv, &code))
		return code;
	opened_init(&release.opened, "avis release");
	code = open_all(&release) ? run(&release) : EXIT_PROBLEM;
	if (release.ledger != NULL)
		ledger_close(&release.ledger, SETTLE_MS);
	ruleset_done(&release.ruleset);
	opened_done(&release.opened);
	return code;
}
