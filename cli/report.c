#include "mail/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/jwrite.h"
#include "cli/commands.h"

#define MESSAGE_LIMIT ((size_t)64 * 1024 * 1024)
#define OUTPUT_LIMIT  ((size_t)64 * 1024 * 1024)

struct options {
	const char **sent;
	size_t sent_count;
	size_t sent_room;
	bool is_pretty;
};

static void
print_help(void)
{
	fputs("usage: avis report [OPTIONS] FILE...\n\n"
	      "Reads bounces, delivery and read receipts and automatic "
	      "replies, one\nmessage a file (\"-\": standard input), and "
	      "prints one JSON object a line.\n\n"
	      "      --sent ADDRESS...  whom the message was sent to; helps "
	      "with bounces\n"
	      "                         that say it in words only; several "
	      "with spaces or\n"
	      "                         commas, or each with its own --sent\n"
	      "      --pretty           JSON for people\n"
	      "  -h, --help             print this\n\n"
	      "Exit codes: 0 all were read, 1 a file could not be read, "
	      "2 wrong use.\n",
	      stdout);
}

static void
add_sent(struct arena *arena, struct options *options, const char *list)
{
	struct span rest = span_of(list);

	while (rest.len > 0) {
		size_t comma = span_find(rest, ',', 0);
		struct span one = span_trim(span_take(rest, comma));

		rest = span_skip(rest, comma + 1);
		if (one.len == 0)
			continue;
		const char **item = arena_push(
			arena, (void **)&options->sent, &options->sent_count,
			&options->sent_room, sizeof(*item));
		*item = arena_strndup(arena, one.at, one.len);
	}
}

static void
write_recipient(struct jwrite *json, const struct report_recipient *recipient)
{
	jwrite_object(json, NULL);
	jwrite_text(json, "original", recipient->original);
	jwrite_text(json, "final", recipient->final);
	jwrite_text(json, "action", report_action_name(recipient->action));
	jwrite_text(json, "status", recipient->status);
	jwrite_text(json, "diagnostic", recipient->diagnostic);
	jwrite_text(json, "remote_mta", recipient->remote_mta);
	jwrite_text_if(json, "will_retry_until", recipient->will_retry_until);
	jwrite_end(json);
}

static void
write_disposition(struct jwrite *json, const struct report *report)
{
	jwrite_text(json, "disposition",
	            report_disposition_name(report->disposition));
	jwrite_text_if(json, "disposition_modifiers", report->modifiers);
	if (report->has_report_part) {
		jwrite_text(json, "disposition_mode",
		            report->is_manual_action ? "manual-action"
		                                     : "automatic-action");
		jwrite_text(json, "sending_mode",
		            report->is_sent_manually
		                    ? "MDN-sent-manually"
		                    : "MDN-sent-automatically");
	}
	jwrite_text_if(json, "reporting_ua", report->reporting_ua);
}

static void
write_report(struct jwrite *json, const char *path, const struct report *report)
{
	jwrite_object(json, NULL);
	jwrite_text(json, "file", path);
	jwrite_text(json, "kind", report_kind_name(report->kind));
	jwrite_text(json, "envelope_id", report->envelope_id);
	jwrite_text(json, "original_message_id", report->original_message_id);
	jwrite_array(json, "recipients");
	for (size_t i = 0; i < report->recipient_count; i++)
		write_recipient(json, &report->recipients[i]);
	jwrite_end(json);
	if (report->kind == REPORT_MDN)
		write_disposition(json, report);
	jwrite_text_if(json, "reporting_mta", report->reporting_mta);
	jwrite_text_if(json, "arrival_date", report->arrival_date);
	if (report->kind == REPORT_DSN || report->kind == REPORT_MDN)
		jwrite_bool(json, "report_part", report->has_report_part);
	jwrite_text_if(json, "problem", report->problem);
	jwrite_end(json);
}

static void
print_report(const char *path, const struct report *report, bool is_pretty)
{
	struct buf out;
	struct jwrite json;

	buf_init(&out, OUTPUT_LIMIT);
	jwrite_init(&json, &out, false);
	json.is_pretty = is_pretty;
	write_report(&json, path, report);
	fwrite(out.data, 1, out.len, stdout);
	putchar('\n');
	buf_done(&out);
}

static bool
is_folder(const char *path)
{
	struct stat about;

	return strcmp(path, "-") != 0 && stat(path, &about) == 0 &&
	       S_ISDIR(about.st_mode);
}

static bool
report_file(const char *path, const struct options *options)
{
	struct arena *arena = arena_new();
	struct span message;
	struct report report;
	struct error err;
	bool is_read = false;

	if (is_folder(path)) {
		fprintf(stderr,
		        "avis report: %s is a folder; name the files in it: "
		        "avis report %s/*\n",
		        path, path);
	} else if (file_read(arena, path, MESSAGE_LIMIT, &message, &err) !=
	           RESULT_OK) {
		fprintf(stderr, "avis report: %s\n", err.text);
	} else {
		report_read(arena, message, options->sent, options->sent_count,
		            &report);
		print_report(path, &report, options->is_pretty);
		is_read = true;
	}
	arena_free(&arena);
	return is_read;
}

static int
report_files(int count, char **paths, const struct options *options)
{
	int code = EXIT_DONE;

	report_setup();
	for (int i = 0; i < count; i++)
		if (!report_file(paths[i], options))
			code = EXIT_PROBLEM;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "avis report: cannot write: %s\n",
		        strerror(errno));
		code = EXIT_PROBLEM;
	}
	return code;
}

/*
 * "--sent anne@example.com bob@example.com FILE": getopt gives the second
 * among the files. What looks like an address and is no file is one.
 */
static int
take_addresses(struct arena *arena, struct options *options, int count,
               char **words)
{
	int files = 0;

	for (int i = 0; i < count; i++)
		if (options->sent_count > 0 && strchr(words[i], '@') != NULL &&
		    access(words[i], F_OK) != 0)
			add_sent(arena, options, words[i]);
		else
			words[files++] = words[i];
	return files;
}

static int
wrong_use(const char *problem)
{
	if (problem[0] != '\0')
		fprintf(stderr, "avis report: %s\n", problem);
	fputs("`avis report --help` says more.\n", stderr);
	return EXIT_USAGE;
}

int
report_command(int argc, char **argv)
{
	static const struct option names[] = {
		{ "sent", required_argument, NULL, 's' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { 0 };
	struct arena *arena = arena_new();
	int code = -1;
	int letter;

	optind = 1;
	while (code < 0 &&
	       (letter = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (letter == 's') {
			add_sent(arena, &options, optarg);
		} else if (letter == 'p') {
			options.is_pretty = true;
		} else if (letter == 'h') {
			print_help();
			code = EXIT_DONE;
		} else {
			code = wrong_use("");
		}
	}
	int files =
		take_addresses(arena, &options, argc - optind, argv + optind);

	if (code < 0)
		code = files > 0 ? report_files(files, argv + optind, &options)
		                 : wrong_use("which messages? Name a "
		                             "file, or - for standard "
		                             "input.");
	arena_free(&arena);
	return code;
}
