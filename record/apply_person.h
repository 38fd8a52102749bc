#ifndef RECORD_APPLY_PERSON_H
#define RECORD_APPLY_PERSON_H

#include "record/apply.h"

/*
 * What an event writes about people, whatever becomes of its message: their
 * choices, their consents, whose a token is, what is on hold. Journals may
 * be read in any order: of two words about one thing the later one stays.
 */
void apply_person(struct apply *apply, const struct event *event);

/* From then on no mail of that class. */
void apply_refusal(struct apply *apply, const char person[PERSON_SIZE],
                   const char *class_name, time_ms_t since);

#endif
