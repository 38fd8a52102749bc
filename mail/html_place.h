#ifndef MAIL_HTML_PLACE_H
#define MAIL_HTML_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/*
 * Where in HTML more may be put so that a reader sees it: behind <body>, and
 * in front of the </body> that counts (BODY-7). By Gumbo; html_place.c is its
 * only user.
 */
struct html_place {
	size_t top;
	size_t bottom;
};

/*
 * html is UTF-8, or bytes whose ASCII part is ASCII. False: it is nested or
 * large beyond what we take on.
 */
bool html_place_find(struct span html, struct html_place *place_r);

/*
 * Is there exactly one element with that id, in the body, and in nothing that
 * hides its text (script, style, textarea, template, title...)?
 */
bool html_place_is_seen(struct span html, const char *id);

#endif
