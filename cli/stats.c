#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jwrite.h"
#include "cli/commands.h"
#include "cli/open.h"
#include "record/clicks.h"
#include "record/walk.h"

#define DAY_MS       (INT64_C(24) * 3600 * 1000)
#define DAY_SIZE     11
#define JSON_BYTES   ((size_t)64 * 1024 * 1024)
#define DAYS_DEFAULT 7

static const char help[] =
	"usage: avis stats [--since TIME] [--until TIME] [--json] [OPTIONS]\n"
	"\n"
	"What left, by day and class, and what came of it: figures from the journals\n"
	"of this host, nobody's name among them.\n"
	"\n"
	"      --since TIME  from then on, seven days ago if not given\n"
	"      --until TIME  up to then\n"
	"      --json        as JSON\n"
	"  -c, --conf FILE   settings, " AVIS_CONF " if not given\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit codes: 0 done, 1 found a problem, 2 wrong use.\n";

enum {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_JSON
};

/* What is counted of a day and class; a refusal by us is none of a server. */
enum figure {
	FIGURE_LEFT,
	FIGURE_REFUSED,
	FIGURE_HELD,
	FIGURE_DELIVERED,
	FIGURE_BOUNCED,
	FIGURE_UNSUBSCRIBED,
	FIGURE_CONSENTS,
	FIGURE_CLICKS,
	FIGURE_CLICKS_MACHINE,
	FIGURE_CLICKS_HUMAN,
	FIGURES
};

static const struct {
	const char *name;
	enum event_kind kind;
} figures[FIGURES] = {
	[FIGURE_LEFT] = { "left", EVENT_SUBMITTED },
	[FIGURE_REFUSED] = { "refused", EVENT_REFUSED },
	[FIGURE_HELD] = { "held", EVENT_HELD },
	[FIGURE_DELIVERED] = { "delivered", EVENT_DELIVERED },
	[FIGURE_BOUNCED] = { "bounced", EVENT_FAILED },
	[FIGURE_UNSUBSCRIBED] = { "unsubscribed", EVENT_UNSUBSCRIBED },
	[FIGURE_CONSENTS] = { "consents", EVENT_CONSENT },
	/* These three come from record/clicks.h; no event is of this kind. */
	[FIGURE_CLICKS] = { "clicks", EVENT_KINDS },
	[FIGURE_CLICKS_MACHINE] = { "by_machines", EVENT_KINDS },
	[FIGURE_CLICKS_HUMAN] = { "by_humans", EVENT_KINDS },
};

struct stats_row {
	char day[DAY_SIZE];
	const char *class_name;
	uint64_t counts[FIGURES];
	struct click_counts *clicks; /* stays where it is */
};

struct stats_work {
	struct opened opened;
	const char *conf;
	time_ms_t since;
	time_ms_t until;
	bool is_json;
	struct clicks clicks;
	struct stats_row *rows; /* few: days times classes */
	size_t count;
	size_t room;
};

static struct stats_row *
row_of(struct stats_work *work, const struct event *event)
{
	char time[CLOCK_TEXT_SIZE];
	struct stats_row *row;

	clock_format(event->time, time);
	for (size_t i = work->count; i-- > 0;)
		if (memcmp(work->rows[i].day, time, DAY_SIZE - 1) == 0 &&
		    strcmp(work->rows[i].class_name, event->class_name) == 0)
			return &work->rows[i];
	row = arena_push(work->opened.arena, (void **)&work->rows, &work->count,
	                 &work->room, sizeof(*row));
	*row = (struct stats_row){
		.class_name =
			arena_strdup(work->opened.arena, event->class_name),
		.clicks = arena_alloc(work->opened.arena, sizeof(*row->clicks)),
	};
	*row->clicks = (struct click_counts){ .raw = 0 };
	memcpy(row->day, time, DAY_SIZE - 1);
	return row;
}

static enum result
count_event(void *context, const struct walk_entry *entry, struct error *err)
{
	struct stats_work *work = context;
	const struct event *event = entry->event;

	(void)err;
	if (event->time < work->since ||
	    (work->until > 0 && event->time > work->until))
		return RESULT_OK;
	for (int i = 0; i < FIGURES; i++)
		if (figures[i].kind == event->kind)
			row_of(work, event)->counts[i]++;
	if (event->kind == EVENT_CLICKED)
		clicks_add(&work->clicks, event, row_of(work, event)->clicks);
	return RESULT_OK;
}

