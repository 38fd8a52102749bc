#ifndef FLOW_LINKS_H
#define FLOW_LINKS_H

#include "flow/plan.h"
#include "mail/insert.h"

/*
 * Where a link leads instead, so that it is counted: over our page /k/, with
 * a token that covers the message and the address (no open redirect). The
 * ways out, our own pages and what is too long stay as they are.
 */
struct links;
struct links *links_new(const struct plan_input *input);
insert_link links_measured; /* context: struct links */

#endif
