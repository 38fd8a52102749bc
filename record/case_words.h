#ifndef RECORD_CASE_WORDS_H
#define RECORD_CASE_WORDS_H

#include "record/case.h"

/* An event in words of a language: only what was seen (EVD-6). */
const char *case_kind(enum language language, enum event_kind kind);
char *case_words(struct arena *arena, enum language language,
                 const struct event *event);
const char *case_grade(enum language language, enum event_grade grade);
/* "mail log, mx1": which of our hosts saw it, when one of them did. */
char *case_source(struct arena *arena, enum language language,
                  const struct event *event);
/* "the mail log" */
const char *case_source_name(enum language language, enum event_source source);
const char *case_state(enum language language, enum state state);

#endif
