#include "policy/zone.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* All the machinery is GLib's; the name is ours alone. */
static GTimeZone *
theirs(const struct zone *zone)
{
	return (GTimeZone *)(uintptr_t)zone;
}

/*
 * GLib also reads "+01" and POSIX rules, which know no summer time or are
 * easily mistaken; a name of the database has a letter in front.
 */
enum result
zone_new(const char *name, struct zone **zone_r, struct error *err)
{
	GTimeZone *zone = NULL;

	if (g_ascii_isalpha(name[0]) && strpbrk(name, ":,<>") == NULL)
		zone = g_time_zone_new_identifier(name);
	if (zone == NULL) {
		error_set(err, "there is no time zone \"%s\" here", name);
		return RESULT_BAD;
	}
	*zone_r = (struct zone *)zone;
	return RESULT_OK;
}

void
zone_free(struct zone **zone)
{
	if (*zone != NULL)
		g_time_zone_unref(theirs(*zone));
	*zone = NULL;
}

static int64_t
offset(const struct zone *zone, GTimeType type, int64_t *seconds)
{
	gint64 time = *seconds;
	gint interval = g_time_zone_adjust_time(theirs(zone), type, &time);

	*seconds = time;
	return g_time_zone_get_offset(theirs(zone), interval);
}

int64_t
zone_wall(const struct zone *zone, int64_t utc_s)
{
	gint interval = g_time_zone_find_interval(theirs(zone),
	                                          G_TIME_TYPE_UNIVERSAL, utc_s);

	return utc_s + g_time_zone_get_offset(theirs(zone), interval);
}

int64_t
zone_utc(const struct zone *zone, int64_t wall_s)
{
	int64_t adjusted = wall_s;
	int64_t by = offset(zone, G_TIME_TYPE_DAYLIGHT, &adjusted);

	return adjusted - by;
}
