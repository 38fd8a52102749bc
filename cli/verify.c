#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "record/bundle_check.h"
#include "record/case_time.h"

#define PEM_LIMIT ((size_t)16 * 1024 * 1024)

static const char help[] =
	"usage: avis verify [OPTIONS] BUNDLE...\n"
	"\n"
	"Checks evidence bundles, folders or .tar files, and says in words what\n"
	"they show. Needs no settings, no record and no network. What the bundle\n"
	"says of itself counts for nothing: give the certificates that you trust.\n"
	"\n"
	"      --seal-ca FILE   certificates (PEM) for signatures\n"
	"      --tsa-ca FILE    certificates for time stamps\n"
	"      --seal-crl FILE  lists of revoked certificates, for signatures\n"
	"      --tsa-crl FILE   the same for time stamps\n"
	"      --at TIME        certificates must be good then instead of now\n"
	"  -q, --quiet          only what failed\n"
	"  -h, --help           print this\n"
	"\n"
	"Exit codes: 0 all good, 1 something is wrong, 2 wrong use.\n";

enum {
	OPTION_SEAL_CA = 256,
	OPTION_TSA_CA,
	OPTION_SEAL_CRL,
	OPTION_TSA_CRL,
	OPTION_AT
};

struct verify_work {
	struct opened opened;
	struct check_trust trust;
	bool is_quiet;
};

static const char *const kind_words[] = {
	[CHECK_GOOD] = "ok",
	[CHECK_FAILED] = "FAIL",
	[CHECK_NOTE] = "note",
};

static void
print_lines(const struct verify_work *work, const struct bundle_check *check)
{
	for (size_t i = 0; i < check->count; i++) {
		const struct check_line *line = &check->items[i];

		if (work->is_quiet && line->kind != CHECK_FAILED)
			continue;
		printf("%-5s %-9s %s\n", kind_words[line->kind], line->step,
		       case_safe(work->opened.arena, line->text));
	}
}

/* BND-7 */
static const char limits[] =
	"It does not show that anybody read the message, nor who was at the\n"
	"screen, nor what became of it after another server took it over but for\n"
	"what that server says; and times are as exact as the clocks. It is no\n"
	"proof that what is not in it did not happen. The service is not a\n"
	"qualified one: a judge weighs this freely.\n";

static void
print_meaning(const struct verify_work *work, const struct bundle_check *check)
{
	struct arena *arena = work->opened.arena;

	printf("\nGood. %zu entries of a record are here word for word, %zu of "
	       "them with their\ncontent",
	       check->entries, check->payloads);
	if (check->stamps > 0)
		printf(", and all of them were there by %s,\nsays %s%s.\n",
		       case_time(arena, LANGUAGE_EN, check->last_stamp,
		                 case_zone_at(check->last_stamp)),
		       case_safe(arena, check->authority),
		       check->is_stamp_qualified
		               ? " (a qualified authority, says the bundle)"
		               : "");
	else
		puts(". No authority says when: they are not time-stamped.");
	printf("Signed by %s.\n\n%s", case_safe(arena, check->signer), limits);
}

static bool
verify_one(struct verify_work *work, const char *path)
{
	struct bundle_check check;
	struct fileset set;
	struct error err;

	if (fileset_read(work->opened.arena, path, &set, &err) != RESULT_OK) {
		printf("FAIL  files     %s\n",
		       case_safe(work->opened.arena, err.text));
		return false;
	}
	bundle_check(work->opened.arena, &set, &work->trust, &check);
	print_lines(work, &check);
	if (check.failures > 0)
		printf("\n%zu steps FAILED: do not rely on this bundle\n",
		       check.failures);
	else if (!work->is_quiet)
		print_meaning(work, &check);
	return check.failures == 0;
}

static bool
read_pem(struct verify_work *work, struct span *text_r)
{
	struct error err;

	if (file_read(work->opened.arena, optarg, PEM_LIMIT, text_r, &err) ==
	            RESULT_OK &&
	    text_r->len > 0)
		return true;
	fprintf(stderr, "avis verify: %s\n",
	        text_r->len > 0 ? err.text : "an empty file was given");
	return false;
}

static bool
set_option(struct verify_work *work, int option, int *code_r)
{
	switch (option) {
	case OPTION_SEAL_CA:
		return read_pem(work, &work->trust.seal_ca);
	case OPTION_TSA_CA:
		return read_pem(work, &work->trust.tsa_ca);
	case OPTION_SEAL_CRL:
		return read_pem(work, &work->trust.seal_crl);
	case OPTION_TSA_CRL:
		return read_pem(work, &work->trust.tsa_crl);
	case OPTION_AT:
		if (clock_parse(optarg, &work->trust.at))
			return true;
		fprintf(stderr,
		        "avis verify: --at %s: wants a time as "
		        "2026-11-21T10:00\n",
		        optarg);
		return false;
	case 'q':
		work->is_quiet = true;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis verify --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct verify_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "seal-ca", required_argument, NULL, OPTION_SEAL_CA },
		{ "tsa-ca", required_argument, NULL, OPTION_TSA_CA },
		{ "seal-crl", required_argument, NULL, OPTION_SEAL_CRL },
		{ "tsa-crl", required_argument, NULL, OPTION_TSA_CRL },
		{ "at", required_argument, NULL, OPTION_AT },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "qh", options, NULL)) != -1)
		if (!set_option(work, option, code_r))
			return false;
	if (optind == argc)
		fputs(help, stderr);
	return optind < argc;
}

int
verify_command(int argc, char **argv)
{
	struct verify_work work = { .is_quiet = false };
	int code;

	opened_init(&work.opened, "avis verify");
	if (read_options(&work, argc, argv, &code)) {
		code = EXIT_DONE;
		for (int i = optind; i < argc; i++) {
			if (argc - optind > 1)
				printf("%s%s\n", i > optind ? "\n" : "",
				       argv[i]);
			if (!verify_one(&work, argv[i]))
				code = EXIT_PROBLEM;
		}
	}
	opened_done(&work.opened);
	return code;
}
