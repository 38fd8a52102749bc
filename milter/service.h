#ifndef MILTER_SERVICE_H
#define MILTER_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "policy/decide.h"
#include "policy/snapshot.h"
#include "record/forward.h"
#include "record/journal.h"
#include "record/store.h"

/*
 * What all connections share. The snapshot of settings, rules and keys is
 * taken at the start of a message; journal, store and forwarder live as long
 * as the process.
 */
struct service {
	struct snapshot_place *place;
	struct snapshot *first; /* held: the record's threads use its keys */
	struct journal *journal;
	struct store *store;
	struct forwarder *forwarder;
	_Atomic bool web_is_healthy; /* LST-4 (c) */
	_Atomic unsigned long messages;
	_Atomic unsigned long wrong_tokens;
	_Atomic unsigned long unreadable;
};

#endif
