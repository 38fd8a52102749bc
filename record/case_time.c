#include "record/case_time.h"

#include <time.h>

static const char *const months[][12] = {
	[LANGUAGE_EN] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	                  "Aug", "Sep", "Oct", "Nov", "Dec" },
	[LANGUAGE_FR] = { "janv.", "févr.", "mars", "avr.", "mai", "juin",
	                  "juil.", "août", "sept.", "oct.", "nov.", "déc." },
};

long
case_zone_at(time_ms_t when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return tm.tm_gmtoff;
}

static struct tm
in_zone(time_ms_t when, long zone)
{
	time_t seconds = (time_t)(when / 1000) + zone;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm;
}

char *
case_day(struct arena *arena, enum language language, time_ms_t when, long zone)
{
	struct tm tm = in_zone(when, zone);

	return arena_printf(arena, "%d %s %d", tm.tm_mday,
	                    months[language][tm.tm_mon], tm.tm_year + 1900);
}

char *
case_second(struct arena *arena, time_ms_t when, long zone)
{
	struct tm tm = in_zone(when, zone);

	return arena_printf(arena, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min,
	                    tm.tm_sec);
}

char *
case_clock(struct arena *arena, time_ms_t when, long zone)
{
	char *text = case_second(arena, when, zone);

	return when % 1000 == 0 ? text
	                        : arena_printf(arena, "%s.%03d", text,
	                                       (int)(when % 1000));
}

char *
case_zone(struct arena *arena, long zone)
{
	long off = (zone < 0 ? -zone : zone) / 60;

	return arena_printf(arena, "%c%02ld:%02ld", zone < 0 ? '-' : '+',
	                    off / 60, off % 60);
}

char *
case_time(struct arena *arena, enum language language, time_ms_t when,
          long zone)
{
	return arena_printf(
		arena, "%s %s %s", case_day(arena, language, when, zone),
		case_second(arena, when, zone), case_zone(arena, zone));
}
