#include "cli/suppress.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/commands.h"
#include "mail/address.h"
#include "record/ledger.h"
#include "record/register.h"

#define LOCK_WAIT_MS  5000
#define SETTLE_MS     10000
#define ADDRESS_BYTES 320

static const char help[] =
	"usage: avis suppress add [--class NAME] [OPTIONS] ADDRESS|HASH\n"
	"       avis suppress remove [--class NAME] [OPTIONS] ADDRESS|HASH\n"
	"       avis suppress list [--class NAME] [OPTIONS] [ADDRESS|HASH]\n"
	"       avis suppress export [--class NAME] [OPTIONS]\n"
	"       avis suppress import [--class NAME] [--dry-run] "
	"[--rejects FILE]\n"
	"                            [OPTIONS] FILE\n"
	"\n"
	"Who wants no mail: of one class, or of all marketing. The list has\n"
	"keyed hashes, never addresses.\n"
	"\n"
	"  add       put somebody on it; from the next message on\n"
	"  remove    take somebody off it, who has asked for mail again\n"
	"  list      who is on it: hash, class, since when\n"
	"  export    the same as CSV, for an installation with the same\n"
	"            address key\n"
	"  import    read such a file, or one of addresses in clear: one a\n"
	"            line, or CSV whose first line names the columns address\n"
	"            (or person), class, since. FILE - is standard input\n"
	"\n"
	"      --class NAME    of this class; left out: all marketing, or\n"
	"                      what the file says; list, export: all of them\n"
	"      --rejects FILE  import: bad lines go there, with the reason\n"
	"      --dry-run       import: only say what would be done\n"
	"  -c, --conf FILE     settings, " AVIS_CONF " if not given\n"
	"  -h, --help          print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_CLASS = 256,
	OPTION_REJECTS,
	OPTION_DRY
};

static const struct {
	const char *name;
	int least; /* words behind it */
	int most;
	int (*run)(struct suppress_work *work);
} deeds[] = {
	{ "add", 1, 1, suppress_add },
	{ "remove", 1, 1, suppress_remove },
	{ "list", 0, 1, suppress_list },
	{ "export", 0, 0, suppress_export },
	{ "import", 1, 1, suppress_import },
};

/* --- who and what ----------------------------------------------------- */

bool
suppress_person(const struct keyring *keys, struct span text,
                char person_r[PERSON_SIZE])
{
	char address[ADDRESS_BYTES + 1];

	text = span_trim(text);
	if (text.len > ADDRESS_BYTES)
		return false;
	memcpy(address, text.at, text.len);
	address[text.len] = '\0';
	if (register_is_person(address)) {
		for (size_t i = 0; i < PERSON_SIZE; i++)
			person_r[i] = ascii_lower(address[i]);
		return true;
	}
	if (strlen(address) != text.len || !address_is_valid(address))
		return false;
	person_name(keys, address, person_r);
	return true;
}

static const char *
class_at(const void *settings, size_t index)
{
	const struct settings *of = settings;

	return index < of->class_count ? of->classes[index].name : NULL;
}

const char *
suppress_class(const struct settings *settings, struct span name)
{
	if (name.len == 0 || span_equal(name, SPAN("*")))
		return "";
	for (size_t i = 0; i < settings->class_count; i++)
		if (span_equal(span_of(settings->classes[i].name), name))
			return settings->classes[i].name;
	return NULL;
}

const char *
suppress_no_class(struct arena *arena, const struct settings *settings,
                  struct span name)
{
	const char *text = arena_strndup(arena, name.at, name.len);
	const char *near = nearest_name(text, class_at, settings);

	return arena_printf(arena, "there is no class \"%s\"%s%s%s", text,
	                    near[0] != '\0' ? "; did you mean \"" : "", near,
	                    near[0] != '\0' ? "\"?" : "");
}

/* --- one person ------------------------------------------------------- */

