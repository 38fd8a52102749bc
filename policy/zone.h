#ifndef POLICY_ZONE_H
#define POLICY_ZONE_H

#include <stdint.h>

#include "base/error.h"

/*
 * A time zone of the machine's database, "Europe/Paris"; zone.c is the
 * adapter for GLib's and its only user. Seconds since 1970: of UTC, or of the
 * clock on the wall counted as if it were UTC. Safe from many threads.
 */
struct zone;

/* BAD: there is no zone of that name. */
enum result zone_new(const char *name, struct zone **zone_r,
                     struct error *err) MUST_CHECK;
void zone_free(struct zone **zone);

int64_t zone_wall(const struct zone *zone, int64_t utc_s);

/*
 * What the wall shows twice is the first of both; what it never shows is
 * the moment after the gap.
 */
int64_t zone_utc(const struct zone *zone, int64_t wall_s);

#endif
