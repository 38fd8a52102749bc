#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/seen.h"

static int
file_of(const char *text, size_t len)
{
	char path[] = "/tmp/avis-csv.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* The records as "line[a|b]line[c|d]", a bad one as "line!". */
static void
expect(const char *text, const char *want)
{
	int fd = file_of(text, strlen(text));
	struct csv *csv = csv_new(fd);
	struct csv_record record;
	struct error err;
	struct buf got;

	buf_init(&got, 4096);
	for (;;) {
		enum result result = csv_next(csv, &record, &err);

		if (result == RESULT_NONE)
			break;
		buf_printf(&got, "%d", (int)record.line);
		if (result == RESULT_BAD) {
			buf_text(&got, "!");
			continue;
		}
		assert_int_equal(result, RESULT_OK);
		for (size_t i = 0; i < record.count; i++)
			buf_printf(&got, "%s" SPAN_FMT, i > 0 ? "|" : "[",
			           SPAN_ARG(record.fields[i]));
		buf_text(&got, "]");
	}
	assert_string_equal(got.data, want);
	assert_int_equal(csv_bytes(csv), strlen(text));
	buf_done(&got);
	csv_free(&csv);
	close(fd);
}

static void
test_fields_and_lines(void **state)
{
	(void)state;
	expect("", "");
	expect("a,b\nc,d\n", "1[a|b]2[c|d]");
	expect("a,b\r\nc,d", "1[a|b]2[c|d]");
	expect("a,b\n\n,\n \nc,d\n", "1[a|b]5[c|d]");
	expect("a,,\n", "1[a||]");
	expect("\xef\xbb\xbf"
	       "a,b\n",
	       "1[a|b]");
}

static void
test_the_separator_is_the_one_the_first_line_has_most_of(void **state)
{
	(void)state;
	expect("a;b,c;d\n1;2;3\n", "1[a|b,c|d]2[1|2|3]");
	expect("a\tb\n1\t2\n", "1[a|b]2[1|2]");
	expect("\"a,b,c\";d;e\n", "1[a,b,c|d|e]");
}

static void
test_quotes(void **state)
{
	(void)state;
	expect("a,b\n\"x\"\"y\",\"1\n2\"\nz,z\n", "1[a|b]2[x\"y|1\n2]4[z|z]");
	expect("a,b\n\"\",\"\r\n\"\n", "1[a|b]2[|\r\n]");
	expect("a,b\n5\" disk,x\n", "1[a|b]2[5\" disk|x]");
}

static void
test_a_bad_line_costs_no_other(void **state)
{
	(void)state;
	expect("a,b\n\"x\"y,1\nc,d\n", "1[a|b]2!3[c|d]");
	expect("a,b\n\"never closed,1\nc,d\ne,f\n", "1[a|b]2!3[c|d]4[e|f]");
}

static void
test_a_record_has_a_limit(void **state)
{
	size_t len = 3 * CSV_RECORD_LIMIT;
	char *text = malloc(len + 8);
	struct csv_record record;
	struct csv *csv;
	struct error err;
	int fd;

	(void)state;
	memset(text, 'x', len);
	memcpy(text, "a,b\n", 4);
	memcpy(text + len, "\nc,d\n", 5);
	fd = file_of(text, len + 5);
	csv = csv_new(fd);
	assert_int_equal(csv_next(csv, &record, &err), RESULT_OK);
	assert_int_equal(csv_next(csv, &record, &err), RESULT_BAD);
	assert_int_equal(record.line, 2);
	while (csv_next(csv, &record, &err) == RESULT_BAD)
		continue;
	assert_int_equal(record.line, 3);
	assert_int_equal(record.count, 2);
	csv_free(&csv);
	close(fd);
	free(text);
}

static void
test_what_is_written_can_be_read(void **state)
{
	static const char *const fields[] = { "plain",     "a,b",        "a;b",
		                              "say \"x\"", "two\nlines", "" };
	struct csv_record record;
	struct csv *csv;
	struct error err;
	struct buf out;
	int fd;

	(void)state;
	buf_init(&out, 4096);
	buf_text(&out, "1;2;3;4;5;6\n");
	for (size_t i = 0; i < 6; i++)
		csv_write_field(&out, ';', i == 0, span_of(fields[i]));
	fd = file_of(out.data, out.len);
	csv = csv_new(fd);
	assert_int_equal(csv_next(csv, &record, &err), RESULT_OK);
	assert_int_equal(csv_next(csv, &record, &err), RESULT_OK);
	assert_int_equal(record.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_true(span_equal(record.fields[i], span_of(fields[i])));
	csv_free(&csv);
	close(fd);
	buf_done(&out);
}

static void
test_seen_knows_what_was_there(void **state)
{
	struct seen *seen;
	struct error err;
	char row[32];

	(void)state;
	assert_int_equal(seen_new("/tmp", &seen, &err), RESULT_OK);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200000; i++) {
			snprintf(row, sizeof(row), "row %d", i);
			assert_int_equal(seen_add(seen, span_of(row), &err),
			                 round == 0 ? RESULT_OK : RESULT_NONE);
		}
	assert_int_equal(seen_count(seen), 200000);
	seen_free(&seen);
	assert_int_equal(seen_new("/nowhere/at/all", &seen, &err),
	                 RESULT_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_and_lines),
		cmocka_unit_test(
			test_the_separator_is_the_one_the_first_line_has_most_of),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_a_bad_line_costs_no_other),
		cmocka_unit_test(test_a_record_has_a_limit),
		cmocka_unit_test(test_what_is_written_can_be_read),
		cmocka_unit_test(test_seen_knows_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
