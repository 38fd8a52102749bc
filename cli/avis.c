#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "cli/commands.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
	{ "check", check_command, "read the settings and say what is wrong" },
	{ "try", try_command, "show what the milter would do to a message" },
	{ "doctor", doctor_command, "look at this machine's mail set-up" },
	{ "proof", proof_command, "show what became of a message" },
	{ "release", release_command, "let mail on hold go when it is due" },
	{ "report", report_command, "read bounces and receipts from files" },
	{ "journal", journal_command, "verify the record, rebuild Redis" },
	{ "seal", seal_command, "sign and time-stamp the record" },
	{ "verify", verify_command, "check an evidence bundle" },
	{ "consent", consent_command,
	  "who agreed to what: import, show, withdraw" },
	{ "suppress", suppress_command,
	  "who wants no mail: add, list, import, export" },
	{ "hold", hold_command, "keep what a claim or a law needs" },
	{ "archive", archive_command, "copy the record elsewhere, verify it" },
	{ "maillog", maillog_command, "read the mail server's log" },
	{ "hook", hook_command, "tell other systems what people say" },
	{ "rights", rights_command,
	  "show, erase and restrict a person's data" },
	{ "stats", stats_command, "what left by day and class, in figures" },
	{ "key", key_command, "make, list and rotate keys" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *
command_name_at(const void *names, size_t index)
{
	(void)names;
	return index < COMMANDS ? commands[index].name : NULL;
}

static void
print_help(FILE *out)
{
	fputs("usage: avis COMMAND [OPTIONS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\n`avis COMMAND --help` says more; the manual is avis(1).\n"
	      "Exit codes: 0 done, 1 found a problem, 2 wrong use.\n",
	      out);
}

/* getopt names what it complains about by argv[0]. */
static int
run_command(const struct command *command, int argc, char **argv)
{
	char title[32];

	snprintf(title, sizeof(title), "avis %s", command->name);
	argv[0] = title;
	return command->run(argc, argv);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* avis help COMMAND */
static int
help_on(const struct command *command)
{
	char ask[] = "--help";
	char *argv[] = { NULL, ask, NULL };

	return run_command(command, 2, argv);
}

static int
no_such_command(const char *name)
{
	const char *near = nearest_name(name, command_name_at, NULL);

	fprintf(stderr, "avis: there is no command \"%s\"", name);
	if (near[0] != '\0')
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fputs("\n`avis --help` lists them.\n", stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const struct command *command;

	log_open("avis", LOG_TO_STDERR);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("avis " AVIS_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "help") == 0 && argc > 2) {
		command = find_command(argv[2]);
		return command != NULL ? help_on(command)
		                       : no_such_command(argv[2]);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	command = find_command(argv[1]);
	return command != NULL ? run_command(command, argc - 1, argv + 1)
	                       : no_such_command(argv[1]);
}
