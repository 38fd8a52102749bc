#include <string.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "record/held.h"

#define LATE_MS    ((time_ms_t)15 * 60 * 1000)
#define LOOK_LIMIT ((size_t)1000)

static bool
may_hold(const struct class_settings *class)
{
	return class->hours[0] != '\0' ||
	       (class->cap[0] != '\0' && class->on_cap == LEAVE_HOLD) ||
	       (class->consent != CONSENT_NONE &&
	        class->on_no_consent == LEAVE_HOLD);
}

static bool
may_hold_any(const struct settings *settings)
{
	for (size_t i = 0; i < settings->class_count; i++)
		if (may_hold(&settings->classes[i]))
			return true;
	return false;
}

static size_t
count_late(struct arena *arena, const struct settings *settings,
           const struct keyring *keys)
{
	const struct store_options open = { .url = settings->store,
		                            .budget_ms = 2000,
		                            .keys = keys };
	struct held_list held = { .items = NULL };
	struct store *store;
	struct error err;
	size_t late = 0;

	if (store_open(&open, &store, &err) != RESULT_OK)
		return 0;
	if (held_find(arena, store, clock_now() - LATE_MS, LOOK_LIMIT, &held,
	              &err) == RESULT_OK)
		for (size_t i = 0; i < held.count; i++)
			if (strcmp(held.items[i].host, settings->host) == 0)
				late++;
	store_close(&store);
	return late;
}

/* Is what waited for its hour let go? That the store is away is told elsewhere.
 */
void
doctor_held(struct symptom_list *list, const struct settings *settings,
            const struct doctor_options *options)
{
	struct keyring *keys;
	struct error err;
	size_t late;

	(void)options;
	if (!may_hold_any(settings) ||
	    keyring_read(settings->keys, &keys, &err) != RESULT_OK)
		return;
	late = count_late(list->arena, settings, keys);
	keyring_free(&keys);
	if (late == 0) {
		symptom_ok(list, "held", "nothing on hold is past its time");
		return;
	}
	symptom_warn(list, "held",
	             "%zu message%s on hold %s past the time: nobody lets "
	             "them go",
	             late, late == 1 ? "" : "s", late == 1 ? "is" : "are");
	symptom_remedy(list, "systemctl enable --now avis-release.timer     "
	                     "(or avis release, as root)");
}
