#ifndef MILTER_CONFIRM_H
#define MILTER_CONFIRM_H

#include "milter/session.h"

/*
 * A person's answer to a message of a class with `confirm` is the
 * recipient's own word that it was received. Automatic answers are none, nor
 * is what somebody else writes. Recorded once a recipient, behind `reply`.
 */
void confirm_by_reply(struct session *session, const struct event *submitted,
                      const struct event_list *earlier,
                      const struct event *reply);

/*
 * Does the subject begin with one of the words, whatever "Re:" stands in
 * front?
 */
bool confirm_is_word(struct arena *arena, const struct text_list *words,
                     const char *subject);

#endif
