#ifndef RECORD_SQLITE_H
#define RECORD_SQLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * One database file, one user at a time; sqlite.c is the adapter for SQLite
 * and its only user. A statement takes its values in order (1, 2...) and
 * gives its columns by number (0, 1...).
 */
struct sqlite;
struct sqlite_query;

/* NONE: no such file, and it is not to be made. */
enum result sqlite_open(const char *path, bool may_write,
                        struct sqlite **sqlite_r, struct error *err) MUST_CHECK;
void sqlite_close(struct sqlite **sqlite);

/* Statements without values or answers: tables, BEGIN, COMMIT. */
enum result sqlite_do(struct sqlite *sqlite, const char *statements,
                      struct error *err) MUST_CHECK;

/*
 * The text is ours: a mistake in it ends the process. What is wrong with the
 * file is said by sqlite_next.
 */
struct sqlite_query *sqlite_query_new(struct sqlite *sqlite, const char *text);
void sqlite_query_free(struct sqlite_query **query);

void sqlite_give_int(struct sqlite_query *query, int number, int64_t value);
/* Borrowed until the next sqlite_rewind. */
void sqlite_give_bytes(struct sqlite_query *query, int number,
                       struct span value);
void sqlite_give_text(struct sqlite_query *query, int number,
                      const char *value);

/* OK: a row. NONE: no further one. RETRY: locked, disk full. BAD: damaged. */
enum result sqlite_next(struct sqlite_query *query,
                        struct error *err) MUST_CHECK;
/* Runs one that gives no rows, and rewinds it. */
enum result sqlite_run(struct sqlite_query *query,
                       struct error *err) MUST_CHECK;
void sqlite_rewind(struct sqlite_query *query);

int64_t sqlite_int(struct sqlite_query *query, int column);
/* Valid until the next step. */
struct span sqlite_bytes(struct sqlite_query *query, int column);
char *sqlite_text(struct arena *arena, struct sqlite_query *query, int column);

#endif
