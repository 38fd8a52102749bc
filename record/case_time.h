#ifndef RECORD_CASE_TIME_H
#define RECORD_CASE_TIME_H

#include "record/case.h"

/* Times for people, with their zone: this machine's (TZ). */

/* Seconds east of UTC at that moment. */
long case_zone_at(time_ms_t when);

/* "21 Nov 2026", "21 nov. 2026" */
char *case_day(struct arena *arena, enum language language, time_ms_t when,
               long zone);
/* "10:00:02.417"; "10:00:02" from a clock that knows no more. */
char *case_clock(struct arena *arena, time_ms_t when, long zone);
/* "10:00:02" */
char *case_second(struct arena *arena, time_ms_t when, long zone);
/* "+01:00" */
char *case_zone(struct arena *arena, long zone);
/* "21 Nov 2026 10:00:02 +01:00" */
char *case_time(struct arena *arena, enum language language, time_ms_t when,
                long zone);

#endif
