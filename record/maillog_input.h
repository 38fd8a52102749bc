#ifndef RECORD_MAILLOG_INPUT_H
#define RECORD_MAILLOG_INPUT_H

#include "base/error.h"
#include "record/maillog_line.h"

/*
 * Where the lines of a mail log come from, and where reading goes on after a
 * restart. A file is followed when it is rotated: renamed, copied and cut
 * short, compressed. Its place is known by the bytes in front of it, so that
 * it is found again in whatever file they stand by then.
 */
struct maillog_input;

/* A place as one line of text: "file 52311 HASH", "systemd s=...;i=..." */
#define MAILLOG_CURSOR_SIZE 512

struct maillog_entry {
	struct maillog_line line;
	bool is_line;      /* false: no line of a syslog file; raw alone */
	struct span raw;   /* as it stands there */
	const char *where; /* "mail.log:52311" */
};

struct maillog_input_options {
	const char *path;   /* a file, "systemd" or "systemd:FOLDER" */
	const char *cursor; /* "": from the start of the newest file */
	bool is_once;       /* that one file, whole, compressed or not */
	int first_year;     /* see struct maillog_clock; 0: guess */
};

/* NONE: there is no such file (yet). BAD: it cannot be read. */
enum result maillog_input_open(const struct maillog_input_options *options,
                               struct maillog_input **input_r,
                               struct error *err) MUST_CHECK;
void maillog_input_close(struct maillog_input **input);

/* Valid until the next call. NONE: nothing more for now. */
enum result maillog_input_next(struct maillog_input *input,
                               struct maillog_entry *entry_r,
                               struct error *err) MUST_CHECK;

/* The place behind the last entry. */
void maillog_input_cursor(const struct maillog_input *input,
                          char cursor_r[MAILLOG_CURSOR_SIZE]);

/*
 * Once: lines between the last place and this one are gone, for their file
 * is not there any more.
 */
bool maillog_input_lost(struct maillog_input *input);

#endif
