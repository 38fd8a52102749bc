#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "web/http.h"

/*
 * The HTML of a page. accept_language: the header as it came. fields: the
 * named values of the template; all of them are escaped.
 *
 *     unsubscribe   token, title: one button that posts to /u/TOKEN
 *     unsubscribed  title: it holds from now on
 *     unknown       a link that leads nowhere
 *     later         the record cannot be reached; press again later
 */
struct span page_render(struct arena *arena, const char *accept_language,
                        const char *name, const struct http_fields *fields);

#endif
