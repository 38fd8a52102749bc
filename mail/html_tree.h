#ifndef MAIL_HTML_TREE_H
#define MAIL_HTML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * What only a parse of a page's tree can tell, by Gumbo; html_tree.c is its
 * only user. Pages are UTF-8, or bytes whose ASCII part is ASCII. All of it
 * says false for a page nested or large beyond what we take on.
 */

/*
 * Where more may be put so that a reader sees it: behind <body>, and in front
 * of the </body> that counts (BODY-7).
 */
struct html_place {
	size_t top;
	size_t bottom;
};

bool html_place_find(struct span html, struct html_place *place_r);

/*
 * Is there exactly one element with that id, in the body, and in nothing that
 * hides its text (script, style, textarea, template, title...)?
 */
bool html_place_is_seen(struct span html, const char *id);

/*
 * The links that lead to the web (http and https), and where their addresses
 * stand. Anchors in the page, mailto:, tel: and the like are none.
 */
struct html_link {
	size_t at; /* of the value, without its quotes */
	size_t len;
	bool is_quoted;
	const char *url; /* with its character references resolved */
};

struct html_link_list {
	struct html_link *items; /* by offset */
	size_t count;
	size_t room;
};

bool html_links(struct arena *arena, struct span html,
                struct html_link_list *list_r);

#endif
