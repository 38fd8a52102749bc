#include "base/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define WINDOW_BYTES (4 * CSV_RECORD_LIMIT)
#define SEPARATORS   3

static const char separators[SEPARATORS] = { ',', ';', '\t' };

struct csv {
	int fd;
	char separator; /* '\0': not known yet */
	uint64_t line;  /* of what comes next */
	uint64_t bytes; /* taken out of the window */
	bool is_at_end;
	char *window;
	size_t at;
	size_t len;
	char *text; /* of the fields of one record */
};

struct csv *
csv_new(int fd)
{
	struct csv *csv = memory_zeroed(1, sizeof(*csv));

	csv->fd = fd;
	csv->line = 1;
	csv->window = memory_get(WINDOW_BYTES);
	csv->text = memory_get(CSV_RECORD_LIMIT);
	return csv;
}

void
csv_free(struct csv **csv)
{
	if (*csv == NULL)
		return;
	free((*csv)->window);
	free((*csv)->text);
	free(*csv);
	*csv = NULL;
}

/* So much that a whole record is there, or the end of the file. */
static enum result
fill(struct csv *csv, struct error *err)
{
	if (csv->len - csv->at > CSV_RECORD_LIMIT)
		return RESULT_OK;
	memmove(csv->window, csv->window + csv->at, csv->len - csv->at);
	csv->len -= csv->at;
	csv->at = 0;
	while (!csv->is_at_end && csv->len < WINDOW_BYTES) {
		ssize_t got = read(csv->fd, csv->window + csv->len,
		                   WINDOW_BYTES - csv->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_errno(err, errno, "cannot read");
			return RESULT_RETRY;
		}
		csv->is_at_end = got == 0;
		csv->len += (size_t)got;
	}
	return RESULT_OK;
}

static struct span
rest(const struct csv *csv)
{
	return span_make(csv->window + csv->at, csv->len - csv->at);
}

static void
skip(struct csv *csv, size_t count)
{
	for (size_t i = 0; i < count; i++)
		csv->line += csv->window[csv->at + i] == '\n' ? 1 : 0;
	csv->at += count;
	csv->bytes += count;
}

static void
begin(struct csv *csv)
{
	struct span first;
	size_t counts[SEPARATORS] = { 0 }, best = 0;
	bool is_quoted = false;

	if (span_starts(rest(csv), "\xef\xbb\xbf"))
		skip(csv, 3);
	first = rest(csv);
	first = span_take(first, span_find(first, '\n', 0));
	for (size_t i = 0; i < first.len; i++) {
		if (first.at[i] == '"')
			is_quoted = !is_quoted;
		for (size_t s = 0; s < SEPARATORS && !is_quoted; s++)
			counts[s] += first.at[i] == separators[s] ? 1 : 0;
	}
	for (size_t s = 1; s < SEPARATORS; s++)
		if (counts[s] > counts[best])
			best = s;
	csv->separator = separators[best];
}

/* One record being read: where we are, and where its text goes. */
struct parse {
	struct csv *csv;
	struct csv_record *record;
	struct span bytes;
	size_t at;
	size_t text_len;
};

static bool
is_end_of_field(const struct parse *parse)
{
	char c;

	if (parse->at >= parse->bytes.len)
		return true;
	c = parse->bytes.at[parse->at];
	return c == parse->csv->separator || c == '\n' ||
	       (c == '\r' && parse->at + 1 < parse->bytes.len &&
	        parse->bytes.at[parse->at + 1] == '\n');
}

static const char *
quoted_field(struct parse *parse, struct span *field_r)
{
	char *text = parse->csv->text + parse->text_len;
	size_t len = 0;

	for (parse->at++;; parse->at++) {
		char c;

		if (parse->at >= parse->bytes.len)
			return "a quote is opened and never closed";
		c = parse->bytes.at[parse->at];
		if (c == '"') {
			parse->at++;
			if (parse->at >= parse->bytes.len ||
			    parse->bytes.at[parse->at] != '"')
				break;
		}
		text[len++] = c;
	}
	parse->text_len += len;
	*field_r = span_make(text, len);
	return is_end_of_field(parse) ? NULL
	                              : "there is text behind a closing quote";
}

