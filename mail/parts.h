#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/header.h"

/*
 * The parts of a message as a flat list in their order, bodies in place and
 * not decoded. It does not look into message/rfc822 and its like: what a
 * stranger's message holds is not what the message says. Never fails; what
 * is broken is read as far as it goes. Limits of BODY-12.
 */
#define PARTS_LIMIT 500
#define PARTS_DEPTH 20

struct part {
	struct header_list headers;
	const char *type;       /* "text/plain", in lower case */
	const char *type_value; /* the whole Content-Type; "" when missing */
	const char *encoding;   /* Content-Transfer-Encoding; "" */
	struct span whole;      /* with its header */
	struct span body;
	size_t parent; /* index; a message itself is 0 and its own parent */
	size_t depth;
};

struct part_list {
	struct part *items; /* items[0] is the message; never empty */
	size_t count;
	size_t room;
	bool is_over_limit;
};

void parts_read(struct arena *arena, struct span message,
                struct part_list *list_r);

/* The body behind its transfer encoding, at most limit bytes. */
struct span part_bytes(struct arena *arena, const struct part *part,
                       size_t limit);

/* The same as UTF-8. */
struct span part_text(struct arena *arena, const struct part *part,
                      size_t limit);

bool part_is_multipart(const struct part *part);

#endif
