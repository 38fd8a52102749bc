#ifndef CONF_HOURS_H
#define CONF_HOURS_H

#include <stddef.h>

#include "base/error.h"

/*
 * Sending hours as they are written: "mon-fri 08:00-12:00 14:00-20:00,
 * sat 09:00-12:00 Europe/Paris". Days come before their hours and are left
 * out for every day; hours may go over midnight and then belong to the day
 * on which they begin; the zone comes last.
 */
#define HOURS_SPANS     32
#define HOURS_ZONE_SIZE 64
#define HOURS_ALL_DAYS  0x7fU
#define HOURS_DAY       1440 /* minutes */

struct hours_span {
	unsigned days; /* bit 0: Monday */
	int from;      /* minutes of the day */
	int to;        /* past HOURS_DAY: of the next day */
};

struct hours {
	struct hours_span spans[HOURS_SPANS];
	size_t count;
	char zone[HOURS_ZONE_SIZE];
};

/* BAD: the text says what is wrong, in words that follow the value. */
enum result hours_read(const char *text, struct hours *hours_r,
                       struct error *err) MUST_CHECK;

#endif
