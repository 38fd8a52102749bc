#include "policy/holidays.h"

static bool
read_digits(struct span *text, size_t count, int *number_r)
{
	int number = 0;

	if (text->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!ascii_is_digit(text->at[i]))
			return false;
		number = number * 10 + text->at[i] - '0';
	}
	*text = span_skip(*text, count);
	*number_r = number;
	return true;
}

static bool
read_dash(struct span *text)
{
	bool is_there = text->len > 0 && text->at[0] == '-';

	*text = span_skip(*text, 1);
	return is_there;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The 29th of February is a day of every year that has one. */
static bool
is_date(struct holiday holiday)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30,
		                       31, 31, 30, 31, 30, 31 };

	if (holiday.month < 1 || holiday.month > 12 || holiday.day < 1 ||
	    holiday.day > lengths[holiday.month - 1])
		return false;
	return holiday.year == 0 || holiday.month != 2 || holiday.day < 29 ||
	       is_leap(holiday.year);
}

static bool
read_holiday(struct span text, struct holiday *holiday_r)
{
	struct holiday holiday = { .year = 0 };

	if (text.len == 10 && (!read_digits(&text, 4, &holiday.year) ||
	                       !read_dash(&text) || holiday.year == 0))
		return false;
	if (!read_digits(&text, 2, &holiday.month) || !read_dash(&text) ||
	    !read_digits(&text, 2, &holiday.day) || text.len != 0)
		return false;
	*holiday_r = holiday;
	return is_date(holiday);
}

enum result
holidays_read(struct arena *arena, struct span text,
              struct holidays *holidays_r, struct error *err)
{
	struct span line;
	size_t number = 0;

	*holidays_r = (struct holidays){ .items = NULL };
	while (span_line(&text, &line)) {
		struct holiday holiday, *slot;

		number++;
		line = span_trim(span_take(line, span_find(line, '#', 0)));
		if (line.len == 0)
			continue;
		if (!read_holiday(line, &holiday)) {
			error_set(err,
			          "line %zu is not a day such as 2026-05-14, "
			          "or 12-25 for every year",
			          number);
			return RESULT_BAD;
		}
		slot = arena_push(arena, (void **)&holidays_r->items,
		                  &holidays_r->count, &holidays_r->room,
		                  sizeof(*slot));
		*slot = holiday;
	}
	return RESULT_OK;
}

/* The day in the calendar; years begin in March, so leap days come last. */
static struct holiday
date_of(int64_t day)
{
	int64_t z = day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct holiday date = {
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
	};

	date.year = (int)(year + era * 400 + (date.month <= 2 ? 1 : 0));
	return date;
}

bool
holidays_hold(const struct holidays *holidays, int64_t day)
{
	struct holiday date;

	if (holidays->count == 0)
		return false;
	date = date_of(day);
	for (size_t i = 0; i < holidays->count; i++) {
		const struct holiday *item = &holidays->items[i];

		if (item->day == date.day && item->month == date.month &&
		    (item->year == 0 || item->year == date.year))
			return true;
	}
	return false;
}
