#include "cli/rights.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "mail/address.h"
#include "record/erase.h"
#include "record/walk.h"

#define LOCK_WAIT_MS 5000
#define SETTLE_MS    10000

static const char help[] =
	"usage: avis rights export [--json FILE] [--html FILE] [OPTIONS] ADDRESS\n"
	"       avis rights erase [--do] [--reason WORD] [OPTIONS] ADDRESS\n"
	"       avis rights restrict [OPTIONS] ADDRESS on|off\n"
	"       avis rights pending [OPTIONS]\n"
	"       avis rights register [--json FILE] [OPTIONS]\n"
	"\n"
	"What the law gives to the people we write to (GDPR, articles 15 to 21).\n"
	"\n"
	"  export    all that the record on this host has of one person, without\n"
	"            the data of others; JSON on standard output, or as told\n"
	"  erase     show what would be destroyed; with --do destroy it. The\n"
	"            chain still verifies, and a refusal goes on to hold\n"
	"  restrict  keep the data, use it no more: no marketing (on, off)\n"
	"  pending   who has asked for erasure and waits for it\n"
	"  register  the record of processing (article 30), from the settings\n"
	"\n"
	"      --do           erase: not only a look\n"
	"      --reason WORD  erase: for the record, \"request\" if not given\n"
	"      --json FILE    export, register: as JSON; - for standard output\n"
	"      --html FILE    export: as a page to read\n"
	"      --lang LANG    en or fr, of the page and the register\n"
	"  -c, --conf FILE    settings, " AVIS_CONF " if not given\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_DO = 256,
	OPTION_REASON,
	OPTION_JSON,
	OPTION_HTML,
	OPTION_LANG
};

/* --- what several deeds need -------------------------------------------- */

bool
rights_begin(struct rights_work *work)
{
	if (!open_settings(&work->opened, work->conf) ||
	    !open_keys(&work->opened))
		return false;
	if (work->address[0] == '\0' || address_is_valid(work->address))
		return true;
	opened_say(&work->opened, "\"%s\" is no address", work->address);
	return false;
}

bool
rights_open_ledger(struct rights_work *work, struct ledger **ledger_r)
{
	struct error err;

	if (ledger_open(work->opened.settings, work->opened.keys, "avis",
	                LOCK_WAIT_MS, ledger_r, &err) == RESULT_OK)
		return true;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

const char *
rights_language(const struct rights_work *work)
{
	const char *language = work->language[0] != '\0'
	                               ? work->language
	                               : work->opened.settings->pages.language;

	return strcmp(language, "fr") == 0 ? "fr" : "en";
}

/* --- restriction (GDPR-10) ---------------------------------------------- */

int
rights_restrict(struct rights_work *work)
{
	struct ledger *ledger = NULL;
	struct event event;
	struct error err;

	if (strcmp(work->state, "on") != 0 && strcmp(work->state, "off") != 0) {
		opened_say(&work->opened, "restrict ADDRESS on or off");
		return EXIT_USAGE;
	}
	if (!rights_begin(work) || !rights_open_ledger(work, &ledger))
		return EXIT_PROBLEM;
	person_event(work->opened.arena, work->opened.keys, EVENT_RESTRICTED,
	             work->address, "", work->state, &event);
	event.source = SOURCE_OPERATOR;
	enum result result = ledger_append(ledger, &event, &err);
	if (result == RESULT_OK)
		result = ledger_settle(ledger, SETTLE_MS, &err);
	ledger_close(&ledger, 0);
	if (result != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	puts(strcmp(work->state, "on") == 0
	             ? "restricted: no marketing from the next message on"
	             : "no longer restricted; article 18(3) wants the person "
	               "told");
	return EXIT_DONE;
}

/* --- who waits for erasure ---------------------------------------------- */

static enum result
print_pending(void *context, const struct walk_entry *entry, struct error *err)
{
	size_t *count = context;
	const struct event *event = entry->event;
	const char *address = event_fact(event, "address");
	char asked[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	(void)err;
	if (event->kind != EVENT_PREFERENCE || address[0] == '\0' ||
	    strcmp(event->detail, ERASE_ASKED) != 0)
		return RESULT_OK;
	/* Article 12(3): within one month. */
	clock_format(event->time, asked);
	clock_format(event->time + INT64_C(28) * 24 * 3600 * 1000, until);
	printf("%s  asked %.10s, to be done by %.10s\n", address, asked, until);
	(*count)++;
	return RESULT_OK;
}

int
rights_pending(struct rights_work *work)
{
	size_t count = 0;
	struct walk walk = { .look = print_pending, .context = &count };
	struct error err;

	if (!rights_begin(work))
		return EXIT_PROBLEM;
	walk.folder = work->opened.settings->journal;
	if (walk_journals(&walk, &err) != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	if (count == 0)
		puts("nobody waits for erasure on this host");
	else
		puts("`avis rights erase ADDRESS` shows what it would destroy");
	return EXIT_DONE;
}

/* --- the command -------------------------------------------------------- */

static const struct {
	const char *name;
	int words;
	int (*run)(struct rights_work *work);
} deeds[] = {
	{ "export", 1, rights_export },     { "erase", 1, rights_erase },
	{ "restrict", 2, rights_restrict }, { "pending", 0, rights_pending },
	{ "register", 0, rights_register },
};

static bool
is_language(const char *language)
{
	if (strcmp(language, "en") == 0 || strcmp(language, "fr") == 0)
		return true;
	fprintf(stderr, "avis rights: --lang %s: en or fr is wanted\n",
	        language);
	return false;
}

static bool
set_option(struct rights_work *work, int option, int *code_r)
{
	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_DO:
		work->is_done = true;
		return true;
	case OPTION_REASON:
		work->reason = optarg;
		return true;
	case OPTION_JSON:
		work->json_file = optarg;
		return true;
	case OPTION_HTML:
		work->html_file = optarg;
		return true;
	case OPTION_LANG:
		work->language = optarg;
		return is_language(optarg);
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis rights --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct rights_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "do", no_argument, NULL, OPTION_DO },
		{ "reason", required_argument, NULL, OPTION_REASON },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ "html", required_argument, NULL, OPTION_HTML },
		{ "lang", required_argument, NULL, OPTION_LANG },
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

static int
run_deed(struct rights_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (count - 1 != deeds[i].words)
			break;
		work->address = count > 1 ? words[1] : "";
		work->state = count > 2 ? words[2] : "";
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
rights_command(int argc, char **argv)
{
	struct rights_work work = {
		.conf = AVIS_CONF,
		.reason = "request",
		.json_file = "",
		.html_file = "",
		.language = "",
	};
	int code;

	opened_init(&work.opened, "avis rights");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
