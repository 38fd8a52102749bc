#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/decide.h"

/*
 * Why, in words: a line under a topic. not_done is for what was wanted and
 * left out; it says so, and by which rule.
 */
void explain(struct arena *arena, struct decision *decision, const char *topic,
             const char *text);
void explain_not_done(struct arena *arena, struct decision *decision,
                      const char *topic, const char *text);

#endif
