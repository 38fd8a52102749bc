#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "record/maillog_follow.h"

#define IDLE_MS  200
#define AGAIN_MS 1000
#define RETRIES  30 /* of --once, a second each */

static const char help[] =
	"usage: avis maillog [OPTIONS] [FILE]\n"
	"       avis maillog --once [--year YEAR] [OPTIONS] FILE...\n"
	"\n"
	"Reads the log of Postfix or Sendmail into the record: which server took\n"
	"each message, what it answered, how secure the connection was. Follows\n"
	"the file that the setting maillog.path names, or the journal of systemd;\n"
	"goes on where it stopped; what is read twice is recorded once.\n"
	"\n"
	"      --once         read these files to their end, compressed or not\n"
	"      --year YEAR    of the first line of a file whose lines name none\n"
	"      --host NAME    whose lines count: the setting maillog.host; * is any\n"
	"  -c, --conf FILE    settings, " AVIS_CONF " if not given\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_ONCE = 256,
	OPTION_YEAR,
	OPTION_HOST
};

struct maillog_work {
	struct opened opened;
	const char *conf;
	struct maillog_follow_options options;
	int signals; /* a file descriptor */
};

/* --- stopping --------------------------------------------------------- */

/* Before any thread starts: they inherit the mask. */
static bool
take_signals(struct maillog_work *work)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	work->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return work->signals >= 0;
}

/* True: it is time to end. */
static bool
pause_ms(const struct maillog_work *work, int wait_ms)
{
	struct pollfd ready = { work->signals, POLLIN, 0 };

	return poll(&ready, 1, wait_ms) > 0;
}

/* --- reading ---------------------------------------------------------- */

/* Says a trouble once, and when it is over. */
static void
say_trouble(bool *is_troubled, enum result result, const struct error *err)
{
	bool is_now = result != RESULT_OK && result != RESULT_NONE;

	if (is_now && !*is_troubled)
		log_warn("%s; waiting, nothing is lost", err->text);
	if (!is_now && *is_troubled)
		log_info("going on");
	*is_troubled = is_now;
}

static void
follow_on(struct maillog_work *work, struct maillog_follow *follow)
{
	bool is_troubled = false, is_done = false;

	while (!is_done) {
		struct error err = { "" };
		enum result result = maillog_follow_step(follow, &err);
		int wait_ms = result == RESULT_OK     ? 0
		              : result == RESULT_NONE ? IDLE_MS
		                                      : AGAIN_MS;

		say_trouble(&is_troubled, result, &err);
		is_done = pause_ms(work, wait_ms);
	}
}

static void
print_counts(const struct maillog_work *work, const struct maillog_follow *f)
{
	struct maillog_counts counts;

	maillog_follow_counts(f, &counts);
	printf("%s: %llu lines, %llu of the mail server; recorded %llu",
	       work->options.path, (unsigned long long)counts.lines,
	       (unsigned long long)counts.mta_lines,
	       (unsigned long long)counts.recorded);
	if (counts.again > 0)
		printf(", %llu were already", (unsigned long long)counts.again);
	if (counts.unknown > 0)
		printf(", %llu of messages that are not in the record",
		       (unsigned long long)counts.unknown);
	if (counts.strange > 0)
		printf(", %llu to others than the author's recipients",
		       (unsigned long long)counts.strange);
	if (counts.other_hosts > 0)
		printf(", %llu passed by as of other hosts than %s",
		       (unsigned long long)counts.other_hosts,
		       work->options.host);
	putchar('\n');
}

static bool
read_once(struct maillog_work *work, struct maillog_follow *follow)
{
	enum result result = RESULT_OK;
	struct error err = { "" };
	bool is_stopped = false;
	int retries = 0;

	while (!is_stopped && result != RESULT_NONE && result != RESULT_BAD &&
	       retries <= RETRIES) {
		result = maillog_follow_step(follow, &err);
		retries += result == RESULT_RETRY ? 1 : 0;
		is_stopped =
			pause_ms(work, result == RESULT_RETRY ? AGAIN_MS : 0);
	}
	if (result == RESULT_NONE) {
		print_counts(work, follow);
		return true;
	}
	opened_say(&work->opened, "%s",
	           is_stopped ? "stopped; read it again, what is recorded "
	                        "stays and is not recorded twice"
	                      : err.text);
	return false;
}

