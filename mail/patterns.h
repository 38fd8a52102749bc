#ifndef MAIL_PATTERNS_H
#define MAIL_PATTERNS_H

#include <stddef.h>

#include "base/span.h"
#include "mail/report.h"

/*
 * The wording by which bounces and automatic replies are known, in people's
 * languages. Each is a row: folded text (mail/phrase.h), how strongly it
 * speaks, and what it says of the delivery.
 */
struct pattern {
	const char *text;
	int points;
	enum report_action action; /* ACTION_NONE: it does not say */
};

struct pattern_table {
	const struct pattern *items;
	size_t count;
};

/* Subjects and texts of bounces. */
extern const struct pattern_table bounce_subjects;
extern const struct pattern_table bounce_phrases;

/* Words that say a delivery was given up, whatever else is said. */
extern const struct pattern_table bounce_finals;

/* A line that announces a list of failed (or delayed) addresses. */
extern const struct pattern_table bounce_headings;

/* Subjects and texts of automatic replies. */
extern const struct pattern_table automatic_subjects;
extern const struct pattern_table automatic_phrases;

/* The row that speaks strongest of those found; NULL when there is none. */
const struct pattern *pattern_best(const struct pattern_table *table,
                                   struct span folded);

/* The points of all rows found, at most limit. */
int pattern_points(const struct pattern_table *table, struct span folded,
                   int limit);

#endif
