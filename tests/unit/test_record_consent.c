#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/consent.h"

static void
test_GDPR_3_each_flag_stands_for_itself(void **state)
{
	(void)state;
	for (int deed = CONSENT_GIVEN; deed <= CONSENT_WITHDRAWN; deed++)
		for (unsigned flags = 0; flags <= CONSENT_ALL; flags++) {
			struct consent_words in = { (enum consent_deed)deed,
				                    flags };
			struct consent_words out;
			char word[CONSENT_WORD_SIZE];

			consent_write(in, word);
			assert_true(consent_read(word, &out));
			assert_int_equal(out.deed, deed);
			assert_int_equal(out.flags, flags);
		}
}

static void
test_words_are_written_in_one_order(void **state)
{
	char word[CONSENT_WORD_SIZE];

	(void)state;
	consent_write((struct consent_words){ CONSENT_GIVEN, CONSENT_ALL },
	              word);
	assert_string_equal(word, "given-receive-open-click");
	consent_write((struct consent_words){ CONSENT_SOFT, CONSENT_RECEIVE },
	              word);
	assert_string_equal(word, "soft-receive");
	consent_write((struct consent_words){ CONSENT_GIVEN, 0 }, word);
	assert_string_equal(word, "given");
}

static void
test_what_we_did_not_write_is_not_read(void **state)
{
	static const char *const wrong[] = { "",          "giv",
		                             "given-",    "given-all",
		                             "receive",   "given--open",
		                             "givenopen", "given-openx" };
	struct consent_words out;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(consent_read(wrong[i], &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_GDPR_3_each_flag_stands_for_itself),
		cmocka_unit_test(test_words_are_written_in_one_order),
		cmocka_unit_test(test_what_we_did_not_write_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
