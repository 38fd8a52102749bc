#ifndef MAIL_BOUNCE_SCAN_H
#define MAIL_BOUNCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/letter.h"
#include "mail/report.h"

/*
 * The addresses in a notice, one after the other, each graded by where it
 * stands: what is in front of it and behind it on its line, and which
 * heading is above.
 */
enum address_grade {
	GRADE_NOT,     /* the sender, a daemon, somebody to ask for help */
	GRADE_NAMED,   /* it occurs */
	GRADE_TOLD,    /* a sentence or a reply code about it */
	GRADE_LISTED,  /* it opens a line: "<a@b>:", a list under a heading */
	GRADE_DECLARED /* X-Failed-Recipients */
};

/* What a line says is found out when first asked, and once. */
struct notice_line {
	struct span text;
	bool is_blank;
	bool is_judged;
	bool has_code;  /* an SMTP reply or an enhanced status code */
	bool is_reason; /* tells of a failure or a delay */
};

/* Reasons that hold for the whole notice; "" when there is none. */
struct notice_reasons {
	const char *by_code;
	const char *announced;
	const char *in_words;
};

struct notice {
	const struct letter *letter;
	struct notice_line *lines;
	size_t count;
	size_t room;
	struct notice_reasons *reasons; /* members NULL until asked */
};

struct found_address {
	const char *address;
	const char *original; /* "(expanded from <...>)"; "" */
	enum address_grade grade;
	bool is_origin;            /* what another address was before */
	bool is_opening;           /* at the start of its line */
	bool is_clear;             /* and nothing but a reason behind it */
	enum report_action action; /* of the heading above; ACTION_NONE */
	size_t line;
	size_t start; /* in the line */
	size_t end;
};

void notice_lines(const struct letter *letter, struct notice *notice_r);

/* The line with has_code and is_reason filled. */
const struct notice_line *notice_judge(const struct notice *notice,
                                       size_t index);

/*
 * The next address of that line from *from on, which moves behind it; false
 * at its end.
 */
bool scan_next(const struct notice *notice, size_t index, size_t *from,
               struct found_address *found_r);

#endif
