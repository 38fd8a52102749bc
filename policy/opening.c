#include "policy/opening.h"

#define DAY_S       86400
#define SEARCH_DAYS 731

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* 0: Monday; the first day of 1970 was a Thursday. */
static unsigned
weekday(int64_t day)
{
	return (unsigned)(((day + 3) % 7 + 7) % 7);
}

/* Do the hours of this span begin on that day? */
static bool
begins_on(const struct opening *opening, const struct hours_span *span,
          int64_t day)
{
	return (span->days & (1U << weekday(day))) != 0 &&
	       !holidays_hold(&opening->holidays, day);
}

static bool
covers(const struct opening *opening, const struct hours_span *span,
       int64_t wall_s)
{
	int64_t day = floor_div(wall_s, DAY_S);
	int64_t minute = (wall_s - day * DAY_S) / 60;

	if (begins_on(opening, span, day) && minute >= span->from &&
	    minute < span->to)
		return true;
	return minute + HOURS_DAY < span->to &&
	       begins_on(opening, span, day - 1);
}

bool
opening_is_open(const struct opening *opening, time_ms_t now)
{
	int64_t wall_s;

	if (opening->zone == NULL)
		return true;
	wall_s = zone_wall(opening->zone, floor_div(now, 1000));
	for (size_t i = 0; i < opening->hours.count; i++)
		if (covers(opening, &opening->hours.spans[i], wall_s))
			return true;
	return false;
}

/* The earliest beginning on that day which lies ahead; 0: none. */
static time_ms_t
next_on(const struct opening *opening, int64_t day, time_ms_t now)
{
	time_ms_t next = 0;

	for (size_t i = 0; i < opening->hours.count; i++) {
		const struct hours_span *span = &opening->hours.spans[i];
		time_ms_t at;

		if (!begins_on(opening, span, day))
			continue;
		at = 1000 * zone_utc(opening->zone,
		                     day * DAY_S + span->from * INT64_C(60));
		if (at > now && (next == 0 || at < next))
			next = at;
	}
	return next;
}

time_ms_t
opening_next(const struct opening *opening, time_ms_t now)
{
	int64_t today;

	if (opening->zone == NULL)
		return now;
	today = floor_div(zone_wall(opening->zone, floor_div(now, 1000)),
	                  DAY_S);
	for (int64_t day = today; day < today + SEARCH_DAYS; day++) {
		time_ms_t next = next_on(opening, day, now);

		if (next != 0)
			return next;
	}
	return 0;
}

char *
opening_words(struct arena *arena, const struct opening *opening,
              time_ms_t when)
{
	static const char *const names[] = { "Monday",   "Tuesday", "Wednesday",
		                             "Thursday", "Friday",  "Saturday",
		                             "Sunday" };
	int64_t wall_s = zone_wall(opening->zone, floor_div(when, 1000));
	int64_t day = floor_div(wall_s, DAY_S);
	int minute = (int)((wall_s - day * DAY_S) / 60);

	return arena_printf(arena, "%s %02d:%02d %s", names[weekday(day)],
	                    minute / 60, minute % 60, opening->hours.zone);
}
