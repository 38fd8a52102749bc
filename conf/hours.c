#include "conf/hours.h"

#include <stdio.h>
#include <string.h>

#include "base/span.h"

#define EXAMPLE "\"mon-fri 08:00-20:00 Europe/Paris\""

static const char *const days[] = { "mon", "tue", "wed", "thu",
	                            "fri", "sat", "sun" };

#define DAYS (sizeof(days) / sizeof(days[0]))

struct reading {
	struct hours *hours;
	unsigned days;    /* of the hours that come next */
	bool is_day_list; /* the word before was a day */
	struct error *err;
};

static enum result
bad(struct error *err, const char *what)
{
	error_set(err, "%s", what);
	return RESULT_BAD;
}

/* Words stand between blanks and commas. */
static bool
next_word(struct span *rest, struct span *word_r)
{
	size_t len = 0;

	while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == ','))
		*rest = span_skip(*rest, 1);
	while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != ',')
		len++;
	*word_r = span_take(*rest, len);
	*rest = span_skip(*rest, len);
	return len > 0;
}

static bool
read_day(struct span name, size_t *day_r)
{
	for (size_t i = 0; i < DAYS; i++)
		if (span_is(name, days[i])) {
			*day_r = i;
			return true;
		}
	return false;
}

/* "sat", or "fri-mon", which goes over the week's end. */
static bool
read_days(struct span word, unsigned *days_r)
{
	size_t dash = span_find(word, '-', 0);
	size_t first, last;

	if (!read_day(span_take(word, dash), &first))
		return false;
	last = first;
	if (dash < word.len && !read_day(span_skip(word, dash + 1), &last))
		return false;
	*days_r = 1U << first;
	for (size_t i = first; i != last; *days_r |= 1U << i)
		i = (i + 1) % DAYS;
	return true;
}

/* "08:00" to "24:00" */
static bool
read_minute(struct span text, int *minute_r)
{
	int minute;

	if (text.len != 5 || text.at[2] != ':')
		return false;
	for (size_t i = 0; i < 5; i++)
		if (i != 2 && !ascii_is_digit(text.at[i]))
			return false;
	if (text.at[3] > '5')
		return false;
	minute = ((text.at[0] - '0') * 10 + text.at[1] - '0') * 60 +
	         (text.at[3] - '0') * 10 + text.at[4] - '0';
	*minute_r = minute;
	return minute <= HOURS_DAY;
}

static enum result
add_span(struct reading *reading, int from, int to)
{
	struct hours *hours = reading->hours;

	if (from == to)
		return bad(reading->err, "has hours that end when they begin; "
		                         "the whole day is 00:00-24:00");
	if (from == HOURS_DAY)
		return bad(reading->err, "has hours that begin at 24:00; "
		                         "write 00:00");
	if (hours->count == HOURS_SPANS)
		return bad(reading->err, "has more than 32 spans of hours");
	hours->spans[hours->count++] = (struct hours_span){
		.days = reading->days,
		.from = from,
		.to = to > from ? to : to + HOURS_DAY,
	};
	reading->is_day_list = false;
	return RESULT_OK;
}

static enum result
add_word(struct reading *reading, struct span word)
{
	size_t dash = span_find(word, '-', 0);
	unsigned mask;
	int from, to;

	if (read_minute(span_take(word, dash), &from) &&
	    read_minute(span_skip(word, dash + 1), &to))
		return add_span(reading, from, to);
	if (read_days(word, &mask)) {
		reading->days =
			reading->is_day_list ? reading->days | mask : mask;
		reading->is_day_list = true;
		return RESULT_OK;
	}
	error_set(reading->err,
	          "has \"" SPAN_FMT "\", which is neither hours (08:00-20:00) "
	          "nor days (mon-fri)",
	          SPAN_ARG(word));
	return RESULT_BAD;
}

/* The zone is the last word; hours or days there mean that it is missing. */
static enum result
take_zone(struct reading *reading, struct span *text)
{
	struct hours *hours = reading->hours;
	struct span whole = span_trim(*text), zone;
	size_t start = whole.len;
	unsigned mask;

	while (start > 0 && whole.at[start - 1] != ' ' &&
	       whole.at[start - 1] != ',')
		start--;
	zone = span_skip(whole, start);
	if (zone.len == 0 || zone.len >= HOURS_ZONE_SIZE)
		return bad(reading->err,
		           "is not sending hours such as " EXAMPLE);
	if (ascii_is_digit(zone.at[0]) || read_days(zone, &mask))
		return bad(reading->err, "names no time zone: " EXAMPLE);
	snprintf(hours->zone, sizeof(hours->zone), SPAN_FMT, SPAN_ARG(zone));
	*text = span_take(whole, start);
	return RESULT_OK;
}

enum result
hours_read(const char *text, struct hours *hours_r, struct error *err)
{
	struct hours hours = { .count = 0 };
	struct reading reading = { .hours = &hours,
		                   .days = HOURS_ALL_DAYS,
		                   .err = err };
	struct span rest = span_of(text), word;

	if (take_zone(&reading, &rest) != RESULT_OK)
		return RESULT_BAD;
	while (next_word(&rest, &word))
		if (add_word(&reading, word) != RESULT_OK)
			return RESULT_BAD;
	if (hours.count == 0 || reading.is_day_list)
		return bad(err, "has days without hours: " EXAMPLE);
	*hours_r = hours;
	return RESULT_OK;
}
