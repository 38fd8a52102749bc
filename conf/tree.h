#ifndef CONF_TREE_H
#define CONF_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "conf/settings.h"

/*
 * A settings file as read, before anything in it has a meaning: groups,
 * lists and values, each with its place. Arrays and lists are the same here.
 */
enum node_kind {
	NODE_GROUP,
	NODE_LIST,
	NODE_TEXT,
	NODE_INT,
	NODE_FRACTION, /* no setting wants one */
	NODE_BOOL
};

struct node {
	enum node_kind kind;
	struct place place;
	const char *name; /* "" in a list and at the top */
	const char *text;
	int64_t integer; /* of NODE_INT and NODE_BOOL */
	struct node *items;
	size_t count;
};

/* "a number", "a list"...: what a person calls this kind. */
const char *node_kind_name(enum node_kind kind);

/* The member of that name, or NULL. */
const struct node *node_get(const struct node *group, const char *name);

/*
 * The text of a settings file with its includes put in, and where each line
 * came from. file_name is how a file is shown: relative to the first one.
 */
struct source {
	struct span text;
	struct place *lines;
	size_t line_count;
};

/*
 * Reads path and what it includes, relative to the including file's folder.
 * False: a file cannot be read or is too large; the finding says so.
 */
bool source_read(struct arena *arena, const char *path, struct source *source_r,
                 struct finding_list *findings);

/* Lines count from 1; past the end gives the last one. */
struct place source_place(const struct source *source, unsigned line);

/*
 * Finds the usual slips (a quote, comma or bracket left out, text without
 * quotes) with a sentence for each, and writes the text in the strictest
 * form of the syntax: no comments, no comma before a closing bracket, names
 * of members without quotes, large numbers marked. False: a finding says
 * what is wrong.
 */
bool scan_text(struct arena *arena, struct source *source,
               struct finding_list *findings);

/* The adapter for libconfig. False: a finding says what is wrong. */
bool tree_parse(struct arena *arena, const struct source *source,
                struct node *root_r, struct finding_list *findings);

#endif
