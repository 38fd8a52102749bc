#ifndef BASE_HTML_PLACE_H
#define BASE_HTML_PLACE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Where in an HTML page a value would stand, learnt by reading the template
 * byte by byte: what must be escaped depends on it. Only templates are read
 * so, never the values; what is not well formed ends in PLACE_NOWHERE, where
 * no value may stand.
 */
enum place_kind {
	PLACE_PLAIN,     /* no HTML at all */
	PLACE_TEXT,      /* between tags */
	PLACE_TAG,       /* between attributes: no value, but an {{if}} */
	PLACE_ATTRIBUTE, /* between the quotes of an attribute */
	PLACE_URL,       /* the same, at the start of an address */
	PLACE_URL_PART,  /* further on in an address */
	PLACE_NOWHERE    /* script, style, comment, name of a tag */
};

enum html_state {
	HTML_TEXT,
	HTML_OPEN, /* after < */
	HTML_TAG_NAME,
	HTML_IN_TAG,
	HTML_NAME,
	HTML_AFTER_NAME,
	HTML_BEFORE_VALUE,
	HTML_VALUE,
	HTML_BARE_VALUE,
	HTML_DECLARATION,
	HTML_COMMENT,
	HTML_RAW /* of script, style: to the end tag */
};

#define HTML_NAME_SIZE 16

struct html_place {
	bool is_plain; /* set by who wants no HTML */
	enum html_state state;
	char quote;
	char last[3]; /* the bytes before, for --> and </ */
	char tag[HTML_NAME_SIZE];
	char name[HTML_NAME_SIZE]; /* of the attribute */
	bool is_begun;             /* something stands in the value */
};

void html_place_step(struct html_place *place, char c);
/* A value is put there. */
void html_place_value(struct html_place *place);
enum place_kind html_place_kind(const struct html_place *place);

/* Two branches that meet: false when they do not end at the same place. */
bool html_place_join(struct html_place *place, struct html_place *other);

/*
 * The value as it may stand there. An address with a scheme other than http,
 * https, mailto and tel becomes "#".
 */
void html_escape(struct buf *out, enum place_kind kind, const char *value);

#endif
