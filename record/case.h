#ifndef RECORD_CASE_H
#define RECORD_CASE_H

#include <stdbool.h>

#include "record/event.h"
#include "record/state.h"

/*
 * What became of one message, for whoever shows it: a terminal, a page, a
 * certificate. A line for each event, with its grade and source, in the order
 * of the facts; what two sources say is joined, what contradicts stays side
 * by side, what is missing is said, and so is what all of it does not prove
 * (BND-7).
 */
enum language {
	LANGUAGE_EN,
	LANGUAGE_FR
};
bool language_read(const char *text, enum language *language_r);

enum read_from {
	READ_STORE,
	READ_JOURNAL, /* of this host */
	READ_ARCHIVE  /* and what the journals here have beyond it */
};

struct case_line {
	const struct event *event;
	const char *kind;   /* "handed over" */
	const char *words;  /* to whom, with which answer */
	const char *grade;  /* "observed" */
	const char *source; /* "mail log, mx1" */
	const char *remark; /* "as the mail log said at 10:00:02"; "" */
	const struct event *same_as; /* the same fact, from another source */
};

struct case_part {
	unsigned number;     /* of the recipient; 0: of all */
	const char *address; /* "" : of all */
	enum state state;
	bool is_claimed;
	const char *state_words;
	const struct case_line **lines; /* of the case, those that concern it */
	size_t line_count;
	const char *const *gaps; /* what is missing, in sentences */
	size_t gap_count;
};

struct case_file {
	enum language language;
	enum read_from read_from;
	const struct event_list *events;
	const struct event *first; /* submitted or refused; NULL: not there */
	struct case_line *lines;   /* one an event, in their order */
	struct case_part common;
	struct case_part *parts; /* one a recipient */
	size_t part_count;
};

/* events: oldest first; kept by the case. */
struct case_file *case_make(struct arena *arena,
                            const struct event_list *events,
                            enum read_from read_from, enum language language);

/* The submitted event, or the refused one; NULL when there is none. */
const struct event *case_first(const struct event_list *events);

/*
 * The limits of BND-7, one sentence each, and LRE-3 as the last; NULL past
 * the end.
 */
const char *case_limit(enum language language, size_t index);

/* Nothing in it can move a terminal's cursor or forge a line. */
char *case_safe(struct arena *arena, const char *text);

#endif
