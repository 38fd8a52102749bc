#include "cli/consent.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static const char help[] =
	"usage: avis consent import [--dry-run] [--rejects FILE] [OPTIONS] FILE\n"
	"       avis consent list [OPTIONS]\n"
	"       avis consent show [OPTIONS] ADDRESS\n"
	"       avis consent withdraw [--only FLAGS] [OPTIONS] ADDRESS\n"
	"\n"
	"Who agreed to what, when, and to which wording.\n"
	"\n"
	"  import    read a CSV file; its first line names the columns:\n"
	"            address, class, time, text_id, channel, receive, open,\n"
	"            click, basis, context. A line that is on record is not\n"
	"            recorded again: run it as often as you like. FILE - is\n"
	"            standard input\n"
	"  list      the consents on record on this host, as CSV\n"
	"  show      what one person has agreed to, and its history\n"
	"  withdraw  take it back; from the next message on\n"
	"\n"
	"      --class NAME    import: of all lines; else: only this class\n"
	"      --only FLAGS    withdraw: receive, open, click, with commas\n"
	"      --rejects FILE  import: bad lines go there, with the reason\n"
	"      --dry-run       import: only say what would be done\n"
	"      --json          show: as JSON\n"
	"  -c, --conf FILE     settings, " AVIS_CONF " if not given\n"
	"  -h, --help          print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_CLASS = 256,
	OPTION_ONLY,
	OPTION_REJECTS,
	OPTION_DRY,
	OPTION_JSON
};

static const struct {
	const char *name;
	bool wants_word;
	int (*run)(struct consent_work *work);
} deeds[] = {
	{ "import", true, consent_import },
	{ "list", false, consent_list },
	{ "show", true, consent_show },
	{ "withdraw", true, consent_withdraw },
};

static bool
set_option(struct consent_work *work, int option, int *code_r)
{
	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_CLASS:
		work->class_name = optarg;
		return true;
	case OPTION_ONLY:
		work->only = optarg;
		return true;
	case OPTION_REJECTS:
		work->rejects = optarg;
		return true;
	case OPTION_DRY:
		work->is_dry = true;
		return true;
	case OPTION_JSON:
		work->is_json = true;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis consent --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct consent_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "class", required_argument, NULL, OPTION_CLASS },
		{ "only", required_argument, NULL, OPTION_ONLY },
		{ "rejects", required_argument, NULL, OPTION_REJECTS },
		{ "dry-run", no_argument, NULL, OPTION_DRY },
		{ "json", no_argument, NULL, OPTION_JSON },
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
run_deed(struct consent_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (count - 1 != (deeds[i].wants_word ? 1 : 0))
			break;
		work->word = count > 1 ? words[1] : "";
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
consent_command(int argc, char **argv)
{
	struct consent_work work = {
		.conf = AVIS_CONF,
		.class_name = "",
		.rejects = "",
		.only = "",
	};
	int code;

	opened_init(&work.opened, "avis consent");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
