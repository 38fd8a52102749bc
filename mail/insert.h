#ifndef MAIL_INSERT_H
#define MAIL_INSERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "mail/outline.h"
#include "mail/splice.h"

/*
 * Puts blocks of text into what a person reads of a message: into its plain
 * text and its HTML alike, or into neither (BODY-1 to BODY-12). Bytes that
 * need not change stay as they are; the outcome is parsed again and compared
 * before anybody gets to see it, and on any doubt the message stays as it
 * was, with a word that says why.
 */
struct insert_block {
	const char *name; /* "notice": marks it in HTML; letters and hyphens */
	const char *text; /* UTF-8, lines end in LF */
	const char *html; /* a fragment with styles inline, UTF-8 */
	/*
	 * Words of the text that stay the same from message to message: where
	 * they are, quoted or not, the block is there already. "" : the text.
	 */
	const char *sign;
	bool is_on_top;
};

/*
 * What an address in a link shall be instead, as a URL in ASCII; NULL leaves
 * it alone.
 */
typedef const char *insert_link(void *context, const char *url);

struct insert_request {
	const struct outline_list *outline;
	const struct body_source *source;
	const struct insert_block *blocks;
	size_t block_count;
	insert_link *link; /* NULL: links stay */
	void *link_context;
	bool is_8bit_fine; /* the message came as BODY=8BITMIME */
	size_t text_limit; /* bytes of one text part; longer: "too-long" */
};

struct insert_result {
	/*
	 * "" when there is something to do, else a word: "signed", "calendar",
	 * "charset", "already-there"...
	 */
	const char *skipped;
	size_t links_changed;
	struct splice_list splices;
	/* The message's own fields, when they change; "" : they do not. */
	const char *type_value;
	const char *encoding;
};

void insert_make(struct arena *arena, const struct insert_request *request,
                 struct insert_result *result_r);

#endif
