#include "web/language.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/span.h"

static const struct {
	const char *code;
	const char *own_name;
	const char *domain;
} table[LANGUAGES] = {
	[LANGUAGE_EN] = { "en", "English", "" },
	[LANGUAGE_FR] = { "fr", "Français", "avis-fr" },
};

static const char *const months[] = {
	WORDS("January"), WORDS("February"), WORDS("March"),
	WORDS("April"),   WORDS("May"),      WORDS("June"),
	WORDS("July"),    WORDS("August"),   WORDS("September"),
	WORDS("October"), WORDS("November"), WORDS("December"),
};

bool
language_open(const char *folder)
{
	bool is_whole = true;

	/* It would send gettext to other folders than that of the locale. */
	unsetenv("LANGUAGE");
	setlocale(LC_MESSAGES, "C.UTF-8");
	for (int i = 0; i < LANGUAGES; i++) {
		if (table[i].domain[0] == '\0')
			continue;
		bindtextdomain(table[i].domain, folder);
		bind_textdomain_codeset(table[i].domain, "UTF-8");
		/* The entry of the empty text is the catalogue's head. */
		is_whole &= dgettext(table[i].domain, "")[0] != '\0';
	}
	return is_whole;
}

const char *
language_code(enum language language)
{
	return table[language].code;
}

const char *
language_own_name(enum language language)
{
	return table[language].own_name;
}

const char *
language_text(enum language language, const char *text)
{
	if (table[language].domain[0] == '\0' || text[0] == '\0')
		return text;
	return dgettext(table[language].domain, text);
}

const char *
language_words(const void *context, const char *text)
{
	const enum language *language = context;

	return language_text(*language, text);
}

static bool
find_code(struct span code, enum language *language_r)
{
	for (int i = 0; i < LANGUAGES; i++)
		if (span_is(code, table[i].code)) {
			*language_r = (enum language)i;
			return true;
		}
	return false;
}

/* "q=0.8" in thousandths; what cannot be read counts for nothing. */
static int
quality(struct span parameters)
{
	size_t at = span_find_text(parameters, "q=", 0);
	struct span value = span_skip(parameters, at + 2);
	int number = 0, scale = 1000;

	if (at == parameters.len)
		return 1000;
	for (size_t i = 0; i < value.len && i < 5; i++) {
		if (value.at[i] == '.')
			continue;
		if (!ascii_is_digit(value.at[i]))
			break;
		number += (value.at[i] - '0') * scale;
		scale /= 10;
	}
	return number;
}

/* RFC 9110, 12.5.4: fr-CA is French to us. */
static bool
find_accepted(const char *header, enum language *language_r)
{
	struct span rest = span_of(header);
	int best = 0;

	while (rest.len > 0) {
		size_t comma = span_find(rest, ',', 0);
		struct span item = span_trim(span_take(rest, comma));
		size_t end = span_find(item, ';', 0);
		struct span range = span_trim(span_take(item, end));
		int weight = quality(span_skip(item, end));
		enum language language;

		range = span_take(range, span_find(range, '-', 0));
		if (weight > best && find_code(range, &language)) {
			best = weight;
			*language_r = language;
		}
		rest = span_skip(rest, comma + 1);
	}
	return best > 0;
}

enum language
language_choose(const struct language_wishes *wishes)
{
	enum language language = LANGUAGE_EN;

	if (find_code(span_of(wishes->chosen), &language) ||
	    find_code(span_of(wishes->person), &language) ||
	    find_accepted(wishes->accept, &language) ||
	    find_code(span_of(wishes->standard), &language))
		return language;
	return LANGUAGE_EN;
}

char *
language_date(struct arena *arena, enum language language, time_ms_t when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm parts;
	const char *month, *first;

	localtime_r(&seconds, &parts);
	month = language_text(language, months[parts.tm_mon]);
	/* The first of a month is an ordinal in French alone. */
	first = language == LANGUAGE_FR && parts.tm_mday == 1 ? "er" : "";
	return arena_printf(arena, "%d%s %s %d", parts.tm_mday, first, month,
	                    parts.tm_year + 1900);
}