static bool
begin_one(struct suppress_work *work, char person_r[PERSON_SIZE])
{
	struct opened *opened = &work->opened;
	struct span class_name = span_of(work->class_name);

	if (!open_settings(opened, work->conf) || !open_keys(opened))
		return false;
	if (!suppress_person(opened->keys, span_of(work->word), person_r)) {
		opened_say(opened,
		           "\"%s\" is neither an address nor a hash of 24 "
		           "digits",
		           work->word);
		return false;
	}
	work->class_name = suppress_class(opened->settings, class_name);
	if (work->class_name != NULL)
		return true;
	opened_say(
		opened, "%s",
		suppress_no_class(opened->arena, opened->settings, class_name));
	return false;
}

/*
 * GDPR-6: the entry has the hash alone, the address is nowhere. False: the
 * record or the store failed.
 */
static bool
record_one(struct suppress_work *work, enum event_kind kind,
           const char person[PERSON_SIZE], const char *after)
{
	const struct opened *opened = &work->opened;
	struct ledger *ledger;
	struct event event;
	struct error err;
	enum result result = ledger_open(opened->settings, opened->keys, "avis",
	                                 LOCK_WAIT_MS, &ledger, &err);

	if (result != RESULT_OK) {
		opened_say(opened, "%s", err.text);
		return false;
	}
	person_event_named(kind, person, work->class_name, "operator", &event);
	event.source = SOURCE_OPERATOR;
	result = ledger_append(ledger, &event, &err);
	if (result == RESULT_OK)
		result = ledger_settle(ledger, SETTLE_MS, &err);
	if (result == RESULT_OK)
		printf("%s: %s\n", person, after);
	else
		opened_say(opened, "%s", err.text);
	ledger_close(&ledger, 0);
	return result == RESULT_OK;
}

int
suppress_add(struct suppress_work *work)
{
	char person[PERSON_SIZE];

	if (!begin_one(work, person))
		return EXIT_PROBLEM;
	return record_one(work, EVENT_SUPPRESSED, person,
	                  "no more mail of it, from the next message on")
	               ? EXIT_DONE
	               : EXIT_PROBLEM;
}

/* A no to all marketing and one to a class are two: what is left is said. */
static void
tell_what_is_left(struct suppress_work *work, const char person[PERSON_SIZE])
{
	struct opened *opened = &work->opened;
	struct person left;
	struct error err;

	if (!open_store(opened) ||
	    person_find(opened->arena, opened->store, person, &left, &err) !=
	            RESULT_OK)
		return;
	for (size_t i = 0; i < left.class_count; i++)
		if (left.classes[i].off_since[0] != '\0')
			printf("still refused: %s, since %s\n",
			       left.classes[i].class_name,
			       left.classes[i].off_since);
	if (left.off_since[0] != '\0')
		printf("still refused: all marketing%s, since %s\n",
		       work->class_name[0] != '\0' ? " but that" : "",
		       left.off_since);
}

int
suppress_remove(struct suppress_work *work)
{
	char person[PERSON_SIZE];

	if (!begin_one(work, person) ||
	    !record_one(work, EVENT_READMITTED, person, "may be written to"))
		return EXIT_PROBLEM;
	tell_what_is_left(work, person);
	return EXIT_DONE;
}

/* --- the command ------------------------------------------------------ */

static bool
set_option(struct suppress_work *work, int option, int *code_r)
{
	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_CLASS:
		work->class_name = optarg;
		return true;
	case OPTION_REJECTS:
		work->rejects = optarg;
		return true;
	case OPTION_DRY:
		work->is_dry = true;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis suppress --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct suppress_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "class", required_argument, NULL, OPTION_CLASS },
		{ "rejects", required_argument, NULL, OPTION_REJECTS },
		{ "dry-run", no_argument, NULL, OPTION_DRY },
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
run_deed(struct suppress_work *work, int count, char **words)
{
	for (size_t i = 0; count > 0 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (count - 1 < deeds[i].least || count - 1 > deeds[i].most)
			break;
		work->word = count > 1 ? words[1] : "";
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
suppress_command(int argc, char **argv)
{
	struct suppress_work work = {
		.conf = AVIS_CONF,
		.class_name = "",
		.rejects = "",
	};
	int code;

	opened_init(&work.opened, "avis suppress");
	if (read_options(&work, argc, argv, &code))
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
