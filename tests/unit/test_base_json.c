#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/jread.h"
#include "base/jwrite.h"

static void
test_JCS_1_escapes_are_minimal_and_members_sorted(void **state)
{
	struct buf out;
	struct jwrite json;

	(void)state;
	buf_init(&out, 4096);
	jwrite_init(&json, &out, true);
	jwrite_object(&json, NULL);
	jwrite_span(&json, "a", SPAN("\"\\/\b\f\n\r\t\x01\x1f\x7f"));
	jwrite_array(&json, "b");
	jwrite_int(&json, NULL, -9007199254740991);
	jwrite_bool(&json, NULL, true);
	jwrite_null(&json, NULL);
	jwrite_object(&json, NULL);
	jwrite_end(&json);
	jwrite_end(&json);
	jwrite_text(&json, "c", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	jwrite_end(&json);
	assert_string_equal(out.data,
	                    "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f"
	                    "\x7f\",\"b\":[-9007199254740991,true,null,{}],"
	                    "\"c\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
	buf_done(&out);
}

static void
test_JCS_1_what_is_not_utf8_can_still_be_read(void **state)
{
	static const char *const bad[] = {
		"\xff",
		"\xc3",
		"\xc0\x80",
		"\xed\xa0\x80",
		"\xf5\x80\x80\x80",
		"a\xe2\x82",
		"\x80z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out;
		struct jwrite json;
		struct jread_doc *doc;
		struct error err;

		buf_init(&out, 4096);
		jwrite_init(&json, &out, false);
		jwrite_text(&json, NULL, bad[i]);
		if (jread_parse(buf_as_span(&out), &doc, &err) != RESULT_OK)
			fail_msg("%s: %s", out.data, err.text);
		assert_non_null(
			strstr(jread_as_text(jread_top(doc)), "\xef\xbf\xbd"));
		jread_free(&doc);
		buf_done(&out);
	}
}

static void
test_JCS_1_names_given_twice_are_refused(void **state)
{
	struct jread_doc *doc;
	struct error err;

	(void)state;
	assert_int_equal(jread_parse(SPAN("{\"a\":1,\"a\":2}"), &doc, &err),
	                 RESULT_BAD);
	assert_int_equal(jread_parse(SPAN("{\"a\":1"), &doc, &err), RESULT_BAD);
	assert_int_equal(jread_parse(SPAN("{\"a\":1} x"), &doc, &err),
	                 RESULT_BAD);
}

static void
test_values_of_another_type_are_neutral(void **state)
{
	struct jread_doc *doc;
	struct error err;

	(void)state;
	assert_int_equal(jread_parse(SPAN("{\"n\":7,\"t\":\"x\",\"l\":[\"y\"],"
	                                  "\"b\":true}"),
	                             &doc, &err),
	                 RESULT_OK);
	assert_int_equal(jread_get_int(jread_top(doc), "n"), 7);
	assert_int_equal(jread_get_int(jread_top(doc), "t"), 0);
	assert_string_equal(jread_get_text(jread_top(doc), "t"), "x");
	assert_string_equal(jread_get_text(jread_top(doc), "n"), "");
	assert_string_equal(jread_get_text(jread_top(doc), "none"), "");
	assert_true(jread_get_bool(jread_top(doc), "b"));
	assert_int_equal(jread_count(jread_get(jread_top(doc), "l")), 1);
	assert_string_equal(
		jread_as_text(jread_at(jread_get(jread_top(doc), "l"), 0)),
		"y");
	assert_null(jread_get(jread_top(doc), "none"));
	jread_free(&doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_JCS_1_escapes_are_minimal_and_members_sorted),
		cmocka_unit_test(test_JCS_1_what_is_not_utf8_can_still_be_read),
		cmocka_unit_test(test_JCS_1_names_given_twice_are_refused),
		cmocka_unit_test(test_values_of_another_type_are_neutral),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