static void
plain_field(struct parse *parse, struct span *field_r)
{
	size_t start = parse->at;

	while (!is_end_of_field(parse))
		parse->at++;
	*field_r = span_trim(
		span_make(parse->bytes.at + start, parse->at - start));
}

/* NULL: a whole record; parse->at is behind its line end. */
static const char *
read_fields(struct parse *parse)
{
	struct csv_record *record = parse->record;

	for (record->count = 0;;) {
		struct span field = SPAN("");
		const char *wrong = NULL;

		if (record->count == CSV_FIELD_LIMIT)
			return "it has more than 64 fields";
		if (parse->at < parse->bytes.len &&
		    parse->bytes.at[parse->at] == '"')
			wrong = quoted_field(parse, &field);
		else
			plain_field(parse, &field);
		if (wrong != NULL)
			return wrong;
		record->fields[record->count++] = field;
		if (parse->at >= parse->bytes.len ||
		    parse->bytes.at[parse->at] != parse->csv->separator)
			break;
		parse->at++;
	}
	if (parse->at < parse->bytes.len && parse->bytes.at[parse->at] == '\r')
		parse->at++;
	if (parse->at < parse->bytes.len)
		parse->at++;
	return NULL;
}

static bool
is_empty(const struct csv_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->fields[i].len > 0)
			return false;
	return true;
}

/* The line it begins on is left out, what follows is looked at again. */
static enum result
give_up(struct csv *csv, struct csv_record *record, const char *why,
        struct error *err)
{
	struct span bytes = rest(csv);
	size_t end = span_find(bytes, '\n', 0);

	record->raw = span_take(bytes, end);
	if (record->raw.len > CSV_RECORD_LIMIT)
		record->raw.len = CSV_RECORD_LIMIT;
	record->count = 0;
	skip(csv, end < bytes.len ? end + 1 : end);
	error_set(err, "%s", why);
	return RESULT_BAD;
}

enum result
csv_next(struct csv *csv, struct csv_record *record_r, struct error *err)
{
	for (;;) {
		struct parse parse = { .csv = csv, .record = record_r };
		const char *wrong;

		if (fill(csv, err) != RESULT_OK)
			return RESULT_RETRY;
		if (csv->separator == '\0')
			begin(csv);
		if (csv->at == csv->len)
			return RESULT_NONE;
		record_r->line = csv->line;
		parse.bytes = span_take(rest(csv), CSV_RECORD_LIMIT);
		wrong = read_fields(&parse);
		if (wrong == NULL && parse.at == CSV_RECORD_LIMIT &&
		    parse.bytes.at[parse.at - 1] != '\n')
			wrong = "it is longer than 64 KiB";
		if (wrong != NULL)
			return give_up(csv, record_r, wrong, err);
		record_r->raw = span_take(parse.bytes, parse.at);
		skip(csv, parse.at);
		if (!is_empty(record_r))
			return RESULT_OK;
	}
}

uint64_t
csv_bytes(const struct csv *csv)
{
	return csv->bytes;
}

char
csv_separator(const struct csv *csv)
{
	return csv->separator;
}

void
csv_write_field(struct buf *out, char separator, bool is_first,
                struct span field)
{
	bool is_plain = true;

	for (size_t i = 0; i < field.len; i++)
		if (strchr("\"\r\n,;\t", field.at[i]) != NULL)
			is_plain = false;
	if (!is_first)
		buf_byte(out, separator);
	if (is_plain) {
		buf_span(out, field);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < field.len; i++) {
		if (field.at[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, field.at[i]);
	}
	buf_byte(out, '"');
}
