#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "record/maillog_fact.h"
#include "record/maillog_follow.h"

/*
 * bench_maillog FOLDER REDIS-URL MESSAGES
 *
 * The log of that many messages, half of them ours, seven lines each: read
 * line by line and looked through for one word (the bare minimum), taken
 * apart, and recorded whole, with the store asked and the journal synced.
 * Prints "name value unit" lines.
 */
#define LINES 7

static const char *const forms[LINES] = {
	"smtpd[9]: %s: client=app.example.fr[10.0.0.12]",
	"cleanup[9]: %s: message-id=<%u.4711@example.fr>",
	"qmgr[9]: %s: from=<contact@example.fr>, size=418, nrcpt=1 (queue "
	"active)",
	"smtpd[9]: disconnect from app.example.fr[10.0.0.12] %s ehlo=1 mail=1",
	"smtp[9]: Trusted TLS connection established to mx.example.com"
	"[192.0.2.7]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
	"bits)",
	"smtp[9]: %s: to=<person.%u@example.com>, relay=mx.example.com"
	"[192.0.2.7]:25, delay=0.4, delays=0.1/0/0.2/0.1, dsn=2.0.0, "
	"status=sent (250 2.0.0 Ok: queued as 4f8aB1xz)",
	"qmgr[9]: %s: removed",
};

struct bench {
	struct settings settings;
	struct keyring *keys;
	const char *path;
	unsigned messages;
};

static int64_t
cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void
say(const char *name, double value, const char *unit)
{
	printf("%-24s %12.2f %s\n", name, value, unit);
}

static const char *
queue_id(unsigned number)
{
	static char text[32];

	snprintf(text, sizeof(text), "4XabCd%06uxz9", number);
	return text;
}

