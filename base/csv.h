#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Reads CSV (RFC 4180) from a file of any size with the memory of one record:
 * quoted fields with separators, quotes and line ends in them, LF or CRLF, a
 * byte order mark, and ',' ';' or TAB between fields: the one that the first
 * line has most of, for French spreadsheets write ';'.
 */
#define CSV_RECORD_LIMIT ((size_t)64 * 1024)
#define CSV_FIELD_LIMIT  64

struct csv;

struct csv_record {
	uint64_t line; /* on which it begins, from 1 */
	struct span raw;
	struct span fields[CSV_FIELD_LIMIT]; /* trimmed, quotes undone */
	size_t count;
};

/* Reads from fd, which stays the caller's. */
struct csv *csv_new(int fd);
void csv_free(struct csv **csv);

/*
 * The next record that is not empty; spans are valid until the next call.
 * NONE: the end. BAD: this record cannot be read (record_r has line and raw),
 * the next call goes on behind its line. RETRY: the file cannot be read.
 */
enum result csv_next(struct csv *csv, struct csv_record *record_r,
                     struct error *err) MUST_CHECK;

/* Bytes read so far, for a progress bar. */
uint64_t csv_bytes(const struct csv *csv);
char csv_separator(const struct csv *csv);

/* Adds a field, quoted where it must be; first says that none is before. */
void csv_write_field(struct buf *out, char separator, bool is_first,
                     struct span field);

#endif
