#ifndef WEB_LANGUAGE_H
#define WEB_LANGUAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"

/*
 * The languages of the pages. web/language.c is the adapter for gettext and
 * its only user. A process has one locale and a server many readers, so each
 * language is a text domain of its own ("avis-fr") under the locale C.UTF-8,
 * which every Debian has: no locale is installed, none is ever switched.
 */
enum language {
	LANGUAGE_EN, /* as the texts stand in the templates */
	LANGUAGE_FR,
	LANGUAGES
};

/* Marks a text of a table for translation; xgettext looks for it. */
#define WORDS(text) (text)

/* Once, before any thread. False: a catalogue is missing in the folder. */
bool language_open(const char *folder);

const char *language_code(enum language language);     /* "fr" */
const char *language_own_name(enum language language); /* "Français" */

/* The text in that language; as it stands, when nobody translated it. */
const char *language_text(enum language language, const char *text);
/* A template_words; context is an enum language. */
const char *language_words(const void *context, const char *text);

/* Who has a say, in this order; "" has none. */
struct language_wishes {
	const char *chosen; /* on the page: ?lang=fr */
	const char *person; /* in the preferences */
	const char *accept; /* the header Accept-Language */
	const char *standard;
};
enum language language_choose(const struct language_wishes *wishes);

/* "21 November 2026", "1er décembre 2026"; by this machine's clock. */
char *language_date(struct arena *arena, enum language language,
                    time_ms_t when);

#endif
