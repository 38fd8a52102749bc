#ifndef MAIL_PHRASE_H
#define MAIL_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * Looking for wording in people's languages: text is folded once, then
 * many short phrases are looked for in it, each in linear time.
 */

/*
 * Lower case (Latin 1, Cyrillic), white space and line ends made one space,
 * typographic quotes made plain: a phrase is found however it was wrapped.
 */
struct span phrase_fold(struct arena *arena, struct span text);

/* Does the folded text hold it? The phrase is folded already. */
bool phrase_in(struct span folded, const char *phrase);

#endif
