/*
 * CSV from a stranger's spreadsheet: every record that csv_next gives lies in
 * the file, one behind the other, and what csv_write_field makes of a field
 * reads back as that field.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "cli/consent_row.h"

#define CLASSES 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct class_settings classes[CLASSES] = { { .name = "newsletter" },
	                                          { .name = "offers" } };
static const struct settings settings = { .classes = classes,
	                                  .class_count = CLASSES };
static const struct consent_defaults defaults = { &settings, "offers",
	                                          1795251602417 };

static int
file_of(const void *at, size_t len)
{
	char path[] = "/tmp/avis-fuzz-csv-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	assert(fd >= 0 && write(fd, at, len) == (ssize_t)len);
	assert(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void
write_again(const struct csv_record *record, char separator)
{
	struct csv_record again;
	struct error err;
	struct csv *csv;
	struct buf out;
	int fd;

	buf_init(&out, 8 * CSV_RECORD_LIMIT);
	for (size_t i = 0; i < record->count; i++)
		csv_write_field(&out, separator, i == 0, record->fields[i]);
	assert(!out.is_full);
	fd = file_of(out.data, out.len);
	csv = csv_new(fd);
	/* One field alone does not tell what separates; nor is a mark of the
	 * byte order one but at the start of a file. */
	if (record->count > 1 &&
	    !span_starts(buf_as_span(&out), "\xef\xbb\xbf") &&
	    out.len < CSV_RECORD_LIMIT &&
	    csv_next(csv, &again, &err) == RESULT_OK &&
	    csv_separator(csv) == separator) {
		assert(again.count == record->count);
		for (size_t i = 0; i < again.count; i++)
			assert(span_equal(span_trim(again.fields[i]),
			                  span_trim(record->fields[i])));
	}
	csv_free(&csv);
	buf_done(&out);
	close(fd);
}

static void
read_row(struct arena *arena, const struct csv_record *row,
         const struct consent_columns *columns, struct buf *out)
{
	struct event event;
	struct error err;

	if (consent_row(arena, row, columns, &defaults, &event, &err) !=
	    RESULT_OK)
		return;
	consent_print(&event, out);
	/* CHAIN-6a, and nothing of the file breaks a line of a journal. */
	assert(strchr(event.detail, '@') == NULL);
	assert(strpbrk(event.class_name, "\r\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);
	struct csv *csv = csv_new(fd);
	struct arena *arena = arena_new();
	struct consent_columns columns;
	struct csv_record record;
	uint64_t bytes = 0, line = 0;
	enum result result;
	bool has_header = false;
	const char *ignored;
	struct error err;
	struct buf out;

	buf_init(&out, 4 * CSV_RECORD_LIMIT);
	while ((result = csv_next(csv, &record, &err)) != RESULT_NONE) {
		assert(result == RESULT_OK || result == RESULT_BAD);
		assert(csv_bytes(csv) > bytes && csv_bytes(csv) <= size);
		assert(record.line > line);
		bytes = csv_bytes(csv);
		line = record.line;
		if (result == RESULT_BAD)
			continue;
		assert(record.count > 0 && record.count <= CSV_FIELD_LIMIT);
		write_again(&record, csv_separator(csv));
		if (has_header)
			read_row(arena, &record, &columns, &out);
		else
			has_header = consent_header(arena, &record, &defaults,
			                            &columns, &ignored,
			                            &err) == RESULT_OK;
	}
	buf_done(&out);
	arena_free(&arena);
	csv_free(&csv);
	close(fd);
	return 0;
}
