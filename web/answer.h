#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "web/page.h"
#include "web/routes.h"

/* The answers that several pages give. */

/* A page from its template, in the reader's language. */
void answer_page(struct call *call, unsigned status, enum page page,
                 struct fields *fields, struct http_answer *answer);
/* One that needs no more than what every page has. */
void answer_plain(struct call *call, unsigned status, enum page page,
                  struct http_answer *answer);

/* Plain text, for programs. */
void answer_text(struct http_answer *answer, unsigned status, const char *text);

/*
 * 404: no such page, or a token that names nothing. One and the same for a
 * wrong, an unknown and another purpose's token (LST-6).
 */
void answer_unknown(struct call *call, struct http_answer *answer);

/* 503: recorded or not, asking again does no harm. */
void answer_later(struct call *call, struct http_answer *answer);

#endif
