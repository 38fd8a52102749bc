#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t clock_frozen = -1;

time_ms_t
clock_now(void)
{
	int64_t frozen =
		atomic_load_explicit(&clock_frozen, memory_order_relaxed);
	struct timespec now;

	if (frozen >= 0)
		return frozen;
	clock_gettime(CLOCK_REALTIME, &now);
	return (time_ms_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_steady_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
clock_set(time_ms_t now)
{
	atomic_store(&clock_frozen, now);
}

static time_t
clock_seconds(time_ms_t when, int *ms_r)
{
	int64_t seconds = when / 1000;
	int ms = (int)(when % 1000);

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	*ms_r = ms;
	return (time_t)seconds;
}

void
clock_format(time_ms_t when, char text_r[CLOCK_TEXT_SIZE])
{
	int ms;
	time_t seconds = clock_seconds(when, &ms);
	struct tm tm;
	char date[24];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text_r, CLOCK_TEXT_SIZE, "%s.%03dZ", date, ms);
}

void
clock_format_mail(time_ms_t when, char text_r[CLOCK_TEXT_SIZE + 16])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
		                        "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
		                          "May", "Jun", "Jul", "Aug",
		                          "Sep", "Oct", "Nov", "Dec" };
	int ms;
	time_t seconds = clock_seconds(when, &ms);
	struct tm tm;

	localtime_r(&seconds, &tm);
	long zone = tm.tm_gmtoff / 60;
	long off = zone < 0 ? -zone : zone;

	/* Month and day names are English whatever the locale. */
	snprintf(text_r, CLOCK_TEXT_SIZE + 16,
	         "%s, %d %s %d %02d:%02d:%02d %c%02ld%02ld", days[tm.tm_wday],
	         tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	         tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+', off / 60 % 100,
	         off % 60);
}

/* Reads between least and most digits off the front of *rest. */
static bool
take_number(struct span *rest, size_t least, size_t most, int *value_r)
{
	size_t count = 0;
	int value = 0;

	while (count < most && count < rest->len &&
	       ascii_is_digit(rest->at[count]))
		value = value * 10 + (rest->at[count++] - '0');
	if (count < least)
		return false;
	*rest = span_skip(*rest, count);
	*value_r = value;
	return true;
}

static bool
take_byte(struct span *rest, char byte)
{
	if (rest->len == 0 || ascii_lower(rest->at[0]) != byte)
		return false;
	*rest = span_skip(*rest, 1);
	return true;
}

static bool
date_is_real(const struct tm *tm)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30,
		                    31, 31, 30, 31, 30, 31 };

	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= days[tm->tm_mon] && tm->tm_hour >= 0 &&
	       tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
	       tm->tm_sec >= 0 && tm->tm_sec < 61;
}

/* "Z", "+01:00", "+0100": minutes east of UTC. */
static bool
take_zone(struct span *rest, int *minutes_r)
{
	bool is_west = rest->len > 0 && rest->at[0] == '-';
	int hours, minutes;

	if (take_byte(rest, 'z')) {
		*minutes_r = 0;
		return true;
	}
	if (!take_byte(rest, '+') && !take_byte(rest, '-'))
		return false;
	if (!take_number(rest, 2, 2, &hours))
		return false;
	take_byte(rest, ':');
	if (!take_number(rest, 2, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*minutes_r = (hours * 60 + minutes) * (is_west ? -1 : 1);
	return true;
}

static bool
take_time(struct span *rest, struct tm *tm, int *ms_r)
{
	int digit, scale = 100;

	*ms_r = 0;
	if (!take_number(rest, 1, 2, &tm->tm_hour) || !take_byte(rest, ':') ||
	    !take_number(rest, 2, 2, &tm->tm_min))
		return false;
	if (!take_byte(rest, ':'))
		return true;
	if (!take_number(rest, 2, 2, &tm->tm_sec))
		return false;
	if (take_byte(rest, '.'))
		while (take_number(rest, 1, 1, &digit)) {
			*ms_r += digit * scale;
			scale /= 10;
		}
	return true;
}

bool
clock_parse(const char *text, time_ms_t *when_r)
{
	struct span rest = span_trim(span_of(text));
	struct tm tm = { .tm_isdst = -1 };
	int ms = 0, zone;

	if (!take_number(&rest, 4, 4, &tm.tm_year) || !take_byte(&rest, '-') ||
	    !take_number(&rest, 2, 2, &tm.tm_mon) || !take_byte(&rest, '-') ||
	    !take_number(&rest, 2, 2, &tm.tm_mday))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (rest.len > 0 && !take_byte(&rest, 't') && !take_byte(&rest, ' '))
		return false;
	if (rest.len > 0 && !take_time(&rest, &tm, &ms))
		return false;
	if (!date_is_real(&tm))
		return false;
	if (rest.len == 0) {
		*when_r = (time_ms_t)mktime(&tm) * 1000 + ms;
		return true;
	}
	if (!take_zone(&rest, &zone) || rest.len > 0)
		return false;
	*when_r = ((time_ms_t)timegm(&tm) - (time_ms_t)zone * 60) * 1000 + ms;
	return true;
}

static bool
take_month(struct span *rest, int *month_r)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++) {
		struct span name = span_make(names + (size_t)i * 3, 3);

		if (span_equal_nocase(span_take(*rest, 3), name)) {
			*rest = span_skip(*rest, 3);
			*month_r = i;
			return true;
		}
	}
	return false;
}

/* RFC 5322, 4.3: the obsolete zones; an unknown name counts as +0000. */
static int
named_zone(struct span name)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 },
		      { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
		      { "PST", -8 }, { "PDT", -7 }, { "CET", 1 },
		      { "CEST", 2 } };

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (span_is(name, zones[i].name))
			return zones[i].hours * 60;
	return 0;
}

bool
clock_parse_mail(struct span text, time_ms_t *when_r)
{
	struct span rest = span_trim(text);
	struct tm tm = { .tm_isdst = 0 };
	int ms, zone;
	size_t comma = span_find(rest, ',', 0);

	if (comma < rest.len)
		rest = span_skip(rest, comma + 1);
	rest = span_trim(rest);
	if (!take_number(&rest, 1, 2, &tm.tm_mday))
		return false;
	while (take_byte(&rest, '-') || take_byte(&rest, ' '))
		continue;
	if (!take_month(&rest, &tm.tm_mon))
		return false;
	while (take_byte(&rest, '-') || take_byte(&rest, ' '))
		continue;
	if (!take_number(&rest, 2, 4, &tm.tm_year))
		return false;
	/* RFC 5322, 4.3: two digits below 50 are 20xx, three digits +1900. */
	if (tm.tm_year < 50)
		tm.tm_year += 100;
	else if (tm.tm_year >= 1000)
		tm.tm_year -= 1900;
	rest = span_trim(rest);
	if (!take_time(&rest, &tm, &ms) || !date_is_real(&tm))
		return false;
	rest = span_trim(rest);
	if (!take_zone(&rest, &zone))
		zone = named_zone(span_take(rest, span_find(rest, ' ', 0)));
	*when_r = ((time_ms_t)timegm(&tm) - (time_ms_t)zone * 60) * 1000;
	return true;
}
