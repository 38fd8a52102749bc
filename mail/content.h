#ifndef MAIL_CONTENT_H
#define MAIL_CONTENT_H

#include "base/arena.h"
#include "base/span.h"

/*
 * Values of Content-Type and Content-Disposition (RFC 2045, 2183, 2231), as
 * they come and not only as they should: comments, missing semicolons,
 * quotes that never close.
 */

/* "multipart/report" or "attachment" in lower case; "" when there is none. */
char *content_kind(struct arena *arena, const char *value);

/*
 * A parameter's value without its quotes; "" when it is not given. Joins
 * the numbered pieces of RFC 2231 and takes their percent signs away.
 */
char *content_parameter(struct arena *arena, const char *value,
                        const char *name);

/*
 * The same value with that parameter changed, or added behind a fold; all
 * else stays as it was. text is a token.
 */
char *content_with_parameter(struct arena *arena, const char *value,
                             const char *name, const char *text);

#endif
