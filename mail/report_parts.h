#ifndef MAIL_REPORT_PARTS_H
#define MAIL_REPORT_PARTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/letter.h"
#include "mail/report.h"

/*
 * What report.c is put together from: one reader per kind of report. Each
 * fills its members of the report and leaves the others.
 */
#define REPORT_PART_LIMIT ((size_t)64 * 1024) /* REP-13 */
#define GROUP_LIMIT       1000
#define FIELD_BYTES_LIMIT 8192

/* The lines of a message/delivery-status, decoded and in UTF-8. */
void report_dsn_read(struct arena *arena, struct span text,
                     struct report *report);

/* Do these lines begin like one, whatever their type says? */
bool report_dsn_looks_like(struct span text);

/* The same for message/disposition-notification. */
void report_mdn_read(struct arena *arena, struct span text,
                     struct report *report);
bool report_mdn_looks_like(struct span text);

/* A read receipt in words only: true when the letter is one. */
bool report_mdn_read_words(const struct letter *letter, struct report *report);

/* message/feedback-report (RFC 5965). */
void report_feedback_read(struct arena *arena, struct span text,
                          struct report *report);

/* Sets is_malformed; the first reason stays. */
void report_malformed(struct report *report, const char *problem);

struct report_recipient *report_add_recipient(struct arena *arena,
                                              struct report *report);

/* One line, white space runs made one space, at most limit bytes. */
const char *report_line(struct arena *arena, struct span text, size_t limit);

/* Has the text an enhanced status code (RFC 3463) of class 4 or 5? "". */
const char *report_status_in(struct arena *arena, struct span text);

/* The class behind an SMTP reply code, as "5.0.0" (STAT-3); "". */
const char *report_class_in(struct arena *arena, struct span text);

/*
 * Fields "Name: value" one after the other: false at the end. A line that
 * is no field is passed over; is_after_gap says that an empty line came
 * before.
 */
struct field_reader {
	struct span rest;
	bool has_long_field;
};

struct field {
	struct span name;
	struct span value; /* with its folds */
	bool is_after_gap;
};

bool field_next(struct field_reader *reader, struct field *field_r);

#endif
