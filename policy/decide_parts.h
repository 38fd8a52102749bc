#ifndef POLICY_DECIDE_PARTS_H
#define POLICY_DECIDE_PARTS_H

#include "policy/explain.h"
#include "policy/rules.h"

/*
 * One decision being made. The parts come in the order of this file; each
 * sets its own fields and says why.
 */
struct deciding {
	struct arena *arena;
	const struct rules *rules;
	const struct facts *facts;
	const struct class_settings *class;
	const struct class_rule *rule; /* the class compiled */
	struct decision *decision;
};

/* DEFER when the store is away; false when nothing is known of people. */
bool decide_store(const struct deciding *d);

/*
 * Who does not get it: unsubscribed, restricted, without consent, over the
 * cap, better reached by post. Left out; REFUSE when nobody is left; HOLD.
 */
void decide_people(const struct deciding *d);

/* Outside of sending hours: HOLD or DEFER. */
void decide_hours(const struct deciding *d);

/* HOLD until due (0: nobody knows), or what comes instead of it. */
void decide_hold(const struct deciding *d, const char *reason, const char *why,
                 time_ms_t due);

/* Is there a way out that readers see (BULK-2)? Else REFUSE, or said. */
void decide_link(const struct deciding *d);

/* List-* fields that are not the client's to bring (LST-15). */
void decide_list(const struct deciding *d);

/* Reply-To and From (ADR-1..8). */
void decide_sender(const struct deciding *d);

/* Delivery reports and reading receipts (DSN-2..6, MDN-1..4). */
void decide_receipts(const struct deciding *d);

/* The way out (LST-1, LST-4, LST-17), then FR-3. */
void decide_unsubscribe(const struct deciding *d);

/* Notice and footer: after the receipts and the way out they speak of. */
void decide_blocks(const struct deciding *d);

void decide_refuse(const struct deciding *d, const char *status,
                   const char *topic, const char *text);

/* Its own words: for what comes later, 451. */
void decide_defer(const struct deciding *d, const char *status,
                  const char *topic, const char *text);

/* Marketing can be stopped at any time (GDPR-4), other classes if they say. */
bool class_can_be_left(const struct class_settings *class);

#endif
