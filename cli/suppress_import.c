#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/csv.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/suppress.h"
#include "record/ledger.h"

#define WRITER       "import" /* its own: a long one holds up nobody */
#define GROUP        2000     /* lines that share a wait for the disk */
#define LOCK_WAIT_MS 1000
#define SETTLE_MS    ((int64_t)10 * 60 * 1000)
#define SLACK_MS     ((time_ms_t)5 * 60 * 1000) /* clocks differ */
#define SHOWN        20                         /* bad lines on stderr */

enum column {
	COLUMN_PERSON,
	COLUMN_CLASS,
	COLUMN_SINCE,
	COLUMNS
};

static const struct {
	const char *name;
	enum column column;
} names[] = {
	{ "person", COLUMN_PERSON },  { "address", COLUMN_PERSON },
	{ "email", COLUMN_PERSON },   { "e-mail", COLUMN_PERSON },
	{ "adresse", COLUMN_PERSON }, { "courriel", COLUMN_PERSON },
	{ "hash", COLUMN_PERSON },    { "class", COLUMN_CLASS },
	{ "list", COLUMN_CLASS },     { "classe", COLUMN_CLASS },
	{ "liste", COLUMN_CLASS },    { "since", COLUMN_SINCE },
	{ "date", COLUMN_SINCE },     { "time", COLUMN_SINCE },
	{ "depuis", COLUMN_SINCE },
};

struct import {
	struct suppress_work *work;
	struct csv *csv;
	struct ledger *ledger; /* NULL: a dry run */
	int at[COLUMNS];       /* -1: the file has none */
	time_ms_t now;
	FILE *rejects;
	struct buf line;
	struct progress progress;
	uint64_t file_bytes;
	uint64_t lines;
	uint64_t taken;
	uint64_t known;
	uint64_t outdone;
	uint64_t bad;
	struct refusal *group;
	size_t count; /* in it */
};

/* --- lines that cannot be taken --------------------------------------- */

static void
reject(struct import *import, const struct csv_record *row, const char *why)
{
	import->bad++;
	if (import->rejects != NULL) {
		buf_reset(&import->line);
		csv_write_field(&import->line, ',', true, span_trim(row->raw));
		buf_printf(&import->line, ",%llu",
		           (unsigned long long)row->line);
		csv_write_field(&import->line, ',', false, span_of(why));
		buf_text(&import->line, "\r\n");
		fwrite(import->line.data, 1, import->line.len, import->rejects);
	}
	if (import->bad > SHOWN)
		return;
	progress_end(&import->progress);
	fprintf(stderr, "%s:%llu: %s\n", import->work->word,
	        (unsigned long long)row->line, why);
	if (import->bad == SHOWN)
		fprintf(stderr, "%s: further bad lines are only counted%s\n",
		        import->work->word,
		        import->rejects != NULL ? ""
		                                : "; --rejects FILE keeps "
		                                  "them");
}

static bool
open_rejects(struct import *import)
{
	const char *path = import->work->rejects;
	int fd;

	if (path[0] == '\0')
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	import->rejects = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (import->rejects != NULL)
		return true;
	opened_say(&import->work->opened, "%s: %s", path, strerror(errno));
	return false;
}

/* --- a line ----------------------------------------------------------- */

static struct span
field(const struct import *import, const struct csv_record *row,
      enum column column)
{
	int at = import->at[column];

	return at >= 0 && (size_t)at < row->count ? row->fields[at] : SPAN("");
}

static enum result
read_since(const struct import *import, struct arena *arena, struct span text,
           time_ms_t *since_r, struct error *err)
{
	*since_r = import->now;
	if (text.len == 0)
		return RESULT_OK;
	if (!clock_parse(arena_strndup(arena, text.at, text.len), since_r) ||
	    *since_r <= 0) {
		error_set(err, "since: is no time as 2026-11-21 or "
		               "2026-11-21T10:00:02+01:00");
		return RESULT_BAD;
	}
	if (*since_r <= import->now + SLACK_MS)
		return RESULT_OK;
	error_set(err, "since: lies in the future");
	return RESULT_BAD;
}

