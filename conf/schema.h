#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "conf/settings.h"
#include "conf/values.h"

/*
 * Every setting is a row, every group of settings a section; conf/load reads
 * any file by them. doc.section, doc.name and doc.standard are as a person
 * would write them, so defaults are read by the same code as the files.
 */
enum row_kind {
	ROW_TEXT,     /* const char * */
	ROW_TEXTS,    /* struct text_list */
	ROW_WORD,     /* const char *, one of the words of doc.type */
	ROW_CHOICE,   /* an enum, low for the first word of doc.type */
	ROW_BITS,     /* unsigned, low for the first word, then doubled */
	ROW_BOOL,     /* bool */
	ROW_TRISTATE, /* enum tristate */
	ROW_COUNT,    /* int64_t */
	ROW_SIZE,     /* int64_t */
	ROW_DURATION, /* int64_t, milliseconds */
	ROW_MODE,     /* int64_t */
	ROW_TITLE,    /* struct title */
	ROW_HEADERS   /* struct header_condition *, then their size_t count */
};

struct row {
	struct setting_row doc;
	enum row_kind kind;
	size_t offset;
	int64_t low; /* numbers: limits; words: the value of the first */
	int64_t high;
	value_check *check; /* of text and of each of a list; NULL: any line */
	/*
	 * The only word whose meaning this version carries out; another one
	 * gives a warning. NULL: all of them are.
	 */
	const char *enforced;
	bool is_required;
};

struct section {
	const char *name;   /* "classes.when" */
	const char *parent; /* "classes"; NULL for the top */
	const char *member; /* "when" */
	size_t offset;      /* in the parent's struct */
	size_t size;
	bool is_list; /* of groups: a pointer, its count elsewhere */
	size_t count_offset;
};

/* NULL past the last one. */
const struct row *schema_row(size_t index);
const struct section *schema_section(size_t index);

const struct row *schema_find_row(const char *section, const char *name);
const struct section *schema_find_section(const char *parent,
                                          const char *member);

#endif
