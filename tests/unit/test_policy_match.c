#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policy/match.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ADDRESS     SUBJECT_ADDRESS
#define VALUE       SUBJECT_VALUE

struct match_case {
	const char *pattern;
	enum pattern_subject subject;
	const char *text;
	bool matches;
};

static const struct match_case cases[] = {
	/* plain, without case */
	{ "a@example.fr", ADDRESS, "A@Example.FR", true },
	{ "a@example.fr", ADDRESS, "ba@example.fr", false },
	{ "a@example.fr", ADDRESS, "a@example.frx", false },
	{ "shop", VALUE, "Shop", true },
	{ "shop", VALUE, "shop@example.fr", false },
	/* a domain alone */
	{ "example.fr", ADDRESS, "a@example.fr", true },
	{ "example.fr", ADDRESS, "a@sub.example.fr", false },
	{ "example.fr", ADDRESS, "example.fr", false },
	{ "example.fr", ADDRESS, "a@b@example.fr", true },
	{ "*.example.fr", ADDRESS, "a@sub.example.fr", true },
	{ "*.example.fr", ADDRESS, "a@example.fr", false },
	{ "example.fr", VALUE, "a@example.fr", false },
	/* wild cards */
	{ "*", ADDRESS, "", true },
	{ "*", VALUE, "anything", true },
	{ "no-reply@*", ADDRESS, "no-reply@example.fr", true },
	{ "no-reply@*", ADDRESS, "xno-reply@example.fr", false },
	{ "no*@*.fr", ADDRESS, "noreply@a.example.fr", true },
	{ "sho?", VALUE, "shop", true },
	{ "sho?", VALUE, "sho", false },
	{ "*a*b*", VALUE, "xxAyyByy", true },
	{ "*a*b*", VALUE, "xxByyAyy", false },
	{ "*ab", VALUE, "aab", true },
	{ "**", VALUE, "", true },
	{ "?*", VALUE, "", false },
	{ "a*", VALUE, "", false },
	{ "\xc3\xa9*", VALUE, "\xc3\xa9t\xc3\xa9", true },
	/* expressions */
	{ "/^facture-[0-9]+@/", ADDRESS, "Facture-12@example.fr", true },
	{ "/^facture-[0-9]+@/", ADDRESS, "facture-x@example.fr", false },
	{ "/urgent/", VALUE, "tr\xc3\xa8s URGENT !", true },
	{ "/\xc3\x89T\xc3\x89/", VALUE, "\xc3\xa9t\xc3\xa9", true },
	{ "/./", VALUE, "", false },
	{ "/^$/", VALUE, "", true },
	{ "//", VALUE, "anything", true },
	{ "/", VALUE, "/", true },
	{ "/x", VALUE, "/x", true },
	/* bytes that are no UTF-8 stop nothing */
	{ "/abc/", VALUE, "\xff\xfe abc", true },
	{ "/^.$/", VALUE, "\xff", false },
	{ "a*", VALUE, "a\xff", true },
};

static void
test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct match_case *c = &cases[i];
		struct arena *arena = arena_new();
		struct pattern pattern;
		struct error err;

		assert_int_equal(
			pattern_compile(c->pattern, c->subject, &pattern, &err),
			RESULT_OK);
		if (pattern_matches(&pattern, arena, span_of(c->text)) !=
		    c->matches)
			fail_msg("%s against \"%s\"", c->pattern, c->text);
		pattern_done(&pattern);
		arena_free(&arena);
	}
}

static void
test_expression_that_does_not_compile(void **state)
{
	static const char *const bad[] = { "/(/",   "/[a/", "/a{2,1}/",
		                           "/\\C/", "/*/",  "/(?<n/" };
	struct pattern pattern;
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (pattern_compile(bad[i], VALUE, &pattern, &err) !=
		    RESULT_BAD)
			fail_msg("%s", bad[i]);
		assert_non_null(strstr(err.text, "at character"));
	}
}

static void
test_expression_of_too_many_bytes(void **state)
{
	char text[2000];
	struct pattern pattern;
	struct error err;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 2] = '/';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pattern_compile(text, VALUE, &pattern, &err),
	                 RESULT_BAD);
}

/* What a stranger writes must not hold a thread. */
static void
test_hostile_text_is_given_up_soon(void **state)
{
	struct arena *arena = arena_new();
	char text[20001];
	struct pattern pattern;
	struct error err;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pattern_compile("/^(a+)+b$/", VALUE, &pattern, &err),
	                 RESULT_OK);

	int64_t start = clock_steady_us();

	assert_false(pattern_matches(&pattern, arena, span_of(text)));
	assert_true(clock_steady_us() - start < 2000000);
	pattern_done(&pattern);
	assert_int_equal(pattern_compile("*a*a*a*b", VALUE, &pattern, &err),
	                 RESULT_OK);
	start = clock_steady_us();
	assert_false(pattern_matches(&pattern, arena, span_of(text)));
	assert_true(clock_steady_us() - start < 2000000);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_expression_that_does_not_compile),
		cmocka_unit_test(test_expression_of_too_many_bytes),
		cmocka_unit_test(test_hostile_text_is_given_up_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
