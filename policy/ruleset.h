#ifndef POLICY_RULESET_H
#define POLICY_RULESET_H

#include "policy/decide.h"

/*
 * Settings read, held against the law and compiled, for all who need them
 * whole: the daemon, `avis check` and `avis try` find the same mistakes.
 */
struct ruleset {
	struct settings *settings;    /* NULL when the syntax is broken */
	struct rules *rules;          /* NULL when there is an error */
	struct finding_list findings; /* in the order of the files */
};

/*
 * All that can be said is said, even when part of it is wrong already. BAD
 * when a finding is an error; ruleset_r is filled all the same.
 */
enum result ruleset_read(struct arena *arena, const char *path,
                         struct ruleset *ruleset_r,
                         struct error *err) MUST_CHECK;
void ruleset_done(struct ruleset *ruleset);

#endif
