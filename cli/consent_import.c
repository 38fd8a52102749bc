#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/seen.h"
#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/consent_row.h"
#include "cli/progress.h"
#include "record/ledger.h"
#include "record/walk.h"

#define GROUP        2000 /* rows that share one wait for the disk */
#define LOCK_WAIT_MS 1000
#define SETTLE_MS    (INT64_C(10) * 60 * 1000)
#define ROW_BYTES    ((size_t)8 * 1024)
#define SHOWN        20 /* bad lines on stderr; --rejects has them all */

struct import {
	struct consent_work *work;
	struct consent_defaults defaults;
	struct consent_columns columns;
	struct csv *csv;
	struct arena *arena; /* of one row */
	struct seen *seen;
	struct ledger *ledger; /* NULL: a dry run */
	struct buf row;        /* what makes it itself */
	struct buf reject;
	FILE *rejects;
	struct progress progress;
	uint64_t file_bytes;
	uint64_t rows;
	uint64_t taken;
	uint64_t known;
	uint64_t bad;
	uint64_t queued; /* since the last wait */
	struct journal_ticket ticket;
};

/* --- what is in the record already ------------------------------------ */

static enum result
see_recorded(void *context, const struct walk_entry *entry, struct error *err)
{
	struct import *import = context;
	enum result result;

	if (entry->event->kind != EVENT_CONSENT || entry->is_erased)
		return RESULT_OK;
	consent_print(entry->event, &import->row);
	result = seen_add(import->seen, buf_as_span(&import->row), err);
	progress_show(&import->progress, 0, 0, seen_count(import->seen),
	              "consents on record");
	return result == RESULT_NONE ? RESULT_OK : result;
}

/* So that a row is recorded once, however often the file is read. */
static enum result
read_record(struct import *import, struct error *err)
{
	const struct settings *settings = import->work->opened.settings;
	struct walk walk = {
		.folder = settings->journal,
		.writer = arena_printf(import->work->opened.arena, "%s.%s",
		                       settings->host, CONSENT_IMPORT_WRITER),
		.look = see_recorded,
		.context = import,
	};
	enum result result = file_make_folder(settings->journal, 0700, err);

	if (result == RESULT_OK)
		result = seen_new(settings->journal, &import->seen, err);
	if (result == RESULT_OK)
		result = walk_journals(&walk, err);
	progress_end(&import->progress);
	return result == RESULT_NONE ? RESULT_OK : result;
}

/* --- lines that cannot be taken --------------------------------------- */

static void
write_reject(struct import *import, const struct csv_record *row,
             const char *why)
{
	char separator = csv_separator(import->csv);
	struct buf *out = &import->reject;

	buf_reset(out);
	for (size_t i = 0; i < row->count; i++)
		csv_write_field(out, separator, i == 0, row->fields[i]);
	if (row->count == 0)
		csv_write_field(out, separator, true, row->raw);
	/* The reason stands in its column, however short the line is. */
	for (size_t i = row->count == 0 ? 1 : row->count;
	     i < import->columns.count; i++)
		buf_byte(out, separator);
	buf_printf(out, "%c%llu", separator, (unsigned long long)row->line);
	csv_write_field(out, separator, false, span_of(why));
	buf_text(out, "\r\n");
	fwrite(out->data, 1, out->len, import->rejects);
}

