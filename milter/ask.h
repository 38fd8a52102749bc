#ifndef MILTER_ASK_H
#define MILTER_ASK_H

#include "milter/session.h"
#include "policy/facts.h"

/*
 * What the store knows of the recipients, into the facts: all of it in one
 * round trip. With a cap the message counts from now on (record/store.h),
 * until ask_settle says who got it.
 */
void ask_store(struct session *session, struct facts *facts,
               const struct class_settings *class);

/*
 * The message leaves for all but these: left_out is as long as the list of
 * recipients, NULL for nobody. Not called: it left for nobody.
 */
void ask_leaves(struct session *session, const bool *left_out);

/* Gives back what was counted and did not leave; once, at the very end. */
void ask_settle(struct session *session, bool is_on_its_way);

#endif
