#ifndef MAIL_LETTER_H
#define MAIL_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/header.h"
#include "mail/parts.h"

/*
 * A message taken apart once, for all who judge what it is: what it says to
 * people (notice) and the header of the message it returns.
 */
#define NOTICE_LIMIT ((size_t)64 * 1024)
#define LINES_LIMIT  3000

struct letter {
	struct arena *arena;
	struct part_list parts;
	const struct header_list *headers;
	const char *from;      /* address; "" */
	struct span from_name; /* display name, decoded and folded */
	const char *subject;   /* decoded */
	struct span subject_folded;
	struct span notice; /* UTF-8, in front of what it returns */
	struct span notice_folded;
	bool has_returned; /* header of a returned message found */
	struct header_list returned;
	const char *returned_id; /* its Message-ID with < >; "" */
	struct span text;        /* notice and what follows in its text */
};

void letter_read(struct arena *arena, struct span message,
                 struct letter *letter_r);

/* A part as UTF-8 lines that end in LF, at most limit bytes. */
struct span letter_part_lines(const struct letter *letter,
                              const struct part *part, size_t limit);

/* "<id@host>" out of a Message-ID, In-Reply-To or the like; "". */
const char *letter_message_id(struct arena *arena, const char *value);

/* The message this one answers, by In-Reply-To, then References; "". */
const char *letter_answers(const struct letter *letter);

/* Return-Path is there and empty. */
bool letter_has_null_sender(const struct letter *letter);

/* "Fwd:", "Tr:", "WG:" ... in front of the subject; or "Re:", "AW:" too. */
bool letter_is_forward(const struct letter *letter);
bool letter_is_reply_or_forward(const struct letter *letter);

#endif
