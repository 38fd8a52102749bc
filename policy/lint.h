#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "conf/settings.h"

/*
 * What the law or good manners refuse, over the settings as a whole: a class
 * without purpose and basis (GDPR-1), receipts on marketing, marketing
 * without a way out, a no-reply sender with no way to answer (FR-3), ...
 * Each finding names the class, its line and the remedy.
 */
void lint_settings(struct arena *arena, const struct settings *settings,
                   struct finding_list *findings);

#endif
