#include "record/seal.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/open.h"
#include "record/case_time.h"
#include "record/local.h"

static const char help[] =
	"usage: avis seal [--now] [OPTIONS]\n"
	"       avis seal status [OPTIONS]\n"
	"\n"
	"Signs and time-stamps what the journals of this host hold, so that\n"
	"nothing of it can be changed, dropped or put in unseen. For the user\n"
	"avis-seal, who alone may read the key; avis-seal.timer runs it.\n"
	"\n"
	"  status           what is sealed, what is pending; changes nothing\n"
	"\n"
	"      --now        mail to custodians, too, which else goes once a day\n"
	"  -q, --quiet      say only what is wrong\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 done, 1 something is wrong, 2 wrong use.\n";

enum {
	OPTION_NOW = 256
};

struct seal_work {
	struct opened opened;
	const char *conf;
	bool is_now;
	bool is_quiet;
};

static void
complain(const char *text)
{
	fprintf(stderr, "avis seal: %s\n", text);
}

static int
run_pass(struct seal_work *work)
{
	struct opened *opened = &work->opened;
	struct seal_report report;
	struct sealer *sealer;
	struct error err;

	if (sealer_open(opened->arena, opened->settings, &sealer, &err) !=
	    RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	sealer_run(sealer, work->is_now, complain, &report);
	sealer_close(&sealer);
	if (!work->is_quiet)
		printf("%u heads signed, %u time-stamped, %u pending; %u "
		       "bundles signed; %u copies to custodians\n",
		       report.heads, report.stamped, report.pending,
		       report.bundles, report.pushed);
	return report.problems == 0 ? EXIT_DONE : EXIT_PROBLEM;
}

static bool
show_writer(struct opened *opened, const char *writer)
{
	const struct settings *settings = opened->settings;
	const char *heads = seal_writer_folder(opened->arena, settings, writer);
	uint64_t last = head_last(heads), unsealed = 0, pending = 0;
	struct head_file file;
	struct error err;

	if (seal_unsealed(opened->arena, settings, writer, &unsealed, &err) !=
	            RESULT_OK ||
	    (last > 0 &&
	     head_load(opened->arena, heads, last, &file, &err) != RESULT_OK)) {
		printf("%s: %s\n", writer, err.text);
		return false;
	}
	for (uint64_t n = 1; n <= last; n++)
		pending += !head_has_stamp(heads, n);
	printf("%s: %llu heads", writer, (unsigned long long)last);
	if (last > 0)
		printf(", the last of %s up to entry %llu",
		       case_time(opened->arena, LANGUAGE_EN, file.head.time,
		                 case_zone_at(file.head.time)),
		       (unsigned long long)(file.head.first + file.head.size -
		                            1));
	printf("; %llu entries not sealed yet; ", (unsigned long long)unsealed);
	if (settings->seal.authority[0] == '\0')
		puts("not time-stamped: no authority is set");
	else
		printf("%llu stamps pending\n", (unsigned long long)pending);
	return true;
}

static int
run_status(struct seal_work *work)
{
	struct opened *opened = &work->opened;
	struct local_writers writers;
	struct error err;
	bool is_good = true;

	if (local_writers(opened->arena, opened->settings->journal, &writers,
	                  &err) != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	for (size_t i = 0; i < writers.count; i++)
		is_good &= show_writer(opened, writers.items[i]);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

static bool
read_options(struct seal_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "now", no_argument, NULL, OPTION_NOW },
		{ "quiet", no_argument, NULL, 'q' },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:qh", options, NULL)) !=
	       -1) {
		switch (option) {
		case OPTION_NOW:
			work->is_now = true;
			break;
		case 'q':
			work->is_quiet = true;
			break;
		case 'c':
			work->conf = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		default:
			fputs("`avis seal --help` says more.\n", stderr);
			return false;
		}
	}
	return true;
}

int
seal_command(int argc, char **argv)
{
	struct seal_work work = { .conf = AVIS_CONF };
	bool is_status;
	int code;

	opened_init(&work.opened, "avis seal");
	if (read_options(&work, argc, argv, &code)) {
		is_status = optind + 1 == argc &&
		            strcmp(argv[optind], "status") == 0;
		if (optind < argc && !is_status)
			fputs(help, stderr);
		else if (!open_settings(&work.opened, work.conf))
			code = EXIT_PROBLEM;
		else
			code = is_status ? run_status(&work) : run_pass(&work);
	}
	opened_done(&work.opened);
	return code;
}
