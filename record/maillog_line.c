#include "record/maillog_line.h"

#include <string.h>
#include <time.h>

#define STAMP_BYTES 15 /* "Nov 21 10:00:02" */
#define DAY_MS      ((time_ms_t)24 * 3600 * 1000)
#define NAME_BYTES  64
#define HALF_YEAR   6

static bool
two_digits(const char *at, int *number_r)
{
	char tens = at[0] == ' ' ? '0' : at[0];

	if (!ascii_is_digit(tens) || !ascii_is_digit(at[1]))
		return false;
	*number_r = (tens - '0') * 10 + (at[1] - '0');
	return true;
}

static bool
read_month(struct span text, int *month_r)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(text.at, names + (size_t)i * 3, 3) == 0) {
			*month_r = i;
			return true;
		}
	return false;
}

/* mktime is slow and lines of one hour come together. */
static time_ms_t
local_hour(struct maillog_clock *clock, int year, const struct tm *tm)
{
	long key = (((long)year * 12 + tm->tm_mon) * 31 + tm->tm_mday) * 24 +
	           tm->tm_hour;

	if (clock->hour_key != key) {
		struct tm start = { .tm_year = year - 1900,
			            .tm_mon = tm->tm_mon,
			            .tm_mday = tm->tm_mday,
			            .tm_hour = tm->tm_hour,
			            .tm_isdst = -1 };

		clock->hour = (time_ms_t)mktime(&start) * 1000;
		clock->hour_key = key;
	}
	return clock->hour;
}

static time_ms_t
local_time(struct maillog_clock *clock, int year, const struct tm *tm)
{
	return local_hour(clock, year, tm) +
	       ((time_ms_t)tm->tm_min * 60 + tm->tm_sec) * 1000;
}

static int
year_of(time_ms_t when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm.tm_year + 1900;
}

static time_ms_t
guess_year(struct maillog_clock *clock, const struct tm *tm)
{
	/* In a zone east of us it is already next year. */
	int year = year_of(clock->latest) + 1;
	time_ms_t time = local_time(clock, year, tm);

	while (time > clock->latest + DAY_MS) {
		year--;
		time = local_time(clock, year, tm);
	}
	return time;
}

static time_ms_t
count_year(struct maillog_clock *clock, const struct tm *tm)
{
	if (clock->year == 0)
		clock->year = clock->first_year;
	else if (tm->tm_mon + HALF_YEAR < clock->month)
		clock->year++;
	clock->month = tm->tm_mon;
	return local_time(clock, clock->year, tm);
}

static bool
read_stamp(struct maillog_clock *clock, struct span *rest, time_ms_t *time_r)
{
	const char *at = rest->at;
	struct tm tm = { .tm_isdst = -1 };

	if (rest->len <= STAMP_BYTES || !read_month(*rest, &tm.tm_mon) ||
	    at[3] != ' ' || !two_digits(at + 4, &tm.tm_mday) || at[6] != ' ' ||
	    !two_digits(at + 7, &tm.tm_hour) || at[9] != ':' ||
	    !two_digits(at + 10, &tm.tm_min) || at[12] != ':' ||
	    !two_digits(at + 13, &tm.tm_sec) || at[STAMP_BYTES] != ' ')
		return false;
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	*time_r = clock->first_year > 0 ? count_year(clock, &tm)
	                                : guess_year(clock, &tm);
	*rest = span_skip(*rest, STAMP_BYTES + 1);
	return true;
}

/* "2026-11-21T10:00:02.417123+01:00"; its zone must be there. */
static bool
read_rfc3339(struct span *rest, time_ms_t *time_r)
{
	size_t len = span_find(*rest, ' ', 0);
	char text[CLOCK_TEXT_SIZE + 8];

	if (len < sizeof("2026-11-21T10:00:02") || len >= sizeof(text) ||
	    len == rest->len || rest->at[10] != 'T')
		return false;
	memcpy(text, rest->at, len);
	text[len] = '\0';
	if (strpbrk(text + 19, "+-Z") == NULL || !clock_parse(text, time_r))
		return false;
	*rest = span_skip(*rest, len + 1);
	return true;
}

static bool
take_word(struct span *rest, struct span *word_r)
{
	size_t len = span_find(*rest, ' ', 0);

	if (len == 0 || len == rest->len)
		return false;
	*word_r = span_take(*rest, len);
	*rest = span_skip(*rest, len + 1);
	return true;
}

/* "postfix/smtp[123]:" */
static bool
read_process(struct span tag, struct maillog_line *line)
{
	unsigned pid = 0;
	size_t open = span_find(tag, '[', 0);

	if (tag.len < 2 || tag.at[tag.len - 1] != ':')
		return false;
	line->program = span_take(tag, open < tag.len ? open : tag.len - 1);
	for (size_t i = open + 1; i + 2 < tag.len; i++) {
		if (!ascii_is_digit(tag.at[i]) || pid > 100000000)
			return false;
		pid = pid * 10 + (unsigned)(tag.at[i] - '0');
	}
	line->pid = pid;
	return line->program.len > 0 && line->program.len < NAME_BYTES &&
	       (open == tag.len || tag.at[tag.len - 2] == ']');
}

bool
maillog_line_read(struct maillog_clock *clock, struct span line,
                  struct maillog_line *line_r)
{
	struct span tag, rest = line;

	*line_r = (struct maillog_line){ 0 };
	if (!read_stamp(clock, &rest, &line_r->time) &&
	    !read_rfc3339(&rest, &line_r->time))
		return false;
	if (!take_word(&rest, &line_r->host) || !take_word(&rest, &tag) ||
	    !read_process(tag, line_r))
		return false;
	line_r->text = rest;
	return true;
}
