#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "mail/body_digest.h"

static const struct {
	const char *body, *canonical;
} cases[] = {
	{ "", "\r\n" },
	{ "\r\n\r\n\r\n", "\r\n" },
	{ "a", "a\r\n" },
	{ "a\r\n", "a\r\n" },
	{ "a\n", "a\r\n" },
	{ "a\r", "a\r\n" },
	{ "a\r\n\r\n\r\n", "a\r\n" },
	{ "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
	{ "a\n\n\nb\n\n", "a\r\n\r\n\r\nb\r\n" },
	{ "a \r\n \r\n\r\n", "a \r\n \r\n" },
	{ "a\r\rb", "a\r\n\r\nb\r\n" },
	{ "a\n\n\n\n\n\n\n\n\n\n\nb",
	  "a\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nb\r\n" },
};

static void
test_EVD_7_any_chunking_gives_the_canonical_sum(void **state)
{
	struct body_digest *body = body_digest_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].body);
		uint8_t want[DIGEST_BYTES], got[DIGEST_BYTES];

		digest_sha256(cases[i].canonical, strlen(cases[i].canonical),
		              want);
		for (size_t step = 1; step <= len + 1; step++) {
			for (size_t at = 0; at < len; at += step)
				body_digest_add(body, cases[i].body + at,
				                len - at < step ? len - at
				                                : step);
			body_digest_take(body, got);
			assert_memory_equal(got, want, DIGEST_BYTES);
		}
	}
	body_digest_free(&body);
	assert_null(body);
	body_digest_free(&body);
}

static void
test_EVD_7_nul_is_a_byte_like_others(void **state)
{
	struct body_digest *body = body_digest_new();
	uint8_t want[DIGEST_BYTES], got[DIGEST_BYTES];

	(void)state;
	digest_sha256("a\0b\r\n", 5, want);
	body_digest_add(body, "a\0b", 3);
	body_digest_take(body, got);
	assert_memory_equal(got, want, DIGEST_BYTES);
	body_digest_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_EVD_7_any_chunking_gives_the_canonical_sum),
		cmocka_unit_test(test_EVD_7_nul_is_a_byte_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
