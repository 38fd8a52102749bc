#ifndef RECORD_MAILLOG_H
#define RECORD_MAILLOG_H

#include "base/error.h"
#include "record/event.h"
#include "record/maillog_line.h"

/*
 * The lines of an MTA's log, one after the other, become events: handed over
 * to whom, with which answer, how securely (F-4, EVD-6). What belongs
 * together stands in several lines: the message-id, the secure connection of
 * a process, the queue files that a message goes through. A line is recorded
 * once, however often it is read.
 *
 * A queue id leads to a message by host, time and Message-ID, for short ids
 * come again (F-13).
 */
struct maillog;

struct maillog_question {
	const char *queue_id;
	const char *message_id; /* as the log has it; "" : it did not say */
	const char *host;       /* whose milter saw it; "" : any */
	time_ms_t time;         /* of the line: sent before that */
};

struct maillog_options {
	const char *log_host; /* whose lines count; "*" : all */
	const char *host;     /* how the record names that machine */
	int64_t event_limit;  /* of one message */
	/* What is known of that message, as find_events. NONE: not ours. */
	enum result (*find)(void *context, struct arena *arena,
	                    const struct maillog_question *question,
	                    struct event_list *events_r, struct error *err);
	enum result (*record)(void *context, const struct event *event,
	                      struct error *err);
	void *context;
};

struct maillog_counts {
	uint64_t lines;
	uint64_t mta_lines;   /* of a program that we read */
	uint64_t other_hosts; /* passed by: of a machine that we do not read */
	uint64_t attempts;
	uint64_t recorded;
	uint64_t again;   /* recorded before */
	uint64_t unknown; /* attempts that belong to no message of ours */
	uint64_t strange; /* ours, but to nobody whom the author wrote to */
};

struct maillog *maillog_new(const struct maillog_options *options);
void maillog_free(struct maillog **log);

/*
 * where names the line for people: "mail.log:52311". OK: what there was to
 * record was given to record(). NONE: it tells of a message that nobody
 * knows; when the line is fresh, ask again in a moment. RETRY, BAD: as find
 * and record said; the same line is to be given again.
 */
enum result maillog_take(struct maillog *log, const struct maillog_line *line,
                         struct span raw, const char *where,
                         struct error *err) MUST_CHECK;

const struct maillog_counts *maillog_counted(const struct maillog *log);
/* For the one who splits the lines. */
struct maillog_counts *maillog_count(struct maillog *log);

#endif