/* Half of the messages are of other people: avis never saw them. */
static void
record_submissions(const struct bench *bench, struct ledger *ledger)
{
	struct arena *arena = arena_new();
	struct journal_ticket ticket = { 0, 0 };
	struct error err;

	for (unsigned i = 0; i < bench->messages; i += 2) {
		struct event_recipient to = {
			arena_printf(arena, "person.%u@example.com", i), "", 0
		};
		struct event event = { .time = clock_now() - 1000,
			               .kind = EVENT_SUBMITTED,
			               .has_message = true,
			               .message = message_id_new(),
			               .class_name = "service",
			               .queue_id = queue_id(i),
			               .status = "",
			               .detail = "",
			               .retention_ms = 34214400000,
			               .recipients = &to,
			               .recipient_count = 1 };

		event_fact_add(arena, &event, "message_id",
		               arena_printf(arena, "<%u.4711@example.fr>", i));
		ledger_queue(ledger, &event, &ticket);
		arena_reset(arena);
		if (i % 1000 == 0 &&
		    ledger_wait(ledger, &ticket, &err) != RESULT_OK)
			log_fatal("%s", err.text);
	}
	if (ledger_settle(ledger, 120000, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	arena_free(&arena);
}

static void
write_log(const struct bench *bench)
{
	FILE *out = fopen(bench->path, "w");
	char stamp[CLOCK_TEXT_SIZE];

	if (out == NULL)
		log_fatal("cannot write %s", bench->path);
	clock_format(clock_now(), stamp);
	for (unsigned i = 0; i < bench->messages; i++)
		for (int line = 0; line < LINES; line++) {
			fprintf(out, "%s mx1 postfix/", stamp);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			fprintf(out, forms[line], queue_id(i), i);
#pragma GCC diagnostic pop
			fputc('\n', out);
		}
	fclose(out);
}

/* What any reader has to do. */
static double
read_bare(const struct bench *bench)
{
	FILE *in = fopen(bench->path, "r");
	int64_t start = clock_steady_us();
	char line[1024];
	unsigned found = 0;

	if (in == NULL)
		log_fatal("cannot read %s", bench->path);
	while (fgets(line, sizeof(line), in) != NULL)
		found += strstr(line, "status=sent") != NULL;
	fclose(in);
	if (found != bench->messages)
		log_fatal("%u of %u lines found", found, bench->messages);
	return (double)bench->messages * LINES * 1e6 /
	       (double)(clock_steady_us() - start);
}

static double
take_apart(const struct bench *bench)
{
	FILE *in = fopen(bench->path, "r");
	struct maillog_clock clock = { .latest = clock_now() };
	int64_t start = clock_steady_us();
	char text[1024];
	unsigned found = 0;

	if (in == NULL)
		log_fatal("cannot read %s", bench->path);
	while (fgets(text, sizeof(text), in) != NULL) {
		struct span raw = span_trim(span_of(text));
		struct maillog_line line;
		struct maillog_fact fact;

		if (maillog_line_read(&clock, raw, &line) &&
		    maillog_postfix_read(&line, &fact))
			found += fact.what == MAILLOG_ATTEMPT;
	}
	fclose(in);
	if (found != bench->messages)
		log_fatal("%u of %u lines found", found, bench->messages);
	return (double)bench->messages * LINES * 1e6 /
	       (double)(clock_steady_us() - start);
}

static void
record_all(const struct bench *bench, double bare)
{
	const struct maillog_follow_options options = {
		.settings = &bench->settings,
		.keys = bench->keys,
		.path = bench->path,
		.host = "mx1",
		.is_once = true,
	};
	struct maillog_follow *follow;
	struct maillog_counts counts;
	struct error err;
	enum result result;

	if (maillog_follow_open(&options, &follow, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	int64_t start = clock_steady_us(), cpu = cpu_us();
	while ((result = maillog_follow_step(follow, &err)) == RESULT_OK)
		;
	double took = (double)(clock_steady_us() - start);
	double used = (double)(cpu_us() - cpu);
	maillog_follow_counts(follow, &counts);
	maillog_follow_close(&follow);
	if (result != RESULT_NONE || counts.recorded != bench->messages / 2)
		log_fatal("%llu recorded: %s",
		          (unsigned long long)counts.recorded, err.text);
	double lines = (double)counts.lines;
	say("maillog", lines * 1e6 / took, "lines/s");
	say("maillog/bare", lines * 1e6 / took / bare, "of it");
	say("maillog-cpu", used / lines, "us/line");
	say("maillog-events", (double)counts.recorded * 1e6 / took, "events/s");
	printf("  %-7s%.0f lines/s; the aim is 2000\n",
	       lines * 1e6 / took >= 2000 ? "met" : "MISSED",
	       lines * 1e6 / took);
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct ledger *ledger;
	struct error err;

	log_open("bench_maillog", LOG_TO_STDERR);
	if (argc != 4)
		log_fatal("usage: bench_maillog FOLDER REDIS-URL MESSAGES");

	struct bench bench = {
		.settings = { .host = "mx1",
		              .store = argv[2],
		              .store_budget_ms = 5000,
		              .journal = arena_printf(arena, "%s/journal",
		                                      argv[1]),
		              .segment_bytes = (int64_t)64 * 1024 * 1024,
		              .limits = { .events = 1000 } },
		.keys = keyring_passing(),
		.path = arena_printf(arena, "%s/mail.log", argv[1]),
		.messages = (unsigned)strtoul(argv[3], NULL, 10) / 2 * 2,
	};

	if (ledger_open(&bench.settings, bench.keys, "milter", 0, &ledger,
	                &err) != RESULT_OK)
		log_fatal("%s", err.text);
	record_submissions(&bench, ledger);
	ledger_close(&ledger, 60000);
	write_log(&bench);
	double bare = read_bare(&bench);
	double apart = take_apart(&bench);
	say("bare", bare, "lines/s");
	say("taken-apart", apart, "lines/s");
	say("taken-apart/bare", apart / bare, "of it");
	record_all(&bench, bare);
	keyring_free(&bench.keys);
	arena_free(&arena);
	return 0;
}
