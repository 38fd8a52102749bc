#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/jwrite.h"
#include "cli/commands.h"

#define JSON_LIMIT ((size_t)4 << 20)

static const char help[] =
	"usage: avis doctor [OPTIONS]\n"
	"\n"
	"Looks at the mail server, Redis, files and clock of this machine, and\n"
	"says what is wrong and what to type. Changes nothing. Root sees most.\n"
	"\n"
	"  -c, --conf FILE      settings, " AVIS_CONF " if not given\n"
	"      --postfix DIR    the Postfix with its configuration there\n"
	"      --sendmail FILE  the .cf, /etc/mail/sendmail.cf if not given\n"
	"      --signer FILE    opendkim.conf, /etc/opendkim.conf if not given\n"
	"      --no-dns         asks no name server\n"
	"      --json           print all of it as one JSON object\n"
	"  -h, --help           print this\n"
	"\n"
	"Exit codes: 0 nothing failed, 1 something did, 2 wrong use.\n";

enum {
	OPTION_POSTFIX = 256,
	OPTION_SENDMAIL,
	OPTION_SIGNER,
	OPTION_NO_DNS,
	OPTION_JSON
};

typedef void family(struct symptom_list *, const struct settings *,
                    const struct doctor_options *);

static family *const families[] = {
	doctor_mta,  doctor_signer,  doctor_store, doctor_held, doctor_files,
	doctor_seal, doctor_archive, doctor_pages, doctor_host
};

static const struct {
	const char *word;
	const char *colour;
} grades[] = {
	[GRADE_OK] = { "ok  ", "\033[32m" },
	[GRADE_WARN] = { "warn", "\033[33m" },
	[GRADE_FAIL] = { "FAIL", "\033[31m" },
};

static const struct option long_options[] = {
	{ "conf", required_argument, NULL, 'c' },
	{ "postfix", required_argument, NULL, OPTION_POSTFIX },
	{ "sendmail", required_argument, NULL, OPTION_SENDMAIL },
	{ "signer", required_argument, NULL, OPTION_SIGNER },
	{ "no-dns", no_argument, NULL, OPTION_NO_DNS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* False: *code_r is what to exit with. */
static bool
read_options(struct doctor_options *options, bool *wants_json_r, int argc,
             char **argv, int *code_r)
{
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) !=
	       -1)
		switch (option) {
		case 'c':
			options->conf = optarg;
			break;
		case OPTION_POSTFIX:
			options->postfix = optarg;
			break;
		case OPTION_SENDMAIL:
			options->sendmail = optarg;
			break;
		case OPTION_SIGNER:
			options->signer = optarg;
			break;
		case OPTION_NO_DNS:
			options->asks_dns = false;
			break;
		case OPTION_JSON:
			*wants_json_r = true;
			break;
		case 'h':
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		default:
			fputs("`avis doctor --help` says more.\n", stderr);
			return false;
		}
	if (optind == argc)
		return true;
	fprintf(stderr, "avis doctor: unexpected \"%s\"\n", argv[optind]);
	return false;
}

/* Each line of the remedy below the text, in the text's column. */
static void
print_remedy(const char *remedy)
{
	struct span rest = span_of(remedy), line;

	while (rest.len > 0 && span_line(&rest, &line))
		printf("      %.*s\n", SPAN_ARG(line));
}

static void
print_text(const struct symptom_list *list)
{
	bool has_colours = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	size_t warnings = symptom_count(list, GRADE_WARN);
	size_t failures = symptom_count(list, GRADE_FAIL);

	for (size_t i = 0; i < list->count; i++) {
		const struct symptom *symptom = &list->items[i];

		printf("%s%s%s  %s\n",
		       has_colours ? grades[symptom->grade].colour : "",
		       grades[symptom->grade].word,
		       has_colours ? "\033[0m" : "", symptom->text);
		print_remedy(symptom->remedy);
	}
	printf("%zu ok, %zu warning%s, %zu failure%s\n",
	       symptom_count(list, GRADE_OK), warnings,
	       warnings == 1 ? "" : "s", failures, failures == 1 ? "" : "s");
}

static void
print_json(const struct symptom_list *list)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	struct jwrite json;
	struct buf out;

	buf_init(&out, JSON_LIMIT);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_array(&json, "findings");
	for (size_t i = 0; i < list->count; i++) {
		jwrite_object(&json, NULL);
		jwrite_text(&json, "grade", words[list->items[i].grade]);
		jwrite_text(&json, "check", list->items[i].check);
		jwrite_text(&json, "text", list->items[i].text);
		jwrite_text_if(&json, "remedy", list->items[i].remedy);
		jwrite_end(&json);
	}
	jwrite_end(&json);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		jwrite_int(&json, words[i],
		           (int64_t)symptom_count(list, (enum grade)i));
	jwrite_end(&json);
	puts(out.data);
	buf_done(&out);
}

static void
examine(struct symptom_list *list, const struct doctor_options *options)
{
	struct finding_list findings = { 0 };
	struct settings *settings = NULL;
	struct error err;

	if (settings_read(list->arena, options->conf, &settings, &findings,
	                  &err) != RESULT_OK) {
		symptom_fail(list, "settings", "the settings: %s", err.text);
		symptom_remedy(list, "avis check --conf %s", options->conf);
		return;
	}
	symptom_ok(list, "settings", "%s can be read", options->conf);
	if (geteuid() != 0) {
		symptom_warn(list, "root",
		             "this is not root: what is hidden from you counts "
		             "as missing");
		symptom_remedy(list, "sudo avis doctor");
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		families[i](list, settings, options);
}

int
doctor_command(int argc, char **argv)
{
	struct doctor_options options = {
		.conf = AVIS_CONF,
		.postfix = "",
		.sendmail = "/etc/mail/sendmail.cf",
		.signer = "/etc/opendkim.conf",
		.asks_dns = true,
	};
	struct symptom_list list = { 0 };
	bool wants_json = false;
	int code;

	if (!read_options(&options, &wants_json, argc, argv, &code))
		return code;
	list.arena = arena_new();
	examine(&list, &options);
	if (wants_json)
		print_json(&list);
	else
		print_text(&list);
	code = symptom_count(&list, GRADE_FAIL) > 0 ? EXIT_PROBLEM : EXIT_DONE;
	arena_free(&list.arena);
	return code;
}