static enum result
read_row(const struct import *import, struct arena *arena,
         const struct csv_record *row, struct refusal *refusal,
         struct error *err)
{
	const struct opened *opened = &import->work->opened;
	struct span name = field(import, row, COLUMN_CLASS);

	if (!suppress_person(opened->keys, field(import, row, COLUMN_PERSON),
	                     refusal->person)) {
		error_set(err, "neither an address nor a hash of 24 digits");
		return RESULT_BAD;
	}
	if (name.len == 0)
		name = span_of(import->work->class_name);
	refusal->class_name = suppress_class(opened->settings, name);
	if (refusal->class_name == NULL) {
		error_set(err, "%s",
		          suppress_no_class(arena, opened->settings,
		                            span_take(name, 80)));
		return RESULT_BAD;
	}
	return read_since(import, arena, field(import, row, COLUMN_SINCE),
	                  &refusal->since, err);
}

/* --- a group of lines ------------------------------------------------- */

/* While the store is away all are recorded: twice does no harm. */
static void
ask_known(struct import *import, enum refusal_state states[GROUP])
{
	struct error err;

	if (refusals_known(import->work->opened.store, import->group,
	                   import->count, states, &err) == RESULT_OK)
		return;
	for (size_t i = 0; i < import->count; i++)
		states[i] = REFUSAL_NEW;
}

static void
queue_one(struct import *import, const struct refusal *refusal,
          struct journal_ticket *ticket)
{
	struct event event;

	import->taken++;
	if (import->ledger == NULL)
		return;
	person_event_named(EVENT_SUPPRESSED, refusal->person,
	                   refusal->class_name, "import", &event);
	event.source = SOURCE_OPERATOR;
	event.time = refusal->since;
	ledger_queue(import->ledger, &event, ticket);
}

static enum result
take_group(struct import *import, struct error *err)
{
	enum refusal_state states[GROUP];
	struct journal_ticket ticket;
	uint64_t before = import->taken;
	enum result result = RESULT_OK;

	ask_known(import, states);
	for (size_t i = 0; i < import->count; i++)
		switch (states[i]) {
		case REFUSAL_NEW:
			queue_one(import, &import->group[i], &ticket);
			break;
		case REFUSAL_KNOWN:
			import->known++;
			break;
		case REFUSAL_OUTDONE:
			import->outdone++;
			break;
		}
	import->count = 0;
	if (import->ledger != NULL && import->taken > before)
		result = ledger_wait(import->ledger, &ticket, err);
	if (result != RESULT_OK)
		import->taken = before;
	return result;
}

static enum result
take_row(struct import *import, struct arena *arena,
         const struct csv_record *row, struct error *err)
{
	struct refusal *next = &import->group[import->count];
	struct error why;

	import->lines++;
	arena_reset(arena);
	if (read_row(import, arena, row, next, &why) != RESULT_OK) {
		reject(import, row, why.text);
		return RESULT_OK;
	}
	if (++import->count < GROUP)
		return RESULT_OK;
	return take_group(import, err);
}

/* --- the file --------------------------------------------------------- */

/*
 * A first line that names the columns is read as such. Without one, the
 * columns are person, class, since.
 */
static bool
is_header(struct import *import, const struct csv_record *row)
{
	int at[COLUMNS] = { -1, -1, -1 };

	for (size_t i = 0; i < row->count; i++)
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			if (span_is(row->fields[i], names[n].name) &&
			    at[names[n].column] < 0)
				at[names[n].column] = (int)i;
	if (at[COLUMN_PERSON] < 0)
		return false;
	memcpy(import->at, at, sizeof(at));
	return true;
}

