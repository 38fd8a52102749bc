#ifndef MILTER_SERVICE_H
#define MILTER_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/keyring.h"
#include "conf/settings.h"
#include "policy/decide.h"
#include "record/forward.h"
#include "record/journal.h"
#include "record/store.h"

/*
 * What all connections share. Settings, rules and keys are one const
 * snapshot: taken at the start of a message, replaced whole on reload, freed
 * when its last message has ended. Journal, store and forwarder live as long
 * as the process.
 */
struct snapshot {
	struct arena *arena;
	struct settings *settings;
	struct rules *rules;
	struct keyring *keys;
	_Atomic int holders;
};

struct service {
	pthread_mutex_t lock; /* over `now` */
	struct snapshot *now;
	struct snapshot *first; /* held: the record's threads use its keys */
	struct journal *journal;
	struct store *store;
	struct forwarder *forwarder;
	_Atomic bool web_is_healthy; /* LST-4 (c) */
	_Atomic unsigned long messages;
	_Atomic unsigned long wrong_tokens;
	_Atomic unsigned long unreadable;
};

/*
 * Reads and checks settings, rules and keys. Findings are printed to the log
 * by the caller; BAD when there is an error among them.
 */
enum result snapshot_read(const char *path, struct snapshot **snapshot_r,
                          struct error *err) MUST_CHECK;
void snapshot_release(struct snapshot *snapshot);

struct snapshot *service_hold(struct service *service);
void service_replace(struct service *service, struct snapshot *snapshot);

#endif
