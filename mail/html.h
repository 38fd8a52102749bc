#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include "base/arena.h"
#include "base/span.h"

/*
 * What a person reads in UTF-8 HTML: tags out, entities decoded, a line end
 * where a block begins. For bounces that come as HTML only. One pass, at
 * most limit bytes of text.
 */
struct span html_text(struct arena *arena, struct span html, size_t limit);

#endif
