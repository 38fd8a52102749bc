#include "record/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/memory.h"

#define WAIT_MS 20000

struct sqlite {
	sqlite3 *database;
};

struct sqlite_query {
	sqlite3_stmt *statement; /* NULL: it could not be made */
	enum result result;      /* then */
	struct error err;
};

static enum result
failed(sqlite3 *database, struct error *err)
{
	int code = sqlite3_errcode(database) & 0xff;

	error_set(err, "%s: %s", sqlite3_db_filename(database, "main"),
	          sqlite3_errmsg(database));
	return code == SQLITE_BUSY || code == SQLITE_LOCKED ||
	                       code == SQLITE_FULL || code == SQLITE_IOERR ||
	                       code == SQLITE_CANTOPEN
	               ? RESULT_RETRY
	               : RESULT_BAD;
}

enum result
sqlite_open(const char *path, bool may_write, struct sqlite **sqlite_r,
            struct error *err)
{
	/* Who only reads must take back what a killed writer left half done. */
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	            SQLITE_OPEN_READWRITE |
	            (may_write ? SQLITE_OPEN_CREATE : 0);

	if (!may_write && access(path, F_OK) != 0) {
		error_errno(err, errno, "%s", path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}

	struct sqlite *sqlite = memory_zeroed(1, sizeof(*sqlite));

	if (sqlite3_open_v2(path, &sqlite->database, flags, NULL) !=
	    SQLITE_OK) {
		error_set(err, "%s: %s", path,
		          sqlite3_errmsg(sqlite->database));
		sqlite_close(&sqlite);
		return RESULT_BAD;
	}
	sqlite3_busy_timeout(sqlite->database, WAIT_MS);
	*sqlite_r = sqlite;
	return RESULT_OK;
}

void
sqlite_close(struct sqlite **sqlite)
{
	if (*sqlite == NULL)
		return;
	if (sqlite3_close((*sqlite)->database) != SQLITE_OK)
		log_fatal("SQLite: a query is still in use");
	free(*sqlite);
	*sqlite = NULL;
}

enum result
sqlite_do(struct sqlite *sqlite, const char *statements, struct error *err)
{
	if (sqlite3_exec(sqlite->database, statements, NULL, NULL, NULL) ==
	    SQLITE_OK)
		return RESULT_OK;
	return failed(sqlite->database, err);
}

struct sqlite_query *
sqlite_query_new(struct sqlite *sqlite, const char *text)
{
	struct sqlite_query *query = memory_zeroed(1, sizeof(*query));

	if (sqlite3_prepare_v2(sqlite->database, text, -1, &query->statement,
	                       NULL) == SQLITE_OK)
		return query;
	if (sqlite3_errcode(sqlite->database) == SQLITE_ERROR)
		log_fatal("SQLite: %s in: %s", sqlite3_errmsg(sqlite->database),
		          text);
	query->result = failed(sqlite->database, &query->err);
	return query;
}

void
sqlite_query_free(struct sqlite_query **query)
{
	if (*query == NULL)
		return;
	sqlite3_finalize((*query)->statement);
	free(*query);
	*query = NULL;
}

void
sqlite_give_int(struct sqlite_query *query, int number, int64_t value)
{
	sqlite3_bind_int64(query->statement, number, value);
}

void
sqlite_give_bytes(struct sqlite_query *query, int number, struct span value)
{
	sqlite3_bind_blob64(query->statement, number, value.at, value.len,
	                    SQLITE_STATIC);
}

void
sqlite_give_text(struct sqlite_query *query, int number, const char *value)
{
	sqlite3_bind_text(query->statement, number, value, -1, SQLITE_STATIC);
}

enum result
sqlite_next(struct sqlite_query *query, struct error *err)
{
	if (query->statement == NULL) {
		*err = query->err;
		return query->result;
	}
	switch (sqlite3_step(query->statement)) {
	case SQLITE_ROW:
		return RESULT_OK;
	case SQLITE_DONE:
		return RESULT_NONE;
	default:
		return failed(sqlite3_db_handle(query->statement), err);
	}
}

enum result
sqlite_run(struct sqlite_query *query, struct error *err)
{
	enum result result = sqlite_next(query, err);

	sqlite_rewind(query);
	return result == RESULT_NONE ? RESULT_OK : result;
}

void
sqlite_rewind(struct sqlite_query *query)
{
	if (query->statement == NULL)
		return;
	sqlite3_reset(query->statement);
	sqlite3_clear_bindings(query->statement);
}

int64_t
sqlite_int(struct sqlite_query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

struct span
sqlite_bytes(struct sqlite_query *query, int column)
{
	const void *at = sqlite3_column_blob(query->statement, column);
	int len = sqlite3_column_bytes(query->statement, column);

	return at == NULL ? SPAN("") : span_make(at, (size_t)len);
}

char *
sqlite_text(struct arena *arena, struct sqlite_query *query, int column)
{
	struct span bytes = sqlite_bytes(query, column);

	return arena_strndup(arena, bytes.at, bytes.len);
}
