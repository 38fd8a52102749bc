#ifndef WEB_SERVICE_H
#define WEB_SERVICE_H

#include "policy/snapshot.h"
#include "record/ledger.h"

/*
 * What all requests share. Settings and keys are taken at the start of a
 * request and replaced whole on reload; the ledger lives as long as the
 * process.
 */
struct service {
	struct snapshot_place *place;
	struct snapshot *first; /* held: the ledger's threads use its keys */
	struct ledger *ledger;
	_Atomic unsigned long requests;
	_Atomic unsigned long wrong_tokens;
};

#endif