static enum result
take_rows(struct import *import, struct arena *arena, struct error *err)
{
	for (bool is_first = true;; is_first = false) {
		struct csv_record row;
		struct error why;
		enum result result = csv_next(import->csv, &row, &why);

		if (result == RESULT_BAD) {
			import->lines++;
			reject(import, &row, why.text);
			continue;
		}
		if (result == RESULT_RETRY)
			*err = why;
		if (result == RESULT_NONE)
			return take_group(import, err);
		if (result == RESULT_OK &&
		    !(is_first && is_header(import, &row)))
			result = take_row(import, arena, &row, err);
		if (result != RESULT_OK)
			return result;
		progress_show(&import->progress, csv_bytes(import->csv),
		              import->file_bytes, import->lines, "lines");
	}
}

static enum result
run_import(struct import *import, struct error *err)
{
	const struct opened *opened = &import->work->opened;
	struct arena *arena = arena_new();
	enum result result = RESULT_OK;

	if (!import->work->is_dry)
		result = ledger_open(opened->settings, opened->keys, WRITER,
		                     LOCK_WAIT_MS, &import->ledger, err);
	if (result == RESULT_OK)
		result = take_rows(import, arena, err);
	progress_end(&import->progress);
	arena_free(&arena);
	return result;
}

static void
report(const struct import *import)
{
	printf("%llu lines: %llu %s, %llu on the list before, %llu said yes "
	       "later, %llu bad\n",
	       (unsigned long long)import->lines,
	       (unsigned long long)import->taken,
	       import->work->is_dry ? "would be recorded" : "recorded",
	       (unsigned long long)import->known,
	       (unsigned long long)import->outdone,
	       (unsigned long long)import->bad);
	fflush(stdout);
}

static bool
settle(struct import *import)
{
	struct error err;

	if (import->ledger == NULL || import->taken == 0 ||
	    ledger_settle(import->ledger, SETTLE_MS, &err) == RESULT_OK)
		return true;
	opened_say(&import->work->opened, "%s", err.text);
	return false;
}

/* False: it was said what is wrong. */
static bool
begin(struct import *import)
{
	struct suppress_work *work = import->work;
	struct opened *opened = &work->opened;
	struct span name = span_of(work->class_name);

	if (!open_settings(opened, work->conf) || !open_keys(opened) ||
	    !open_store(opened) || !open_rejects(import))
		return false;
	if (suppress_class(opened->settings, name) != NULL)
		return true;
	opened_say(opened, "%s",
	           suppress_no_class(opened->arena, opened->settings, name));
	return false;
}

static int
import_from(struct import *import, int fd)
{
	struct error err;
	enum result result;
	bool is_good;

	import->csv = csv_new(fd);
	result = run_import(import, &err);
	if (result != RESULT_OK)
		opened_say(&import->work->opened, "%s: %s%s",
		           import->work->word, err.text,
		           import->lines > 0
		                   ? "; what is recorded stays, run it again "
		                     "to go on"
		                   : "");
	if (result == RESULT_OK || import->lines > 0)
		report(import);
	is_good = settle(import) && result == RESULT_OK && import->bad == 0;
	ledger_close(&import->ledger, 0);
	csv_free(&import->csv);
	return is_good ? EXIT_DONE : EXIT_PROBLEM;
}

int
suppress_import(struct suppress_work *work)
{
	struct import import = { .work = work,
		                 .at = { 0, 1, 2 },
		                 .now = clock_now() };
	bool is_stdin = strcmp(work->word, "-") == 0;
	int code = EXIT_PROBLEM;
	struct stat status;
	int fd = is_stdin ? STDIN_FILENO
	                  : open(work->word, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0) {
		opened_say(&work->opened, "%s: %s", work->word,
		           strerror(errno));
		return EXIT_PROBLEM;
	}
	import.file_bytes =
		S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	buf_init(&import.line, 2 * CSV_RECORD_LIMIT);
	if (begin(&import)) {
		import.group = arena_array(work->opened.arena, GROUP,
		                           sizeof(*import.group));
		code = import_from(&import, fd);
	}
	if (import.rejects != NULL && fclose(import.rejects) != 0) {
		opened_say(&work->opened, "%s: %s", work->rejects,
		           strerror(errno));
		code = EXIT_PROBLEM;
	}
	buf_done(&import.line);
	if (!is_stdin)
		close(fd);
	return code;
}
