#include "policy/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "policy/ruleset.h"

struct snapshot_place {
	pthread_mutex_t lock; /* over `now` */
	struct snapshot *now;
};

/* The remedy stands on a line of its own, which a log does not have. */
static void
log_findings(struct arena *arena, const struct finding_list *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		const char *text = finding_text(arena, finding);
		int len = (int)strcspn(text, "\n");
		const char *gap = finding->remedy[0] != '\0' ? "; " : "";

		if (finding->is_warning)
			log_warn("%.*s%s%s", len, text, gap, finding->remedy);
		else
			log_error("%.*s%s%s", len, text, gap, finding->remedy);
	}
}

static enum result
snapshot_fill(struct snapshot *snapshot, const char *path, struct error *err)
{
	struct ruleset read;
	enum result result = ruleset_read(snapshot->arena, path, &read, err);

	log_findings(snapshot->arena, &read.findings);
	if (result != RESULT_OK)
		return result;
	snapshot->settings = read.settings;
	snapshot->rules = read.rules;
	result = keyring_read(snapshot->settings->keys, &snapshot->keys, err);
	if (result == RESULT_NONE)
		error_prefix(err, "no keys yet, `avis key create` makes them");
	return result == RESULT_OK ? RESULT_OK : RESULT_BAD;
}

enum result
snapshot_read(const char *path, struct snapshot **snapshot_r, struct error *err)
{
	struct snapshot *snapshot = memory_zeroed(1, sizeof(*snapshot));

	snapshot->arena = arena_new();
	snapshot->holders = 1;

	enum result result = snapshot_fill(snapshot, path, err);

	if (result == RESULT_OK)
		*snapshot_r = snapshot;
	else
		snapshot_release(snapshot);
	return result;
}

void
snapshot_release(struct snapshot *snapshot)
{
	if (atomic_fetch_sub(&snapshot->holders, 1) != 1)
		return;
	rules_free(&snapshot->rules);
	keyring_free(&snapshot->keys);
	arena_free(&snapshot->arena);
	free(snapshot);
}

struct snapshot_place *
snapshot_place_new(struct snapshot *snapshot)
{
	struct snapshot_place *place = memory_zeroed(1, sizeof(*place));

	pthread_mutex_init(&place->lock, NULL);
	place->now = snapshot;
	return place;
}

void
snapshot_place_free(struct snapshot_place **place)
{
	if (*place == NULL)
		return;
	snapshot_release((*place)->now);
	pthread_mutex_destroy(&(*place)->lock);
	free(*place);
	*place = NULL;
}

struct snapshot *
snapshot_hold(struct snapshot_place *place)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&place->lock);
	snapshot = place->now;
	atomic_fetch_add(&snapshot->holders, 1);
	pthread_mutex_unlock(&place->lock);
	return snapshot;
}

void
snapshot_replace(struct snapshot_place *place, struct snapshot *snapshot)
{
	struct snapshot *old;

	pthread_mutex_lock(&place->lock);
	old = place->now;
	place->now = snapshot;
	pthread_mutex_unlock(&place->lock);
	snapshot_release(old);
}
