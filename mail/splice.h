#ifndef MAIL_SPLICE_H
#define MAIL_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * An edit of a body as what goes out and what comes in, at places of the old
 * body: all other bytes stay as they are, and are never copied into memory.
 */
struct splice {
	int64_t at; /* offset in the old body */
	int64_t cut;
	struct span put;
};

struct splice_list {
	struct splice *items; /* by offset, none overlaps another */
	size_t count;
	size_t room;
};

/* The bytes of the old body, wherever they are kept. */
struct body_source {
	int64_t size;
	/* Valid until the next call; may be shorter than asked, empty only
	 * when there is no more, or it cannot be read. */
	struct span (*read)(void *context, int64_t at, size_t len);
	void *context;
};

/* A body that is in memory. */
struct body_source body_source_of(struct span *body);

/* len bytes from there, copied. False: they are not to be had. */
bool body_read(const struct body_source *source, int64_t at, size_t len,
               char *out);

/* False: it would overlap another one, and was not added. */
bool splice_add(struct arena *arena, struct splice_list *list, int64_t at,
                int64_t cut, struct span put);

int64_t splice_size(const struct splice_list *list, int64_t old_size);

/*
 * The new body from its start to its end, in pieces. False when take said
 * so, or the source failed.
 */
bool splice_stream(const struct splice_list *list,
                   const struct body_source *source,
                   bool (*take)(void *context, struct span piece),
                   void *context);

/* The new body as a source of its own, over what lives as long. */
struct spliced {
	const struct splice_list *list;
	const struct body_source *source;
};
struct body_source spliced_source(struct spliced *spliced);

#endif
