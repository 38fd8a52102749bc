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
	struct decision *decision;
};

/* DEFER when the store is away, REFUSE or drops for the suppressed. */
void decide_store(const struct deciding *d);

/* Reply-To and From (ADR-1..8). */
void decide_sender(const struct deciding *d);

/* Delivery reports and reading receipts (DSN-2..6, MDN-1..4). */
void decide_receipts(const struct deciding *d);

/* The way out (LST-1, LST-4, LST-17), then FR-3. */
void decide_unsubscribe(const struct deciding *d);

void decide_refuse(const struct deciding *d, const char *status,
                   const char *topic, const char *text);

/* Marketing can be stopped at any time (GDPR-4), other classes if they say. */
bool class_can_be_left(const struct class_settings *class);

#endif
