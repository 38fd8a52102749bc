#ifndef MAIL_INSERT_PARTS_H
#define MAIL_INSERT_PARTS_H

#include "mail/block.h"
#include "mail/insert.h"
#include "mail/recode.h"
#include "mail/targets.h"

/*
 * An insertion on its way: made by insert.c, looked at again by
 * insert_check.c. For these two alone.
 */
#define BLOCKS_LIMIT 16

enum line_ends {
	LINE_ENDS_CRLF, /* or none */
	LINE_ENDS_LF,
	LINE_ENDS_MIXED
};

/* One text part on its way. */
struct work {
	const struct outline_part *part;
	size_t index;
	bool is_html;
	bool is_flowed;
	const char *charset; /* "us-ascii" when it says nothing */
	enum line_ends line_ends;
	struct recode recode;
	struct span after;        /* what the decoded text shall be */
	const char *new_charset;  /* "" : as it was */
	const char *new_encoding; /* "" : as it was */
};

struct insert {
	struct arena *arena;
	const struct insert_request *request;
	struct insert_result *result;
	const struct insert_block *blocks[BLOCKS_LIMIT];
	size_t block_count;
	struct targets targets;
	struct work *works;
};

/* The new message as anybody will read it, against the old one. */
bool insert_is_sound(struct insert *insert);

#endif
