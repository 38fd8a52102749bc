#ifndef MAIL_OUTLINE_H
#define MAIL_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * Where the parts of a message stand, found while its body streams by in
 * chunks of any size: memory is bounded by their number, not by their bytes.
 * For edits, which only want what is beyond doubt: unlike mail/parts.h it
 * does not guess, and says what is broken. It does not look into
 * message/rfc822. Offsets count from the first byte of the body.
 */
struct outline;

struct outline_part {
	const char *type;        /* "text/plain", in lower case */
	const char *type_value;  /* the whole Content-Type; "" when missing */
	const char *encoding;    /* Content-Transfer-Encoding; "" */
	const char *disposition; /* whole value; "" */
	size_t parent;           /* index; part 0 is its own */
	size_t depth;
	int64_t start; /* of its header; the message's is not in the body: 0 */
	int64_t body;
	int64_t end;   /* behind its body, without the delimiter's line end */
	int64_t close; /* multipart: where its last delimiter's line begins */
};

struct outline_list {
	struct outline_part *items;
	size_t count;
	size_t room;
	int64_t size;       /* of the body */
	const char *broken; /* why it is not well formed; "" */
};

struct outline_head { /* the message's own fields, "" when absent */
	const char *type_value;
	const char *encoding;
	const char *disposition;
};

struct outline *outline_new(const struct outline_head *head);
void outline_free(struct outline **outline);
void outline_add(struct outline *outline, const void *at, size_t len);

/* Ends it; the list lives as long as the outline. */
const struct outline_list *outline_end(struct outline *outline);

bool outline_is_multipart(const struct outline_part *part);

#endif
