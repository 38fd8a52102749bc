#include "record/maillog_follow.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "record/journal.h"
#include "record/maillog_find.h"
#include "record/maillog_input.h"
#include "record/maillog_old.h"

#define BATCH_LINES  1000
#define BATCH_EVENTS 256
#define PARKED       1000
#define FRESH_MS     30000 /* a line of now, not of an old log */
#define PATIENCE_US  INT64_C(5000000)
#define AGAIN_US     INT64_C(500000)
#define SAVE_US      INT64_C(1000000)
#define SETTLE_MS    5000
#define CURSOR_LIMIT 4096
#define CURSOR_MODE  0640

/* A line whose message the store did not know yet. */
struct parked {
	struct arena *arena;
	struct maillog_line line;
	struct span raw;
	const char *where;
	int64_t until_us;
	char cursor[MAILLOG_CURSOR_SIZE]; /* in front of it */
};

struct maillog_follow {
	struct maillog_follow_options options;
	struct ledger *ledger;
	struct maillog *log;
	struct maillog_old *old;      /* NULL: not wanted so far, or none */
	bool has_looked;              /* for old */
	struct maillog_counts before; /* of earlier logs */
	struct maillog_input *input;  /* NULL: to be opened */
	char path[PATH_MAX];          /* of the cursor */
	char saved[MAILLOG_CURSOR_SIZE];
	int64_t saved_us;

	struct journal_ticket tickets[BATCH_EVENTS];
	size_t ticket_count;
	struct parked parked[PARKED];
	size_t parked_count;
	int64_t tried_us;
	struct log_gate bad_gate;
	struct log_gate host_gate;
};

static enum result
find(void *context, struct arena *arena,
     const struct maillog_question *question, struct event_list *events_r,
     struct error *err)
{
	struct maillog_follow *follow = context;

	enum result result = maillog_find(arena, ledger_store(follow->ledger),
	                                  question, events_r, err);

	if (result != RESULT_NONE || !follow->options.is_once)
		return result;
	if (!follow->has_looked)
		follow->old = maillog_old_new(follow->options.settings,
		                              follow->options.keys,
		                              ledger_writer(follow->ledger));
	follow->has_looked = true;
	return follow->old == NULL ? RESULT_NONE
	                           : maillog_old_find(follow->old, arena,
	                                              question, events_r, err);
}

/* To be looked at anew: it knows only what the journal had then. */
static void
forget_old(struct maillog_follow *follow)
{
	maillog_old_free(&follow->old);
	follow->has_looked = false;
}

static enum result
wait_tickets(struct maillog_follow *follow, struct error *err)
{
	enum result worst = RESULT_OK;

	for (size_t i = 0; i < follow->ticket_count; i++) {
		enum result result =
			ledger_wait(follow->ledger, &follow->tickets[i], err);

		if (result == RESULT_BAD)
			log_warn_gated(&follow->bad_gate, "not recorded: %s",
			               err->text);
		else if (result != RESULT_OK)
			worst = result;
	}
	follow->ticket_count = 0;
	return worst;
}

static enum result
record(void *context, const struct event *event, struct error *err)
{
	struct maillog_follow *follow = context;
	enum result result = RESULT_OK;

	if (follow->ticket_count == BATCH_EVENTS)
		result = wait_tickets(follow, err);
	if (result == RESULT_OK)
		ledger_queue(follow->ledger, event,
		             &follow->tickets[follow->ticket_count++]);
	return result;
}

static void
new_log(struct maillog_follow *follow)
{
	const struct maillog_options options = {
		.log_host = follow->options.host,
		.host = follow->options.settings->host,
		.event_limit = follow->options.settings->limits.events,
		.find = find,
		.record = record,
		.context = follow,
	};

	if (follow->log != NULL)
		maillog_follow_counts(follow, &follow->before);
	maillog_free(&follow->log);
	follow->log = maillog_new(&options);
}

void
maillog_follow_counts(const struct maillog_follow *follow,
                      struct maillog_counts *counts_r)
{
	const struct maillog_counts *now = maillog_counted(follow->log);
	const struct maillog_counts *before = &follow->before;

	*counts_r = (struct maillog_counts){
		.lines = before->lines + now->lines,
		.mta_lines = before->mta_lines + now->mta_lines,
		.other_hosts = before->other_hosts + now->other_hosts,
		.attempts = before->attempts + now->attempts,
		.recorded = before->recorded + now->recorded,
		.again = before->again + now->again,
		.unknown = before->unknown + now->unknown,
		.strange = before->strange + now->strange,
	};
}

/* --- the place -------------------------------------------------------- */

