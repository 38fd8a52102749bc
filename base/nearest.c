#include "base/nearest.h"

#include <string.h>

#include "base/span.h"

#define NAME_BYTES 64

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t low = a < b ? a : b;

	return low < c ? low : c;
}

/* Levenshtein's distance; '-' and '_' count as the same letter. */
static size_t
distance(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	size_t row[NAME_BYTES + 1];

	if (len_a > NAME_BYTES || len_b > NAME_BYTES)
		return NAME_BYTES;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			char x = ascii_lower(a[i - 1] == '-' ? '_' : a[i - 1]);
			char y = ascii_lower(b[j - 1] == '-' ? '_' : b[j - 1]);
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
			               corner + (x == y ? 0 : 1));
			corner = above;
		}
	}
	return row[len_b];
}

const char *
nearest_name(const char *typed, nearest_name_at *name_at, const void *names)
{
	const char *best = "", *name;
	size_t best_distance = strlen(typed) / 3 + 1;

	for (size_t i = 0; (name = name_at(names, i)) != NULL; i++) {
		size_t away = distance(typed, name);

		if (away <= best_distance) {
			if (away == best_distance && best[0] != '\0')
				continue;
			best = name;
			best_distance = away;
		}
	}
	return best;
}
