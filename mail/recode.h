#ifndef MAIL_RECODE_H
#define MAIL_RECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/splice.h"

/*
 * The body of one text part behind its transfer encoding, and ways to put
 * bytes into it so that those around them stay as they were (BODY-2, BODY-3).
 */
enum recode_kind {
	RECODE_PLAIN, /* 7bit, 8bit */
	RECODE_QUOTED,
	RECODE_BASE64
};

struct recode {
	enum recode_kind kind;
	bool is_8bit; /* PLAIN: declared so */
	struct span raw;
	struct span text; /* decoded, in the part's charset */
};

/* False: an encoding we do not edit (binary, uuencode, unknown). */
bool recode_read(struct arena *arena, struct span raw, const char *encoding,
                 struct recode *recode_r);

/* Bytes to put at an offset of the decoded text, in place of `cut` others. */
struct recode_put {
	size_t at;
	size_t cut;
	struct span bytes;
};

/* By offset, as the calls below want them; those at one place keep turns. */
void recode_sort(struct recode_put *puts, size_t count);

/* The decoded text with all of them in it; they do not overlap. */
struct span recode_apply(struct arena *arena, struct span text,
                         const struct recode_put *puts, size_t count);

/* The same in the encoded body, which begins at `start` of the message's. */
bool recode_splice(struct arena *arena, const struct recode *recode,
                   const struct recode_put *puts, size_t count, int64_t start,
                   struct splice_list *list);

#endif
