#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "milter/spool.h"

static char
letter_at(int64_t at)
{
	return (char)('a' + (at * 7 + at / 1000) % 26);
}

static void
fill(struct spool *spool, int64_t size, size_t step)
{
	char chunk[70000];

	for (int64_t at = 0; at < size;) {
		size_t len =
			size - at < (int64_t)step ? (size_t)(size - at) : step;

		for (size_t i = 0; i < len; i++)
			chunk[i] = letter_at(at + (int64_t)i);
		assert_true(spool_add(spool, chunk, len));
		at += (int64_t)len;
	}
}

static void
test_what_was_added_is_read_back(void **state)
{
	static const struct {
		int64_t size;
		size_t step;
	} cases[] = { { 0, 1 },          { 1, 1 },          { 5000, 37 },
		      { 262144, 65535 }, { 262145, 65535 }, { 3000000, 65535 },
		      { 700000, 1000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool *spool = spool_new("/tmp");
		int64_t size = cases[i].size;

		fill(spool, size, cases[i].step);

		struct body_source source = spool_source(spool);
		char *all = malloc((size_t)size + 1);

		assert_int_equal(source.size, size);
		assert_true(body_read(&source, 0, (size_t)size, all));
		for (int64_t at = 0; at < size; at++)
			assert_int_equal(all[at], letter_at(at));
		assert_false(body_read(&source, size, 1, all));
		free(all);
		spool_free(&spool);
	}
}

static void
test_a_folder_that_is_not_there(void **state)
{
	struct spool *spool = spool_new("/nowhere/at/all");
	char chunk[300000] = { 0 };

	(void)state;
	assert_true(spool_add(spool, chunk, 1000));
	assert_false(spool_add(spool, chunk, sizeof(chunk)));
	assert_false(spool_is_whole(spool));
	assert_false(spool_add(spool, chunk, 1));
	spool_free(&spool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_added_is_read_back),
		cmocka_unit_test(test_a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
