#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/schema.h"
#include "conf/tree.h"

/*
 * Fills structs from nodes by the rows of the schema. load_value is one
 * value into one field; load_settings walks the groups.
 */
struct load {
	struct arena *arena;
	struct finding_list *findings;
	struct settings *settings;
	bool is_default; /* the value comes from the schema */
};

/*
 * Puts the value of node where row says, inside the struct at base. path
 * names it in findings.
 */
void load_value(struct load *load, const struct row *row,
                const struct node *node, void *base, const char *path);

/* A finding of an error; remedy may be "". */
void load_complain(struct load *load, struct place place, const char *setting,
                   const char *text, const char *remedy);

/* `did you mean "..."?` or "". */
const char *load_suggest(struct load *load, const char *typed,
                         const struct text_list *names);

/* The words of "none | mailto | one-click". */
struct text_list load_words(struct arena *arena, const char *type);

/* What the settings say together, over and above each of them. */
void load_check_together(struct load *load);

#endif
