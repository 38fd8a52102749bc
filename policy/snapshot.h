#ifndef POLICY_SNAPSHOT_H
#define POLICY_SNAPSHOT_H

#include "base/error.h"
#include "base/keyring.h"
#include "conf/settings.h"
#include "policy/decide.h"

/*
 * Settings, rules and keys in force: one const whole, taken at the start of
 * a message or a request, replaced whole on reload, freed when its last
 * holder lets go.
 */
struct snapshot {
	struct arena *arena;
	struct settings *settings;
	struct rules *rules;
	struct keyring *keys;
	/* What a daemon makes of them for itself, in the arena, before it is
	   shared. */
	const void *own;
	_Atomic int holders;
};

/*
 * Reads and checks settings, rules and keys; what it finds is logged. BAD
 * when there is an error among the findings. One holder, the caller.
 */
enum result snapshot_read(const char *path, struct snapshot **snapshot_r,
                          struct error *err) MUST_CHECK;
void snapshot_release(struct snapshot *snapshot);

/* What a daemon hands to its threads: the snapshot of now. */
struct snapshot_place;

/* Takes the caller's hold. */
struct snapshot_place *snapshot_place_new(struct snapshot *snapshot);
void snapshot_place_free(struct snapshot_place **place);
/* To be released by the caller. */
struct snapshot *snapshot_hold(struct snapshot_place *place);
/* Takes the caller's hold; the old one goes with its last holder. */
void snapshot_replace(struct snapshot_place *place, struct snapshot *snapshot);

#endif
