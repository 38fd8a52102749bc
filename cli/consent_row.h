#ifndef CLI_CONSENT_ROW_H
#define CLI_CONSENT_ROW_H

#include "base/csv.h"
#include "conf/settings.h"
#include "record/event.h"

/*
 * A line of a file of consents as an event. Columns are named by the file's
 * first line, in English or French, in any order.
 */
enum consent_column {
	COLUMN_ADDRESS,
	COLUMN_CLASS,
	COLUMN_TIME,
	COLUMN_TEXT,
	COLUMN_CHANNEL,
	COLUMN_RECEIVE,
	COLUMN_OPEN,
	COLUMN_CLICK,
	COLUMN_BASIS,
	COLUMN_CONTEXT,
	COLUMNS
};

struct consent_columns {
	int at[COLUMNS]; /* -1: the file has none */
	size_t count;    /* fields that each line must have */
};

/* What the command line says of all lines. */
struct consent_defaults {
	const struct settings *settings;
	const char *class_name; /* where there is no column for it; "" */
	time_ms_t now;
};

/*
 * BAD: a column is missing or there twice. ignored_r: names of columns that
 * are not read, "" for none.
 */
enum result consent_header(struct arena *arena, const struct csv_record *header,
                           const struct consent_defaults *defaults,
                           struct consent_columns *columns_r,
                           const char **ignored_r,
                           struct error *err) MUST_CHECK;

/* BAD: the text names the column and says what is wrong. */
enum result consent_row(struct arena *arena, const struct csv_record *row,
                        const struct consent_columns *columns,
                        const struct consent_defaults *defaults,
                        struct event *event_r, struct error *err) MUST_CHECK;

/* What makes two such events the same one. */
void consent_print(const struct event *event, struct buf *out);

#endif
