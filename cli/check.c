#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jwrite.h"
#include "cli/commands.h"
#include "conf/settings.h"
#include "policy/ruleset.h"

#define JSON_BYTES ((size_t)16 * 1024 * 1024)

static const char help[] =
	"usage: avis check [OPTIONS]\n"
	"\n"
	"Reads the settings as the daemons would and says what is wrong, with\n"
	"the file, the line and the remedy. Changes nothing.\n"
	"\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"  -q, --quiet      print errors only\n"
	"      --json       print all of it as one JSON object\n"
	"      --rows       print the table of all settings, tab-separated:\n"
	"                   group, name, type, default, help\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 the settings are good, 1 they are not, 2 wrong use.\n";

enum {
	OPTION_JSON = 256,
	OPTION_ROWS
};

struct check {
	struct arena *arena;
	const char *conf;
	bool is_quiet;
	bool wants_json;
	bool wants_rows;
	struct ruleset read;
};

static bool
read_options(struct check *check, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "rows", no_argument, NULL, OPTION_ROWS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:qh", options, NULL)) != -1)
		switch (option) {
		case 'c':
			check->conf = optarg;
			break;
		case 'q':
			check->is_quiet = true;
			break;
		case OPTION_JSON:
			check->wants_json = true;
			break;
		case OPTION_ROWS:
			check->wants_rows = true;
			break;
		case 'h':
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		default:
			fputs("`avis check --help` says more.\n", stderr);
			return false;
		}
	if (optind == argc)
		return true;
	fprintf(stderr, "avis check: %s: another file is named by --conf\n",
	        argv[optind]);
	return false;
}

static const char *
count_text(struct arena *arena, size_t count, const char *what)
{
	return arena_printf(arena, "%zu %s%s", count, what,
	                    count == 1 ? "" : "s");
}

/* "avis.conf and policy.conf": the files that settings stand in. */
static const char *
files_text(const struct check *check)
{
	const struct settings *settings = check->read.settings;
	const char *seen[64], *text = "";
	size_t count = 0;

	for (size_t i = 0; i < settings->written_count; i++) {
		const char *file = settings->written[i].place.file;
		size_t at = 0;

		while (at < count && strcmp(seen[at], file) != 0)
			at++;
		if (at == count && count < 64)
			seen[count++] = file;
	}
	for (size_t i = 0; i < count; i++)
		text = arena_printf(check->arena, "%s%s%s", text,
		                    i == 0           ? ""
		                    : i == count - 1 ? " and "
		                                     : ", ",
		                    seen[i]);
	return arena_printf(check->arena, "%s %s good", text,
	                    count == 1 ? "is" : "are");
}

static void
print_end(const struct check *check, size_t errors, size_t warnings)
{
	struct arena *arena = check->arena;
	const char *also = "";

	if (errors > 0) {
		if (warnings > 0)
			also = arena_printf(
				arena, ", %s",
				count_text(arena, warnings, "warning"));
		printf("%s%s; nothing was changed\n",
		       count_text(arena, errors, "error"), also);
		return;
	}
	if (warnings > 0)
		also = arena_printf(arena, ", with %s",
		                    count_text(arena, warnings, "warning"));
	printf("%s%s: %zu %s, %s\n", files_text(check), also,
	       check->read.settings->class_count,
	       check->read.settings->class_count == 1 ? "class" : "classes",
	       count_text(arena, check->read.settings->sender_count,
	                  "sender rule"));
}

static void
print_text(const struct check *check, size_t errors)
{
	const struct finding_list *findings = &check->read.findings;

	for (size_t i = 0; i < findings->count; i++)
		if (!check->is_quiet || !findings->items[i].is_warning)
			puts(finding_text(check->arena, &findings->items[i]));
	if (!check->is_quiet)
		print_end(check, errors, findings->count - errors);
}

static void
write_finding(struct jwrite *json, const struct finding *finding)
{
	const char *file = finding->place.file;

	jwrite_object(json, NULL);
	jwrite_text(json, "level", finding->is_warning ? "warning" : "error");
	jwrite_text_if(json, "file", file == NULL ? "" : file);
	if (finding->place.line > 0)
		jwrite_int(json, "line", finding->place.line);
	jwrite_text_if(json, "setting", finding->setting);
	jwrite_text(json, "text", finding->text);
	jwrite_text_if(json, "remedy", finding->remedy);
	jwrite_end(json);
}

static void
print_json(const struct check *check, size_t errors)
{
	const struct finding_list *findings = &check->read.findings;
	struct jwrite json;
	struct buf out;

	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_text(&json, "conf", check->conf);
	jwrite_bool(&json, "good", errors == 0);
	jwrite_int(&json, "errors", (int64_t)errors);
	jwrite_int(&json, "warnings", (int64_t)(findings->count - errors));
	if (check->read.settings != NULL) {
		jwrite_int(&json, "classes",
		           (int64_t)check->read.settings->class_count);
		jwrite_int(&json, "senders",
		           (int64_t)check->read.settings->sender_count);
	}
	jwrite_array(&json, "findings");
	for (size_t i = 0; i < findings->count; i++)
		write_finding(&json, &findings->items[i]);
	jwrite_end(&json);
	jwrite_end(&json);
	puts(out.data);
	buf_done(&out);
}

static void
print_rows(void)
{
	const struct setting_row *row;

	for (size_t i = 0; (row = settings_row(i)) != NULL; i++)
		printf("%s\t%s\t%s\t%s\t%s\n", row->section, row->name,
		       row->type, row->standard, row->help);
}

int
check_command(int argc, char **argv)
{
	struct check check = { .conf = AVIS_CONF };
	struct error err;
	int code;

	if (!read_options(&check, argc, argv, &code))
		return code;
	if (check.wants_rows) {
		print_rows();
		return EXIT_DONE;
	}
	check.arena = arena_new();
	if (ruleset_read(check.arena, check.conf, &check.read, &err) ==
	    RESULT_OK)
		ruleset_done(&check.read);

	size_t errors = finding_errors(&check.read.findings);

	if (check.wants_json)
		print_json(&check, errors);
	else
		print_text(&check, errors);
	arena_free(&check.arena);
	return errors == 0 ? EXIT_DONE : EXIT_PROBLEM;
}
