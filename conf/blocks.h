#ifndef CONF_BLOCKS_H
#define CONF_BLOCKS_H

#include "base/template.h"
#include "conf/settings.h"

/*
 * The blocks of text that classes put into messages (notice, footer): each is
 * a pair of templates in each language, NAME.fr.txt and NAME.fr.html. Four of
 * them come with avis; the operator's folder (setting blocks) may replace
 * them and add others.
 */
struct blocks;

/*
 * All of both. A template that is broken, or lacks its other half, is an
 * error among the findings, by file and line: what would go into messages is
 * never guessed.
 */
enum result blocks_read(struct arena *arena, const struct settings *settings,
                        struct blocks **blocks_r,
                        struct finding_list *findings) MUST_CHECK;

struct block_text {
	const struct template *text;
	const struct template *html;
};

/* "fr" or "en"; the other language when there is only that. */
bool blocks_find(const struct blocks *blocks, const char *name,
                 const char *language, struct block_text *block_r);

/* The names, for "did you mean"; NULL past the last one. */
const char *blocks_name(const struct blocks *blocks, size_t index);

/*
 * The files that come with avis, compiled in (base/builtin.sh). Empty: there
 * is none of that name; NULL past the last one.
 */
struct span block_file(const char *name);
const char *block_file_name(size_t index);

#endif
