#include "record/systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/memory.h"

#define PREFIX     "systemd "
#define FIELD_SIZE 256
#define RAW_SIZE   (16 * 1024)

struct systemd_log {
	sd_journal *journal;
	bool is_lost;
	bool is_at_end;
	char cursor[MAILLOG_CURSOR_SIZE];
	char host[FIELD_SIZE];
	char program[FIELD_SIZE];
	char raw[RAW_SIZE];
};

/* The value of "NAME=value"; "" when it is not there. */
static struct span
field(struct systemd_log *log, const char *name)
{
	const void *at;
	size_t len, skip = strlen(name) + 1;

	if (sd_journal_get_data(log->journal, name, &at, &len) < 0 ||
	    len < skip)
		return SPAN("");
	return span_make((const char *)at + skip, len - skip);
}

static const char *
keep(char *place, struct span text)
{
	snprintf(place, FIELD_SIZE, SPAN_FMT, SPAN_ARG(text));
	return place;
}

/* Who logs says its own pid; a program that forks may say another's. */
static unsigned
pid_of(struct systemd_log *log)
{
	char text[FIELD_SIZE];
	struct span pid = field(log, "SYSLOG_PID");

	if (pid.len == 0)
		pid = field(log, "_PID");
	return (unsigned)strtoul(keep(text, pid), NULL, 10);
}

static time_ms_t
time_of(struct systemd_log *log)
{
	char text[FIELD_SIZE];
	struct span source = field(log, "_SOURCE_REALTIME_TIMESTAMP");
	uint64_t us = 0;

	if (source.len > 0)
		us = strtoull(keep(text, source), NULL, 10);
	else if (sd_journal_get_realtime_usec(log->journal, &us) < 0)
		us = 0;
	return (time_ms_t)(us / 1000);
}

static void
read_entry(struct systemd_log *log, struct maillog_entry *entry)
{
	char when[CLOCK_TEXT_SIZE];
	struct maillog_line *line = &entry->line;
	int head;

	line->time = time_of(log);
	line->host = span_of(keep(log->host, field(log, "_HOSTNAME")));
	line->program =
		span_of(keep(log->program, field(log, "SYSLOG_IDENTIFIER")));
	line->pid = pid_of(log);
	clock_format(line->time, when);
	head = snprintf(log->raw, sizeof(log->raw), "%s %s %s[%u]: ", when,
	                log->host, log->program, line->pid);

	struct span text = field(log, "MESSAGE");
	size_t room = sizeof(log->raw) - (size_t)head;

	line->text =
		span_make(log->raw + head, text.len < room ? text.len : room);
	memcpy(log->raw + head, text.at, line->text.len);
	entry->raw = span_make(log->raw, (size_t)head + line->text.len);
	entry->is_line = line->program.len > 0 && line->text.len > 0;
	entry->where = "systemd";
}

static void
keep_cursor(struct systemd_log *log)
{
	char *text = NULL;

	if (sd_journal_get_cursor(log->journal, &text) >= 0)
		snprintf(log->cursor, sizeof(log->cursor), PREFIX "%s", text);
	free(text);
}

static enum result
failed(struct error *err, const char *deed, int number)
{
	error_errno(err, -number, "the journal of systemd cannot be %s", deed);
	return RESULT_BAD;
}

/* Behind the cursor, or at the first entry there is. */
static int
seek(struct systemd_log *log, const char *cursor)
{
	int done;

	if (strncmp(cursor, PREFIX, strlen(PREFIX)) != 0)
		return sd_journal_seek_head(log->journal);
	snprintf(log->cursor, sizeof(log->cursor), "%s", cursor);
	cursor += strlen(PREFIX);
	done = sd_journal_seek_cursor(log->journal, cursor);
	if (done >= 0)
		done = sd_journal_next(log->journal);
	if (done < 0)
		return done;
	if (done > 0 && sd_journal_test_cursor(log->journal, cursor) > 0)
		return done;
	/* It was rotated away; we stand at the first entry after it. */
	log->is_lost = true;
	return sd_journal_previous(log->journal) == 0
	               ? sd_journal_seek_head(log->journal)
	               : 0;
}

enum result
systemd_log_open(const struct maillog_input_options *options,
                 struct systemd_log **log_r, struct error *err)
{
	const char *folder = strchr(options->path, ':');
	struct systemd_log *log = memory_zeroed(1, sizeof(*log));
	int done = folder != NULL ? sd_journal_open_directory(&log->journal,
	                                                      folder + 1, 0)
	                          : sd_journal_open(&log->journal,
	                                            SD_JOURNAL_LOCAL_ONLY |
	                                                    SD_JOURNAL_SYSTEM);

	/* Facility mail, as Postfix and Sendmail log (syslog(3)). */
	if (done >= 0)
		done = sd_journal_add_match(log->journal, "SYSLOG_FACILITY=2",
		                            0);
	if (done >= 0)
		done = seek(log, options->cursor);
	if (done < 0) {
		systemd_log_close(&log);
		return failed(err, "opened", done);
	}
	*log_r = log;
	return RESULT_OK;
}

void
systemd_log_close(struct systemd_log **log)
{
	if (*log == NULL)
		return;
	sd_journal_close((*log)->journal);
	free(*log);
	*log = NULL;
}

enum result
systemd_log_next(struct systemd_log *log, struct maillog_entry *entry_r,
                 struct error *err)
{
	/* Takes notice of files that come and go. */
	int done = log->is_at_end ? sd_journal_process(log->journal) : 0;

	if (done >= 0)
		done = sd_journal_next(log->journal);
	if (done < 0)
		return failed(err, "read", done);
	log->is_at_end = done == 0;
	if (log->is_at_end)
		return RESULT_NONE;
	*entry_r = (struct maillog_entry){ .is_line = false };
	read_entry(log, entry_r);
	keep_cursor(log);
	return RESULT_OK;
}

void
systemd_log_cursor(const struct systemd_log *log,
                   char cursor_r[MAILLOG_CURSOR_SIZE])
{
	memcpy(cursor_r, log->cursor, MAILLOG_CURSOR_SIZE);
}

bool
systemd_log_lost(struct systemd_log *log)
{
	bool is_lost = log->is_lost;

	log->is_lost = false;
	return is_lost;
}
