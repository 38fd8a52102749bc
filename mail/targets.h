#ifndef MAIL_TARGETS_H
#define MAIL_TARGETS_H

#include "base/arena.h"
#include "mail/outline.h"

/*
 * Which parts of a message may be given more text (BODY-1, BODY-6): all the
 * versions of what a person reads first, or none. Pure.
 */
enum target_kind {
	TARGET_NONE,    /* reason says why */
	TARGET_PARTS,   /* put it into these */
	TARGET_NEW_PART /* nothing to read yet: a part of its own, in `mixed` */
};

struct targets {
	enum target_kind kind;
	const char *reason; /* a word: "signed", "encrypted", "calendar"... */
	size_t *parts;      /* indexes: text/plain and text/html */
	size_t count;
	size_t room;
	size_t mixed;
};

void targets_find(struct arena *arena, const struct outline_list *list,
                  struct targets *targets_r);

#endif
