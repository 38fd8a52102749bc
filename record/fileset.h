#ifndef RECORD_FILESET_H
#define RECORD_FILESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The files of a bundle in memory, in the order of their names; written to
 * and read from a folder or a tar file. What is written depends on names and
 * bytes alone: no times, no owners (BND-2).
 */
#define FILESET_LIMIT ((size_t)512 * 1024 * 1024) /* all of it */
#define FILESET_FILES ((size_t)100000)
#define FILESET_NAME  ((size_t)99) /* what a plain tar header holds */

struct fileset_file {
	const char *name; /* "events/001.json" */
	struct span bytes;
};

struct fileset {
	struct fileset_file *items;
	size_t count;
	size_t room;
};

/* Bytes are borrowed. The order is kept. */
void fileset_add(struct arena *arena, struct fileset *set, const char *name,
                 struct span bytes);
/* NULL: there is none. */
const struct fileset_file *fileset_find(const struct fileset *set,
                                        const char *name);

/*
 * A path that ends in .tar is a tar file, "-" one on standard input or
 * output, anything else a folder. BAD: it is there already.
 */
enum result fileset_write(const struct fileset *set, const char *path,
                          const char *top, struct error *err) MUST_CHECK;
/* BAD: not such a folder or tar file, or a name in it is no plain one. */
enum result fileset_read(struct arena *arena, const char *path,
                         struct fileset *set_r, struct error *err) MUST_CHECK;

#endif
