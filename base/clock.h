#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/*
 * The only place that asks for the time. Wall-clock times are milliseconds
 * since 1970 in UTC (time_ms_t), so they sort, subtract and store alike.
 */
typedef int64_t time_ms_t;

#define CLOCK_TEXT_SIZE 32

time_ms_t clock_now(void);

/*
 * For budgets and deadlines: never jumps. Microseconds from some start, that
 * of CLOCK_MONOTONIC.
 */
int64_t clock_steady_us(void);

/* Tests and `avis try --now`: freezes clock_now; a negative value thaws. */
void clock_set(time_ms_t now);

/* RFC 3339 in UTC with milliseconds: 2026-11-21T09:00:02.417Z */
void clock_format(time_ms_t when, char text_r[CLOCK_TEXT_SIZE]);

/* RFC 5322 date in local time: Sat, 21 Nov 2026 10:00:02 +0100 */
void clock_format_mail(time_ms_t when, char text_r[CLOCK_TEXT_SIZE + 16]);

/*
 * Reads RFC 3339 with any zone ("2026-11-21", "2026-11-21T10:00",
 * "2026-11-21T10:00:02.4+01:00"; without a zone: local time).
 */
bool clock_parse(const char *text, time_ms_t *when_r);

/* Reads an RFC 5322 date with a numeric or obsolete zone. */
bool clock_parse_mail(struct span text, time_ms_t *when_r);

#endif
