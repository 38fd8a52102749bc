#ifndef MAIL_BOUNCE_ADDRESS_H
#define MAIL_BOUNCE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/letter.h"
#include "mail/report.h"

/*
 * Which addresses in a notice are the recipients it speaks of. Every
 * address is graded by where it stands; only the best grade there is counts,
 * so that a host's talk about other addresses adds no recipient.
 */
enum address_grade {
	GRADE_NOT,     /* the sender, a daemon, somebody to ask for help */
	GRADE_NAMED,   /* it occurs */
	GRADE_TOLD,    /* a sentence or a reply code about it */
	GRADE_LISTED,  /* it opens a line: "<a@b>:", a list under a heading */
	GRADE_DECLARED /* X-Failed-Recipients */
};

struct notice_line {
	struct span text;
	bool is_blank;
};

struct notice {
	const struct letter *letter;
	struct notice_line *lines;
	size_t count;
	size_t room;
};

struct found_address {
	const char *address;
	const char *original; /* "(expanded from <...>)"; "" */
	enum address_grade grade;
	bool is_opening;           /* at the start of its line */
	enum report_action action; /* of the heading above; ACTION_NONE */
	size_t line;
	size_t start; /* in the line */
	size_t end;
};

struct found_list {
	struct found_address *items;
	size_t count;
	size_t room;
};

void notice_lines(const struct letter *letter, struct notice *notice_r);

/* The chosen ones in their order; each address once. */
void bounce_addresses(const struct notice *notice, const char *const *sent,
                      size_t sent_count, struct found_list *found_r);

#endif
