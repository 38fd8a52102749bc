#ifndef RECORD_MAILLOG_LINE_H
#define RECORD_MAILLOG_LINE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/span.h"

/*
 * The frame of a line of a syslog file: when, on which machine, which
 * process, and what it said. Two kinds of time stamps: "Nov 21 10:00:02",
 * which knows neither year nor zone, and RFC 3339.
 */
struct maillog_line {
	time_ms_t time;
	struct span host;
	struct span program; /* "postfix/smtp", "sm-mta" */
	unsigned pid;        /* 0: none was given */
	struct span text;    /* behind "program[pid]: " */
};

/*
 * What a time stamp without year and zone means. The zone is that of this
 * process (TZ). latest: no line can be later than this and a day, the moment
 * of reading or that of the file's last change; the year is the last one
 * that fits. With first_year, that of the first line, years are counted on
 * from there instead, one more whenever the months start again.
 */
struct maillog_clock {
	time_ms_t latest;
	int first_year; /* 0: not known */

	int year; /* counted on from first_year */
	int month;
	long hour_key;  /* the last hour that was looked up, */
	time_ms_t hour; /* and when it began */
};

/* False: it is no such line. */
bool maillog_line_read(struct maillog_clock *clock, struct span line,
                       struct maillog_line *line_r);

#endif