static void
reject(struct import *import, const struct csv_record *row, const char *why)
{
	import->bad++;
	if (import->rejects != NULL)
		write_reject(import, row, why);
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
open_rejects(struct import *import, const struct csv_record *header)
{
	const char *path = import->work->rejects;
	struct buf *out = &import->reject;
	char separator = csv_separator(import->csv);
	int fd;

	if (path[0] == '\0')
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	import->rejects = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (import->rejects == NULL) {
		opened_say(&import->work->opened, "%s: %s", path,
		           strerror(errno));
		return false;
	}
	buf_reset(out);
	for (size_t i = 0; i < header->count; i++)
		csv_write_field(out, separator, i == 0, header->fields[i]);
	buf_printf(out, "%cavis_line%cavis_reason\r\n", separator, separator);
	fwrite(out->data, 1, out->len, import->rejects);
	return true;
}

/* --- the rows --------------------------------------------------------- */

static enum result
wait_group(struct import *import, struct error *err)
{
	enum result result = RESULT_OK;

	if (import->queued > 0 && import->ledger != NULL)
		result = ledger_wait(import->ledger, &import->ticket, err);
	if (result == RESULT_OK)
		import->taken += import->queued;
	import->queued = 0;
	return result;
}

/* The row is bad: OK, and counted. Anything else ends the import. */
static enum result
take_row(struct import *import, const struct csv_record *row, struct error *err)
{
	struct event event;
	struct error why;
	enum result result;

	import->rows++;
	arena_reset(import->arena);
	if (consent_row(import->arena, row, &import->columns, &import->defaults,
	                &event, &why) != RESULT_OK) {
		reject(import, row, why.text);
		return RESULT_OK;
	}
	consent_print(&event, &import->row);
	result = seen_add(import->seen, buf_as_span(&import->row), err);
	if (result == RESULT_NONE)
		import->known++;
	if (result != RESULT_OK)
		return result == RESULT_NONE ? RESULT_OK : result;
	if (import->ledger != NULL)
		ledger_queue(import->ledger, &event, &import->ticket);
	import->queued++;
	return import->queued == GROUP ? wait_group(import, err) : RESULT_OK;
}

static enum result
take_rows(struct import *import, struct error *err)
{
	for (;;) {
		struct csv_record row;
		struct error why;
		enum result result = csv_next(import->csv, &row, &why);

		if (result == RESULT_BAD) {
			import->rows++;
			reject(import, &row, why.text);
			continue;
		}
		if (result == RESULT_OK)
			result = take_row(import, &row, err);
		else if (result == RESULT_RETRY)
			*err = why;
		if (result == RESULT_NONE)
			return wait_group(import, err);
		if (result != RESULT_OK)
			return result;
		progress_show(&import->progress, csv_bytes(import->csv),
		              import->file_bytes, import->rows, "lines");
	}
}

static enum result
begin_file(struct import *import, struct error *err)
{
	const char *ignored = "";
	struct csv_record header;
	enum result result = csv_next(import->csv, &header, err);

	if (result == RESULT_NONE)
		error_set(err, "it is empty");
	if (result == RESULT_OK && header.fields[0].len > 1 &&
	    memchr(header.raw.at, '\0', header.raw.len) != NULL) {
		error_set(err, "it is UTF-16; `iconv -f UTF-16 -t UTF-8` turns "
		               "it");
		result = RESULT_BAD;
	}
	if (result == RESULT_OK)
		result = consent_header(import->work->opened.arena, &header,
		                        &import->defaults, &import->columns,
		                        &ignored, err);
	if (result != RESULT_OK)
		return RESULT_BAD;
	if (ignored[0] != '\0')
		fprintf(stderr, "%s: not read: %s\n", import->work->word,
		        ignored);
	if (!open_rejects(import, &header)) {
		error_set(err, "nothing was imported");
		return RESULT_BAD;
	}
	return RESULT_OK;
}

/* --- the command ------------------------------------------------------ */

static enum result
run_import(struct import *import, struct error *err)
{
	struct opened *opened = &import->work->opened;
	enum result result = begin_file(import, err);

	if (result == RESULT_OK)
		result = read_record(import, err);
	if (result == RESULT_OK && !import->work->is_dry)
		result = ledger_open(opened->settings, opened->keys,
		                     CONSENT_IMPORT_WRITER, LOCK_WAIT_MS,
		                     &import->ledger, err);
	if (result == RESULT_OK)
		result = take_rows(import, err);
	progress_end(&import->progress);
	return result;
}

/* What is recorded is so for ever; when it counts depends on the store. */
static bool
settle(struct import *import)
{
	struct error err;

	if (import->ledger == NULL || import->taken == 0)
		return true;
	fflush(stdout);
	if (isatty(STDERR_FILENO))
		fputs("waiting for the store...\r", stderr);
	if (ledger_settle(import->ledger, SETTLE_MS, &err) == RESULT_OK)
		return true;
	opened_say(&import->work->opened,
	           "%s; `avis journal replay` brings it there", err.text);
	return false;
}

static void
report(const struct import *import)
{
	printf("%llu lines: %llu %s, %llu on record before, %llu bad\n",
	       (unsigned long long)import->rows,
	       (unsigned long long)import->taken,
	       import->work->is_dry ? "would be recorded" : "recorded",
	       (unsigned long long)import->known,
	       (unsigned long long)import->bad);
}

static void
import_done(struct import *import)
{
	if (import->rejects != NULL && fclose(import->rejects) != 0)
		opened_say(&import->work->opened, "%s: %s",
		           import->work->rejects, strerror(errno));
	ledger_close(&import->ledger, 0);
	seen_free(&import->seen);
	csv_free(&import->csv);
	buf_done(&import->row);
	buf_done(&import->reject);
	arena_free(&import->arena);
}

int
consent_import(struct consent_work *work)
{
	struct import import = { .work = work };
	struct stat status;
	struct error err;
	bool is_stdin = strcmp(work->word, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO
	                  : open(work->word, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0) {
		opened_say(&work->opened, "%s: %s", work->word,
		           strerror(errno));
		return EXIT_PROBLEM;
	}
	if (!open_settings(&work->opened, work->conf) ||
	    !open_keys(&work->opened))
		return EXIT_PROBLEM;
	import.defaults =
		(struct consent_defaults){ work->opened.settings,
		                           work->class_name, clock_now() };
	import.file_bytes =
		S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	import.csv = csv_new(fd);
	import.arena = arena_new();
	buf_init(&import.row, ROW_BYTES);
	buf_init(&import.reject, 2 * CSV_RECORD_LIMIT);
	enum result result = run_import(&import, &err);
	if (result != RESULT_OK)
		opened_say(&work->opened, "%s: %s%s", work->word, err.text,
		           import.rows > 0 ? "; what is recorded stays, run it "
		                             "again to go on"
		                           : "");
	if (result == RESULT_OK || import.rows > 0)
		report(&import);
	bool is_good = settle(&import) && result == RESULT_OK;
	import_done(&import);
	if (!is_stdin)
		close(fd);
	return is_good && import.bad == 0 ? EXIT_DONE : EXIT_PROBLEM;
}