static enum result
read_cursor(struct maillog_follow *follow, struct error *err)
{
	struct arena *arena = arena_new();
	const struct maillog_follow_options *options = &follow->options;
	size_t path_len = strlen(options->path);
	struct span text = { "", 0 }, line;
	enum result result =
		file_read(arena, follow->path, CURSOR_LIMIT, &text, err);

	follow->saved[0] = '\0';
	/* The first line is the log's path: another log has another place. */
	if (result == RESULT_OK && span_line(&text, &line) &&
	    line.len == path_len &&
	    memcmp(line.at, options->path, path_len) == 0 &&
	    span_line(&text, &line) && line.len < sizeof(follow->saved)) {
		memcpy(follow->saved, line.at, line.len);
		follow->saved[line.len] = '\0';
	}
	arena_free(&arena);
	return result == RESULT_NONE ? RESULT_OK : result;
}

/* Not past what is still parked. */
static enum result
save_cursor(struct maillog_follow *follow, bool is_last, struct error *err)
{
	char cursor[MAILLOG_CURSOR_SIZE], text[PATH_MAX + MAILLOG_CURSOR_SIZE];
	int64_t now_us = clock_steady_us();

	if (follow->options.is_once || follow->input == NULL ||
	    (!is_last && now_us < follow->saved_us + SAVE_US))
		return RESULT_OK;
	if (follow->parked_count > 0)
		memcpy(cursor, follow->parked[0].cursor, sizeof(cursor));
	else
		maillog_input_cursor(follow->input, cursor);
	follow->saved_us = now_us;
	if (cursor[0] == '\0' || strcmp(cursor, follow->saved) == 0)
		return RESULT_OK;
	snprintf(text, sizeof(text), "%s\n%s\n", follow->options.path, cursor);
	enum result result =
		file_replace(follow->path, span_of(text), CURSOR_MODE, err);
	if (result == RESULT_OK)
		memcpy(follow->saved, cursor, sizeof(cursor));
	return result;
}

/* --- lines ------------------------------------------------------------ */

static void
unpark(struct maillog_follow *follow, size_t index)
{
	arena_free(&follow->parked[index].arena);
	follow->parked_count--;
	memmove(&follow->parked[index], &follow->parked[index + 1],
	        (follow->parked_count - index) * sizeof(follow->parked[0]));
}

static struct span
moved(struct arena *arena, struct span text)
{
	return span_make(arena_strndup(arena, text.at, text.len), text.len);
}

static void
park(struct maillog_follow *follow, const struct maillog_entry *entry,
     const char cursor[MAILLOG_CURSOR_SIZE])
{
	struct parked *parked = &follow->parked[follow->parked_count];

	if (follow->options.is_once || follow->parked_count == PARKED ||
	    entry->line.time < clock_now() - FRESH_MS) {
		maillog_count(follow->log)->unknown++;
		return;
	}
	follow->parked_count++;
	parked->arena = arena_new();
	parked->line.time = entry->line.time;
	parked->line.pid = entry->line.pid;
	parked->line.host = moved(parked->arena, entry->line.host);
	parked->line.program = moved(parked->arena, entry->line.program);
	parked->line.text = moved(parked->arena, entry->line.text);
	parked->raw = moved(parked->arena, entry->raw);
	parked->where = arena_strdup(parked->arena, entry->where);
	parked->until_us = clock_steady_us() + PATIENCE_US;
	memcpy(parked->cursor, cursor, MAILLOG_CURSOR_SIZE);
}

static enum result
try_parked(struct maillog_follow *follow, struct error *err)
{
	int64_t now_us = clock_steady_us();
	size_t i = 0;

	if (follow->parked_count == 0 || now_us < follow->tried_us + AGAIN_US)
		return RESULT_OK;
	follow->tried_us = now_us;
	while (i < follow->parked_count) {
		const struct parked *parked = &follow->parked[i];
		enum result result =
			maillog_take(follow->log, &parked->line, parked->raw,
		                     parked->where, err);

		if (result == RESULT_RETRY)
			return result;
		if (result == RESULT_NONE && now_us < parked->until_us) {
			i++;
			continue;
		}
		maillog_count(follow->log)->unknown +=
			result == RESULT_NONE ? 1 : 0;
		unpark(follow, i);
	}
	return RESULT_OK;
}

static enum result
take(struct maillog_follow *follow, const struct maillog_entry *entry,
     const char cursor[MAILLOG_CURSOR_SIZE], struct error *err)
{
	maillog_count(follow->log)->lines++;
	if (!entry->is_line)
		return RESULT_OK;
	enum result result = maillog_take(follow->log, &entry->line, entry->raw,
	                                  entry->where, err);
	if (result == RESULT_NONE)
		park(follow, entry, cursor);
	/* What cannot be read in the store now never will be. */
	if (result == RESULT_BAD)
		log_warn_gated(&follow->bad_gate, "%s: %s", entry->where,
		               err->text);
	return result == RESULT_RETRY ? result : RESULT_OK;
}

