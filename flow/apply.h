#ifndef FLOW_APPLY_H
#define FLOW_APPLY_H

#include "flow/edit.h"
#include "flow/message.h"

/*
 * What an MTA makes of header edits, for `avis try` and for tests: the lines
 * in their final order, each with what happened to it.
 */
enum applied_mark {
	APPLIED_KEPT,
	APPLIED_ADDED,
	APPLIED_CHANGED, /* value is new, before is old */
	APPLIED_DELETED
};

struct applied_line {
	enum applied_mark mark;
	const char *name;
	const char *value; /* folds as LF, no leading white space */
	const char *before;
};

struct applied {
	struct applied_line *lines;
	size_t count;
	size_t room;
};

void apply_headers(const struct message *message, const struct edit_list *edits,
                   struct applied *applied_r);

#endif
