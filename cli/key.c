#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keyring.h"
#include "cli/commands.h"
#include "cli/open.h"

static const char help[] =
	"usage: avis key create [OPTIONS]\n"
	"       avis key list [OPTIONS]\n"
	"       avis key rotate token|store [OPTIONS]\n"
	"\n"
	"The secrets behind receipts, links and the record, in the file that\n"
	"the setting \"keys\" names. Keep a copy of it apart.\n"
	"\n"
	"  create    make the file, with one key of each kind\n"
	"  list      which keys there are and since when; never the keys\n"
	"  rotate    add a newer key of a kind; the old ones go on working\n"
	"\n"
	"  -c, --conf FILE  settings, " AVIS_CONF " if not given\n"
	"      --file FILE  the file of keys itself, without settings\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit codes: 0 done, 1 not done, 2 wrong use.\n";

enum {
	OPTION_FILE = 256
};

struct key_work {
	struct opened opened;
	const char *conf;
	const char *file;
	const char *kind; /* of rotate; "" */
};

static int
fail(const struct key_work *work, const struct error *err)
{
	opened_say(&work->opened, "%s", err->text);
	return EXIT_PROBLEM;
}

static int
run_create(struct key_work *work)
{
	struct error err;

	/* Links and receipts that are out would no longer be known as ours. */
	if (access(work->file, F_OK) == 0) {
		opened_say(&work->opened,
		           "%s is there already; nothing was changed",
		           work->file);
		return EXIT_PROBLEM;
	}
	if (keyring_create(work->file, &err) != RESULT_OK)
		return fail(work, &err);
	printf("%s made, mode 0600.\n"
	       "Keep a copy apart: without it, receipts and links that are out "
	       "are no longer\n"
	       "recognised, and what Redis holds can no longer be read.\n",
	       work->file);
	return EXIT_DONE;
}

static int
run_list(struct key_work *work)
{
	struct keyring *keys;
	struct error err;

	if (keyring_read(work->file, &keys, &err) != RESULT_OK)
		return fail(work, &err);
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		enum key_kind of = (enum key_kind)kind;
		unsigned newest = keyring_newest(keys, of);

		for (unsigned v = 1; v <= newest; v++) {
			char made[CLOCK_TEXT_SIZE];

			if (keyring_made(keys, of, v) == 0)
				continue;
			clock_format(keyring_made(keys, of, v), made);
			printf("%-8s %2u  %s%s\n", key_kind_name(of), v, made,
			       v == newest ? "  in use" : "");
		}
	}
	keyring_free(&keys);
	return EXIT_DONE;
}

static const struct {
	const char *name;
	enum key_kind kind;
	const char *after;
} rotations[] = {
	{ "token", KEY_TOKEN,
	  "New receipts and links are signed with it; those that are out go "
	  "on working." },
	{ "store", KEY_STORE,
	  "What is written to Redis from now on is sealed with it; what is "
	  "there\nstays readable." },
};

static int
run_rotate(struct key_work *work)
{
	struct error err;
	unsigned version;

	for (size_t i = 0; i < sizeof(rotations) / sizeof(rotations[0]); i++) {
		if (strcmp(rotations[i].name, work->kind) != 0)
			continue;
		if (keyring_rotate(work->file, rotations[i].kind, &version,
		                   &err) != RESULT_OK)
			return fail(work, &err);
		printf("%s: key %u of kind %s added.\n%s\n"
		       "Next: copy the file to the other hosts, then send each "
		       "avis-milter SIGHUP\n"
		       "(systemctl reload avis-milter).\n",
		       work->file, version, work->kind, rotations[i].after);
		return EXIT_DONE;
	}
	if (strcmp(work->kind, "address") == 0)
		opened_say(&work->opened,
		           "the address key is never rotated: the list of who "
		           "wants no mail is made with it");
	else
		opened_say(&work->opened,
		           "rotate what? token or store; `avis key --help` "
		           "says more");
	return EXIT_USAGE;
}

static const struct {
	const char *name;
	int words; /* that may follow */
	int (*run)(struct key_work *work);
} deeds[] = {
	{ "create", 0, run_create },
	{ "list", 0, run_list },
	{ "rotate", 1, run_rotate },
};

static bool
read_options(struct key_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "file", required_argument, NULL, OPTION_FILE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		switch (option) {
		case 'c':
			work->conf = optarg;
			break;
		case OPTION_FILE:
			work->file = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			*code_r = EXIT_DONE;
			return false;
		default:
			fputs("`avis key --help` says more.\n", stderr);
			return false;
		}
	return true;
}

static int
run_deed(struct key_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (count - 1 > deeds[i].words)
			break;
		work->kind = count > 1 ? words[1] : "";
		if (work->file == NULL) {
			if (!open_settings(&work->opened, work->conf))
				return EXIT_PROBLEM;
			work->file = work->opened.settings->keys;
		}
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
key_command(int argc, char **argv)
{
	struct key_work work = { .conf = AVIS_CONF };
	int code;

	opened_init(&work.opened, "avis key");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
