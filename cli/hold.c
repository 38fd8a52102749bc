#include "record/hold.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/jwrite.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "record/ledger.h"

#define LOCK_WAIT_MS 10000
#define JSON_BYTES   ((size_t)16 * 1024 * 1024)

static const char help[] =
	"usage: avis hold add --reason REASON --text TEXT --review DAY SCOPE\n"
	"       avis hold list [--json]\n"
	"       avis hold review ID --review DAY\n"
	"       avis hold lift ID --text TEXT\n"
	"       avis hold lift --case NUMBER --text TEXT\n"
	"\n"
	"What is under a legal hold is neither erased nor expires on this host.\n"
	"SCOPE is one of\n"
	"\n"
	"      --message NAME   one message, by its 26 letters\n"
	"      --to ADDRESS     all mail to this recipient\n"
	"      --class CLASS    all mail of a class, between\n"
	"      --since DAY      and\n"
	"      --until DAY\n"
	"\n"
	"      --reason REASON  legal_obligation or legal_claim (GDPR, 17(3))\n"
	"      --text TEXT      why, in words\n"
	"      --case NUMBER    the case it belongs to\n"
	"      --author NAME    who decided; you, if not given\n"
	"      --review DAY     when to look whether it is needed still\n"
	"      --json           list: one JSON object\n"
	"  -c, --conf FILE      settings, " AVIS_CONF " if not given\n"
	"  -h, --help           print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem (list: a review is overdue),\n"
	"2 wrong use.\n";

enum {
	OPTION_REASON = 256,
	OPTION_TEXT,
	OPTION_CASE,
	OPTION_AUTHOR,
	OPTION_REVIEW,
	OPTION_MESSAGE,
	OPTION_TO,
	OPTION_CLASS,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_JSON
};

struct hold_work {
	struct opened opened;
	const char *conf;
	struct hold hold; /* as asked for */
	bool wants_json;
	const char *id; /* "" */
};

static int
wrong(const char *text)
{
	fprintf(stderr, "avis hold: %s. `avis hold --help` says more.\n", text);
	return EXIT_USAGE;
}

/* --- recording -------------------------------------------------------- */

static bool
record(struct hold_work *work, const struct event *event)
{
	struct opened *opened = &work->opened;
	struct ledger *ledger = NULL;
	struct error err;
	enum result result = ledger_open(opened->settings, opened->keys, "avis",
	                                 LOCK_WAIT_MS, &ledger, &err);

	if (result == RESULT_OK)
		result = ledger_append(ledger, event, &err);
	ledger_close(&ledger, 0);
	if (result != RESULT_OK)
		opened_say(opened, "not recorded: %s", err.text);
	return result == RESULT_OK;
}

