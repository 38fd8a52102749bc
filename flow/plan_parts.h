#ifndef FLOW_PLAN_PARTS_H
#define FLOW_PLAN_PARTS_H

#include "flow/plan.h"

/*
 * The pieces of plan_make, one file each. Each adds its edits; header edits
 * go through the two functions of plan.c.
 */
void plan_sender(const struct plan_input *input, struct plan *plan);
void plan_receipts(const struct plan_input *input, struct plan *plan);
/* Where a mail unsubscribes: with a token for one, else a person reads it. */
const char *plan_unsubscribe_address(const struct plan_input *input);
void plan_list(const struct plan_input *input, struct plan *plan);
void plan_blocks(const struct plan_input *input, struct plan *plan);

/*
 * Sets a field that may stand once: changes the first, deletes others. False
 * when the value cannot be written; plan->problem says why.
 */
bool plan_set_header(const struct plan_input *input, struct plan *plan,
                     const char *name, const char *value);
void plan_delete_header(const struct message *message, struct plan *plan,
                        const char *name);
void plan_change(const struct plan_input *input, struct plan *plan,
                 struct change change);

#endif