static void
take_clicks(struct stats_work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		struct stats_row *row = &work->rows[i];

		row->counts[FIGURE_CLICKS] = row->clicks->raw;
		row->counts[FIGURE_CLICKS_MACHINE] = row->clicks->machine;
		row->counts[FIGURE_CLICKS_HUMAN] =
			click_counts_human(row->clicks);
	}
}

static int
by_day(const void *a, const void *b)
{
	const struct stats_row *x = a, *y = b;
	int order = strcmp(x->day, y->day);

	return order != 0 ? order : strcmp(x->class_name, y->class_name);
}

static void
print_table(const struct stats_work *work)
{
	printf("%-10s  %-20s", "day (UTC)", "class");
	for (int f = 0; f < FIGURES; f++)
		printf("  %12s", figures[f].name);
	putchar('\n');
	for (size_t i = 0; i < work->count; i++) {
		const struct stats_row *row = &work->rows[i];

		printf("%-10s  %-20s", row->day,
		       row->class_name[0] != '\0' ? row->class_name : "-");
		for (int f = 0; f < FIGURES; f++)
			printf("  %12llu", (unsigned long long)row->counts[f]);
		putchar('\n');
	}
	if (work->count == 0)
		puts("nothing in that time");
}

static void
print_json(const struct stats_work *work)
{
	struct jwrite json;
	struct buf out;

	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_array(&json, NULL);
	for (size_t i = 0; i < work->count; i++) {
		jwrite_object(&json, NULL);
		jwrite_text(&json, "day", work->rows[i].day);
		jwrite_text(&json, "class", work->rows[i].class_name);
		for (int f = 0; f < FIGURES; f++)
			jwrite_int(&json, figures[f].name,
			           (int64_t)work->rows[i].counts[f]);
		jwrite_end(&json);
	}
	jwrite_end(&json);
	puts(out.data);
	buf_done(&out);
}

static int
run(struct stats_work *work)
{
	struct walk walk = { .look = count_event, .context = work };
	struct error err;

	if (!open_settings(&work->opened, work->conf))
		return EXIT_PROBLEM;
	walk.folder = work->opened.settings->journal;
	if (walk_journals(&walk, &err) != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	take_clicks(work);
	if (work->count > 1)
		qsort(work->rows, work->count, sizeof(*work->rows), by_day);
	if (work->is_json)
		print_json(work);
	else
		print_table(work);
	if (walk.is_damaged)
		opened_say(&work->opened, "entries were passed by; `avis "
		                          "journal verify` names them");
	return walk.is_damaged ? EXIT_PROBLEM : EXIT_DONE;
}

static bool
read_time(const char *option, const char *text, time_ms_t *when_r)
{
	if (clock_parse(text, when_r))
		return true;
	fprintf(stderr,
	        "avis stats: %s %s: wants a time such as 2026-11-21 or "
	        "2026-11-21T10:00\n",
	        option, text);
	return false;
}

static bool
set_option(struct stats_work *work, int option, int *code_r)
{
	switch (option) {
	case 'c':
		work->conf = optarg;
		return true;
	case OPTION_SINCE:
		return read_time("--since", optarg, &work->since);
	case OPTION_UNTIL:
		return read_time("--until", optarg, &work->until);
	case OPTION_JSON:
		work->is_json = true;
		return true;
	case 'h':
		fputs(help, stdout);
		*code_r = EXIT_DONE;
		return false;
	default:
		fputs("`avis stats --help` says more.\n", stderr);
		return false;
	}
}

static bool
read_options(struct stats_work *work, int argc, char **argv, int *code_r)
{
	static const struct option options[] = {
		{ "conf", required_argument, NULL, 'c' },
		{ "since", required_argument, NULL, OPTION_SINCE },
		{ "until", required_argument, NULL, OPTION_UNTIL },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*code_r = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if (!set_option(work, option, code_r))
			return false;
	if (optind == argc)
		return true;
	fputs(help, stderr);
	return false;
}

int
stats_command(int argc, char **argv)
{
	struct stats_work work = {
		.conf = AVIS_CONF,
		.since = clock_now() - DAYS_DEFAULT * DAY_MS,
	};
	int code;

	opened_init(&work.opened, "avis stats");
	if (read_options(&work, argc, argv, &code))
		code = run(&work);
	opened_done(&work.opened);
	return code;
}