static bool
read_holds(struct hold_work *work, struct hold_list *list)
{
	struct error err;

	if (hold_read(work->opened.arena, work->opened.settings, list, &err) ==
	    RESULT_OK)
		return true;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

static int
add(struct hold_work *work)
{
	struct hold *hold = &work->hold;
	unsigned scopes = (hold->has_message ? 1u : 0u) +
	                  (hold->address[0] != '\0' ? 1u : 0u) +
	                  (hold->class_name[0] != '\0' ? 1u : 0u);
	struct event event;

	if (hold->reason[0] == '\0' || hold->text[0] == '\0')
		return wrong("a hold has a --reason and a --text");
	if (hold->review == 0)
		return wrong("a hold has a day to look at it again, --review");
	if (scopes != 1)
		return wrong("one of --message, --to, --class says what is "
		             "held");
	if (hold->author[0] == '\0')
		hold->author = access_who(work->opened.arena);
	hold_event(work->opened.arena, hold, &event);
	if (!record(work, &event))
		return EXIT_PROBLEM;
	printf("hold %s\n", hold->id);
	return EXIT_DONE;
}

/* --- changing --------------------------------------------------------- */

static bool
is_meant(const struct hold_work *work, const struct hold *hold)
{
	if (work->id[0] != '\0')
		return strcmp(work->id, hold->id) == 0;
	return work->hold.number[0] != '\0' &&
	       strcmp(work->hold.number, hold->number) == 0;
}

static int
change(struct hold_work *work, bool is_lift)
{
	struct arena *arena = work->opened.arena;
	struct hold_list list;
	unsigned done = 0;

	if (!read_holds(work, &list))
		return EXIT_PROBLEM;
	for (size_t i = 0; i < list.count; i++) {
		struct hold *hold = &list.items[i];
		struct event event;

		if (!is_meant(work, hold))
			continue;
		if (is_lift) {
			hold_lifted_event(arena, hold, access_who(arena),
			                  work->hold.text, &event);
		} else {
			hold->review = work->hold.review;
			hold_event(arena, hold, &event);
		}
		if (!record(work, &event))
			return EXIT_PROBLEM;
		printf("hold %s %s\n", hold->id,
		       is_lift ? "lifted" : "reviewed");
		done++;
	}
	if (done == 0)
		opened_say(&work->opened, "there is no such hold in force");
	return done > 0 ? EXIT_DONE : EXIT_PROBLEM;
}

static int
lift(struct hold_work *work)
{
	if (work->hold.text[0] == '\0')
		return wrong("lifting a hold wants a --text that says why");
	if (work->id[0] == '\0' && work->hold.number[0] == '\0')
		return wrong("which hold? Its ID, or --case");
	return change(work, true);
}

static int
review(struct hold_work *work)
{
	if (work->hold.review == 0 || work->id[0] == '\0')
		return wrong("wants the ID of a hold and --review DAY");
	return change(work, false);
}

/* --- listing ---------------------------------------------------------- */

static const char *
scope_of(struct arena *arena, const struct hold *hold)
{
	char name[MESSAGE_NAME_SIZE], since[CLOCK_TEXT_SIZE];
	char until[CLOCK_TEXT_SIZE];

	if (hold->has_message) {
		message_id_name(hold->message, name);
		return arena_printf(arena, "message %s", name);
	}
	if (hold->address[0] != '\0')
		return arena_printf(arena, "mail to %s", hold->address);
	clock_format(hold->since, since);
	clock_format(hold->until, until);
	return arena_printf(
		arena, "class %s%s%.10s%s%.10s", hold->class_name,
		hold->since > 0 ? " from " : "", hold->since > 0 ? since : "",
		hold->until > 0 ? " to " : "", hold->until > 0 ? until : "");
}

static void
print_one(struct arena *arena, const struct hold *hold, bool is_overdue)
{
	char made[CLOCK_TEXT_SIZE], when[CLOCK_TEXT_SIZE];

	clock_format(hold->made, made);
	clock_format(hold->review, when);
	printf("%s  %s%s%s\n", hold->id, scope_of(arena, hold),
	       hold->number[0] != '\0' ? ", case " : "", hold->number);
	printf("            %s, by %s, %.10s: %s\n", hold->reason, hold->author,
	       made, hold->text);
	printf("            review %.10s%s\n", when,
	       is_overdue ? "  OVERDUE" : "");
}

static void
write_one(struct jwrite *json, struct arena *arena, const struct hold *hold,
          bool is_overdue)
{
	char made[CLOCK_TEXT_SIZE], when[CLOCK_TEXT_SIZE];

	clock_format(hold->made, made);
	clock_format(hold->review, when);
	jwrite_object(json, NULL);
	jwrite_text(json, "id", hold->id);
	jwrite_text(json, "scope", scope_of(arena, hold));
	jwrite_text(json, "reason", hold->reason);
	jwrite_text(json, "text", hold->text);
	jwrite_text(json, "author", hold->author);
	jwrite_text(json, "case", hold->number);
	jwrite_text(json, "made", made);
	jwrite_text(json, "review", when);
	jwrite_bool(json, "overdue", is_overdue);
	jwrite_end(json);
}

static int
list(struct hold_work *work)
{
	struct arena *arena = work->opened.arena;
	time_ms_t now = clock_now();
	bool has_overdue = false;
	struct hold_list holds;
	struct jwrite json;
	struct buf out;

	if (!read_holds(work, &holds))
		return EXIT_PROBLEM;
	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_array(&json, "holds");
	for (size_t i = 0; i < holds.count; i++) {
		const struct hold *hold = &holds.items[i];
		bool is_overdue = hold->review < now;

		has_overdue |= is_overdue;
		if (work->wants_json)
			write_one(&json, arena, hold, is_overdue);
		else
			print_one(arena, hold, is_overdue);
	}
	jwrite_end(&json);
	jwrite_end(&json);
	if (work->wants_json)
		printf("%s\n", out.data);
	else if (holds.count == 0)
		puts("no holds on this host");
	buf_done(&out);
	return has_overdue ? EXIT_PROBLEM : EXIT_DONE;
}

/* --- the command ------------------------------------------------------ */

static bool
set_time(const char *value, time_ms_t *when_r)
{
	if (clock_parse(value, when_r))
		return true;
	fprintf(stderr, "avis hold: %s: wants a day as 2026-11-21\n", value);
	return false;
}

static bool
set_reason(struct hold *hold, const char *value)
{
	if (strcmp(value, "legal_obligation") == 0)
		hold->reason = "legal-obligation";
	else if (strcmp(value, "legal_claim") == 0)
		hold->reason = "legal-claim";
	else
		fprintf(stderr,
		        "avis hold: --reason %s: is neither "
		        "legal_obligation nor legal_claim\n",
		        value);
	return hold->reason[0] != '\0';
}

static bool
set_message(struct hold *hold, const char *value)
{
	hold->has_message = message_id_parse(span_of(value), &hold->message);
	if (!hold->has_message)
		fprintf(stderr,
		        "avis hold: --message %s: wants 26 letters and "
		        "digits\n",
		        value);
	return hold->has_message;
}

static const struct option options[] = {
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "text", required_argument, NULL, OPTION_TEXT },
	{ "case", required_argument, NULL, OPTION_CASE },
	{ "author", required_argument, NULL, OPTION_AUTHOR },
	{ "review", required_argument, NULL, OPTION_REVIEW },
	{ "message", required_argument, NULL, OPTION_MESSAGE },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "class", required_argument, NULL, OPTION_CLASS },
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "conf", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool
set_option(struct hold_work *work, int option, int *code_r)
{
	struct hold *hold = &work->hold;

	switch (option) {
	case OPTION_REASON:
		return set_reason(hold, optarg);
	case OPTION_TEXT:
		hold->text = optarg;
		return true;
	case OPTION_CASE:
		hold->number = optarg;
		return true;
	case OPTION_AUTHOR:
		hold->author = optarg;
		return true;
	case OPTION_REVIEW:
		return set_time(optarg, &hold->review);
	case OPTION_MESSAGE:
		return set_message(hold, optarg);
	case OPTION_TO:
		hold->address = optarg;
		return true;
	case OPTION_CLASS:
		hold->class_name = optarg;
		return true;
	case OPTION_SINCE:
		return set_time(optarg, &hold->since);
	case OPTION_UNTIL:
		return set_time(optarg, &hold->until);
	case OPTION_JSON:
		work->wants_json = true;
		return true;
	case 'c':
		work->conf = optarg;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis hold --help` says more.\n", stderr);
		return false;
	}
}

static const struct {
	const char *name;
	int (*run)(struct hold_work *work);
} deeds[] = {
	{ "add", add },
	{ "list", list },
	{ "lift", lift },
	{ "review", review },
};

static int
run_deed(struct hold_work *work, int count, char **words)
{
	if (count > 1)
		work->id = words[1];
	for (size_t i = 0;
	     count >= 1 && count <= 2 && i < sizeof(deeds) / sizeof(deeds[0]);
	     i++) {
		if (strcmp(deeds[i].name, words[0]) != 0)
			continue;
		if (!open_settings(&work->opened, work->conf) ||
		    !open_keys(&work->opened))
			return EXIT_PROBLEM;
		return deeds[i].run(work);
	}
	fputs(help, stderr);
	return EXIT_USAGE;
}

int
hold_command(int argc, char **argv)
{
	struct hold_work work = {
		.conf = AVIS_CONF,
		.id = "",
		.hold = { .id = "",
		          .reason = "",
		          .text = "",
		          .author = "",
		          .number = "",
		          .address = "",
		          .class_name = "" },
	};
	int code = EXIT_USAGE, option;
	bool is_good = true;

	opened_init(&work.opened, "avis hold");
	while (is_good &&
	       (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		is_good = set_option(&work, option, &code);
	if (is_good)
		code = run_deed(&work, argc - optind, argv + optind);
	opened_done(&work.opened);
	return code;
}
