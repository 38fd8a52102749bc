#ifndef CLI_TIMELINE_WORDS_H
#define CLI_TIMELINE_WORDS_H

#include "record/event.h"

/*
 * What an event says, in words: only what was seen (EVD-6), never more than
 * the standard allows (DSN-12, MDN-6). Not yet safe for a terminal.
 */
const char *timeline_kind(enum event_kind kind); /* "handed over" */
char *timeline_words(struct arena *arena, const struct event *event);
char *timeline_source(struct arena *arena, const struct event *event);

#endif
