#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "record/maillog_input.h"

/* A log in a folder of its own, and who follows it. */
struct desk {
	struct arena *arena;
	char folder[64];
	char *path;
	struct maillog_input *input;
	char cursor[MAILLOG_CURSOR_SIZE];
	unsigned written;
};

static int
set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	desk->arena = arena_new();
	snprintf(desk->folder, sizeof(desk->folder), "/tmp/avis-log-XXXXXX");
	assert_non_null(mkdtemp(desk->folder));
	desk->path = arena_printf(desk->arena, "%s/mail.log", desk->folder);
	*state = desk;
	return 0;
}

static char *
named(struct desk *desk, const char *end)
{
	return arena_printf(desk->arena, "%s%s", desk->path, end);
}

static int
tear_down(void **state)
{
	static const char *const ends[] = { "", ".1", ".2", ".1.gz" };
	struct desk *desk = *state;

	maillog_input_close(&desk->input);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		unlink(named(desk, ends[i]));
	rmdir(desk->folder);
	arena_free(&desk->arena);
	free(desk);
	return 0;
}

/* Lines that are numbered on, so that none can be missed unseen. */
static void
add_lines(struct desk *desk, unsigned count)
{
	FILE *out = fopen(desk->path, "a");

	assert_non_null(out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out,
		        "2026-11-21T10:00:02Z mx1 postfix/smtp[1]: line %u\n",
		        ++desk->written);
	fclose(out);
}

static void
copy_to(struct desk *desk, const char *name)
{
	FILE *in = fopen(desk->path, "r"), *out = fopen(name, "w");
	int byte;

	assert_true(in != NULL && out != NULL);
	while ((byte = fgetc(in)) != EOF)
		fputc(byte, out);
	fclose(in);
	fclose(out);
}

static void
open_log(struct desk *desk)
{
	const struct maillog_input_options options = { .path = desk->path,
		                                       .cursor = desk->cursor };
	struct error err;

	maillog_input_close(&desk->input);
	assert_int_equal(maillog_input_open(&options, &desk->input, &err),
	                 RESULT_OK);
}

/* Reads on to a line, and that they come in order, one after the other. */
static void
expect_lines(struct desk *desk, unsigned from, unsigned to)
{
	struct maillog_entry entry;
	struct error err = { "" };

	while (from <= to) {
		enum result result =
			maillog_input_next(desk->input, &entry, &err);

		/* Renamed: the old file has a moment of grace. */
		if (result == RESULT_NONE) {
			usleep(20000);
			continue;
		}
		assert_int_equal(result, RESULT_OK);
		assert_true(entry.is_line);
		char *want = arena_printf(desk->arena, "line %u", from++);
		assert_int_equal(entry.line.text.len, strlen(want));
		assert_memory_equal(entry.line.text.at, want, strlen(want));
	}
	assert_int_equal(maillog_input_next(desk->input, &entry, &err),
	                 RESULT_NONE);
	maillog_input_cursor(desk->input, desk->cursor);
}

static void
test_it_goes_on_where_it_stopped(void **state)
{
	struct desk *desk = *state;

	add_lines(desk, 5000);
	open_log(desk);
	expect_lines(desk, 1, 5000);
	add_lines(desk, 3);
	expect_lines(desk, 5001, 5003);
	add_lines(desk, 2);
	open_log(desk);
	expect_lines(desk, 5004, 5005);
	assert_false(maillog_input_lost(desk->input));
}

static void
test_half_a_line_waits_for_the_other(void **state)
{
	struct desk *desk = *state;
	struct maillog_entry entry;
	struct error err;
	FILE *out;

	add_lines(desk, 1);
	open_log(desk);
	expect_lines(desk, 1, 1);
	out = fopen(desk->path, "a");
	fputs("2026-11-21T10:00:02Z mx1 postfix/smtp[1]: li", out);
	fflush(out);
	assert_int_equal(maillog_input_next(desk->input, &entry, &err),
	                 RESULT_NONE);
	fputs("ne 2\n", out);
	fclose(out);
	expect_lines(desk, 2, 2);
}

static void
test_renamed_while_it_is_followed(void **state)
{
	struct desk *desk = *state;

	add_lines(desk, 10);
	open_log(desk);
	expect_lines(desk, 1, 10);
	add_lines(desk, 1); /* not read yet */
	assert_int_equal(rename(desk->path, named(desk, ".1")), 0);
	add_lines(desk, 5);
	expect_lines(desk, 11, 16);
	assert_false(maillog_input_lost(desk->input));
}

static void
test_renamed_twice_while_it_was_away(void **state)
{
	struct desk *desk = *state;

	add_lines(desk, 10);
	open_log(desk);
	expect_lines(desk, 1, 10);
	maillog_input_close(&desk->input);
	add_lines(desk, 10);
	assert_int_equal(rename(desk->path, named(desk, ".2")), 0);
	usleep(20000); /* the files' times must differ */
	add_lines(desk, 10);
	assert_int_equal(rename(desk->path, named(desk, ".1")), 0);
	usleep(20000);
	add_lines(desk, 10);
	open_log(desk);
	expect_lines(desk, 11, 40);
	assert_false(maillog_input_lost(desk->input));
}

static void
test_copied_and_cut_short(void **state)
{
	struct desk *desk = *state;

	add_lines(desk, 10);
	open_log(desk);
	expect_lines(desk, 1, 10);
	add_lines(desk, 10); /* copied, not read yet */
	copy_to(desk, named(desk, ".1"));
	assert_int_equal(truncate(desk->path, 0), 0);
	/* Longer than before: its size alone would not tell. */
	add_lines(desk, 100);
	expect_lines(desk, 11, 120);
	assert_false(maillog_input_lost(desk->input));
}

static void
test_EVD_9_what_is_gone_is_said(void **state)
{
	struct desk *desk = *state;

	add_lines(desk, 10);
	open_log(desk);
	expect_lines(desk, 1, 10);
	add_lines(desk, 10);
	assert_int_equal(truncate(desk->path, 0), 0);
	add_lines(desk, 2);
	expect_lines(desk, 21, 22);
	assert_true(maillog_input_lost(desk->input));
	assert_false(maillog_input_lost(desk->input));
}

static void
test_a_line_without_end_is_passed_by(void **state)
{
	struct desk *desk = *state;
	FILE *out = fopen(desk->path, "w");

	for (int i = 0; i < 1000000; i++)
		fputc('x', out);
	fputc('\n', out);
	fclose(out);
	add_lines(desk, 2);
	open_log(desk);
	expect_lines(desk, 1, 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_it_goes_on_where_it_stopped),
		TEST(test_half_a_line_waits_for_the_other),
		TEST(test_renamed_while_it_is_followed),
		TEST(test_renamed_twice_while_it_was_away),
		TEST(test_copied_and_cut_short),
		TEST(test_EVD_9_what_is_gone_is_said),
		TEST(test_a_line_without_end_is_passed_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
