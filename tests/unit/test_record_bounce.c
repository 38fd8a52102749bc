#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/bounce.h"

static void
test_STAT_4_BULK_5_which_failures_are_about_the_address(void **state)
{
	static const struct {
		const char *status;
		bool is_hard;
	} cases[] = {
		{ "5.1.1", true },   { "5.1.0", true },    { "5.1.10", true },
		{ "5.1.999", true }, { "5.2.1", true },    { "5.1.7", false },
		{ "5.1.8", false },  { "5.2.2", false },   { "5.2.10", false },
		{ "5.7.1", false },  { "5.7.515", false }, { "5.7.26", false },
		{ "5.0.0", false },  { "5.10.1", false },  { "4.1.1", false },
		{ "2.1.5", false },  { "", false },        { "5", false },
		{ "5.", false },     { "5.1", false },     { "5.1.", false },
		{ "5..1", false },   { "5.1.1 ", false },  { "55.1.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(bounce_is_hard(cases[i].status),
		                 cases[i].is_hard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_STAT_4_BULK_5_which_failures_are_about_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
