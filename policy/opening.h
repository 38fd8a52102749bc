#ifndef POLICY_OPENING_H
#define POLICY_OPENING_H

#include <stdbool.h>

#include "base/clock.h"
#include "conf/hours.h"
#include "policy/holidays.h"
#include "policy/zone.h"

/* Sending hours ready for use: when may mail of a class leave? */
struct opening {
	struct hours hours;
	struct zone *zone; /* NULL: always */
	struct holidays holidays;
};

bool opening_is_open(const struct opening *opening, time_ms_t now);

/* The next moment at which it opens; 0: never within two years. */
time_ms_t opening_next(const struct opening *opening, time_ms_t now);

/* "Mon 08:00 Europe/Paris", for people: of a moment. */
char *opening_words(struct arena *arena, const struct opening *opening,
                    time_ms_t when);

#endif