static bool
run_file(struct maillog_work *work)
{
	struct maillog_follow *follow = NULL;
	struct error err;
	bool is_good = true;

	if (maillog_follow_open(&work->options, &follow, &err) != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return false;
	}
	if (work->options.is_once) {
		is_good = read_once(work, follow);
	} else {
		log_info("following %s, lines of host %s", work->options.path,
		         work->options.host);
		follow_on(work, follow);
		log_info("stopped");
	}
	maillog_follow_close(&follow);
	return is_good;
}

/* --- the command ------------------------------------------------------ */

static bool
set_year(struct maillog_work *work, const char *value)
{
	char *end;
	long year = strtol(value, &end, 10);

	if (*end == '\0' && year >= 1990 && year <= 9999) {
		work->options.first_year = (int)year;
		return true;
	}
	fprintf(stderr, "avis maillog: --year %s: wants a year as 2025\n",
	        value);
	return false;
}

static bool
set_option(struct maillog_work *work, int option, int *code_r)
{
	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_ONCE:
		work->options.is_once = true;
		return true;
	case OPTION_YEAR:
		return set_year(work, optarg);
	case OPTION_HOST:
		work->options.host = optarg;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis maillog --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct maillog_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, OPTION_ONCE },
		{ "year", required_argument, NULL, OPTION_YEAR },
		{ "host", required_argument, NULL, OPTION_HOST },
		{ "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, files;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!set_option(work, option, code_r))
			return false;
	files = argc - optind;
	if (work->options.is_once ? files > 0 : files <= 1)
		return true;
	fputs(work->options.is_once
	              ? "avis maillog: --once wants the files to read\n"
	              : "avis maillog: one file can be followed\n",
	      stderr);
	return false;
}

static bool
prepare(struct maillog_work *work)
{
	struct opened *opened = &work->opened;

	if (!open_settings(opened, work->conf) || !open_keys(opened))
		return false;

	const struct settings *settings = opened->settings;

	work->options.settings = settings;
	work->options.keys = opened->keys;
	if (work->options.host == NULL)
		work->options.host = settings->maillog.host[0] != '\0'
		                             ? settings->maillog.host
		                             : settings->host;
	if (!work->options.is_once)
		log_open("avis-maillog", strcmp(settings->log, "syslog") == 0
		                                 ? LOG_TO_SYSLOG
		                                 : LOG_TO_STDERR);
	return take_signals(work);
}

static int
run(struct maillog_work *work, int count, char **files)
{
	bool is_good = true;

	if (!prepare(work))
		return EXIT_PROBLEM;
	work->options.path =
		count > 0 ? files[0] : work->opened.settings->maillog.path;
	if (work->options.path[0] == '\0') {
		opened_say(&work->opened,
		           "which log? Set maillog.path in %s, to "
		           "\"/var/log/mail.log\" or to \"systemd\"",
		           work->conf);
		return EXIT_PROBLEM;
	}
	if (!work->options.is_once)
		return run_file(work) ? EXIT_DONE : EXIT_PROBLEM;
	for (int i = 0; i < count; i++) {
		work->options.path = files[i];
		is_good &= run_file(work);
	}
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

int
maillog_command(int argc, char **argv)
{
	struct maillog_work work = { .conf = AVIS_CONF, .signals = -1 };
	int code;

	opened_init(&work.opened, "avis maillog");
	if (read_options(&work, argc, argv, &code))
		code = run(&work, argc - optind, argv + optind);
	if (work.signals >= 0)
		close(work.signals);
	opened_done(&work.opened);
	return code;
}