/* EVD-9: that something is missing is a fact too. */
static void
record_lost(struct maillog_follow *follow)
{
	const struct event gap = {
		.kind = EVENT_GAP,
		.time = clock_now(),
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MAILLOG,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = "maillog-lost",
	};
	struct error err;

	log_warn("%s: lines are missing: what was written after the last "
	         "place was rotated away or deleted before it was read",
	         follow->options.path);
	if (record(follow, &gap, &err) != RESULT_OK)
		log_error("%s", err.text);
}

static enum result
read_batch(struct maillog_follow *follow, struct error *err)
{
	char cursor[MAILLOG_CURSOR_SIZE];
	struct maillog_entry entry;
	enum result result = RESULT_OK;

	for (int i = 0; result == RESULT_OK && i < BATCH_LINES; i++) {
		maillog_input_cursor(follow->input, cursor);
		result = maillog_input_next(follow->input, &entry, err);
		if (maillog_input_lost(follow->input))
			record_lost(follow);
		if (result == RESULT_OK)
			result = take(follow, &entry, cursor, err);
	}
	return result;
}

static void
warn_other_hosts(struct maillog_follow *follow)
{
	const struct maillog_counts *counts = maillog_counted(follow->log);

	if (counts->other_hosts > 0 && counts->mta_lines == 0)
		log_warn_gated(&follow->host_gate,
		               "the lines in %s are of other hosts than %s; "
		               "maillog.host names the one that counts",
		               follow->options.path, follow->options.host);
}

static enum result
open_input(struct maillog_follow *follow, struct error *err)
{
	const struct maillog_input_options options = {
		.path = follow->options.path,
		.cursor = follow->saved,
		.is_once = follow->options.is_once,
		.first_year = follow->options.first_year,
	};

	if (follow->input != NULL)
		return RESULT_OK;

	enum result result = maillog_input_open(&options, &follow->input, err);

	/* A log to be followed may not be there yet; an old one must be. */
	return result == RESULT_NONE && options.is_once ? RESULT_BAD : result;
}

/*
 * From the saved place again. What this batch has recorded must be in the
 * store before its lines come again, so that it is known there.
 */
static void
start_over(struct maillog_follow *follow)
{
	struct error ignored;

	(void)!wait_tickets(follow, &ignored);
	while (follow->parked_count > 0)
		unpark(follow, follow->parked_count - 1);
	maillog_input_close(&follow->input);
	forget_old(follow);
	new_log(follow);
}

enum result
maillog_follow_step(struct maillog_follow *follow, struct error *err)
{
	enum result result = RESULT_OK, end;

	if (follow->input == NULL)
		result = ledger_settle(follow->ledger, SETTLE_MS, err);
	if (result == RESULT_OK)
		result = open_input(follow, err);
	if (result != RESULT_OK)
		return result;
	result = try_parked(follow, err);
	if (result == RESULT_OK)
		result = read_batch(follow, err);
	if (result == RESULT_OK || result == RESULT_NONE) {
		end = wait_tickets(follow, err);
		if (end == RESULT_OK)
			end = save_cursor(follow, false, err);
		if (end != RESULT_OK)
			result = end;
	}
	if (result == RESULT_RETRY)
		start_over(follow);
	warn_other_hosts(follow);
	return result;
}

enum result
maillog_follow_open(const struct maillog_follow_options *options,
                    struct maillog_follow **follow_r, struct error *err)
{
	struct maillog_follow *follow = memory_zeroed(1, sizeof(*follow));
	enum result result = ledger_open(
		options->settings, options->keys, "maillog",
		options->is_once ? SETTLE_MS : 0, &follow->ledger, err);

	follow->options = *options;
	if (result == RESULT_OK) {
		snprintf(follow->path, sizeof(follow->path), "%s/%s/cursor",
		         options->settings->journal,
		         ledger_writer(follow->ledger));
		new_log(follow);
		if (!options->is_once)
			result = read_cursor(follow, err);
	}
	if (result != RESULT_OK) {
		maillog_follow_close(&follow);
		return result;
	}
	*follow_r = follow;
	return RESULT_OK;
}

void
maillog_follow_close(struct maillog_follow **follow)
{
	struct error err;

	if (*follow == NULL)
		return;
	if (wait_tickets(*follow, &err) == RESULT_OK &&
	    save_cursor(*follow, true, &err) != RESULT_OK)
		log_error("%s", err.text);
	while ((*follow)->parked_count > 0)
		unpark(*follow, (*follow)->parked_count - 1);
	maillog_input_close(&(*follow)->input);
	ledger_close(&(*follow)->ledger, SETTLE_MS);
	maillog_free(&(*follow)->log);
	forget_old(*follow);
	free(*follow);
	*follow = NULL;
}
