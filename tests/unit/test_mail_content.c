#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/content.h"

static const struct {
	const char *value, *kind;
} kind_cases[] = {
	{ "text/plain", "text/plain" },
	{ " Text/HTML; charset=x", "text/html" },
	{ "MULTIPART / Report ;x", "multipart/report" },
	{ "text/plain charset=utf-8", "text/plain" },
	{ "(a) multipart/(b)mixed (c); boundary=x", "multipart/mixed" },
	{ "\"text/plain\"", "text/plain" },
	{ "attachment", "attachment" },
	{ "text", "text" },
	{ "", "" },
	{ ";", "" },
	{ "(never closed", "" },
};

static const struct {
	const char *value, *name, *text;
} parameter_cases[] = {
	{ "multipart/x; boundary=abc", "boundary", "abc" },
	{ "multipart/x;BOUNDARY=\"a b;c\";x=y", "boundary", "a b;c" },
	{ "multipart/x; boundary=\"a\\\"b\"", "boundary", "a\"b" },
	{ "multipart/x; boundary = abc ; q", "boundary", "abc" },
	{ "multipart/x\n\tboundary=abc", "boundary", "abc" },
	{ "multipart/x; boundary=\"never closed", "boundary", "never closed" },
	{ "multipart/x; boundary=a=b==c", "boundary", "a=b==c" },
	{ "multipart/x; boundary=----=_Part.1/x", "boundary",
	  "----=_Part.1/x" },
	{ "multipart/x; xboundary=no; boundary=yes", "boundary", "yes" },
	{ "multipart/x; note=\"boundary=no\"; boundary=yes", "boundary",
	  "yes" },
	{ "a/b; filename*0=one; filename*1=two", "filename", "onetwo" },
	{ "a/b; filename*=utf-8'fr'%C3%A9t%c3%A9", "filename",
	  "\xC3\xA9t\xC3\xA9" },
	{ "a/b; filename*0*=utf-8''a%20; filename*1=b%20", "filename",
	  "a b%20" },
	{ "a/b; name=one; name=two", "name", "one" },
	{ "a/b; name=", "name", "" },
	{ "a/b; name", "name", "" },
	{ "a/b", "name", "" },
	{ "", "name", "" },
};

static void
test_kind_as_it_comes(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(kind_cases) / sizeof(kind_cases[0]); i++)
		assert_string_equal(content_kind(arena, kind_cases[i].value),
		                    kind_cases[i].kind);
	arena_free(&arena);
}

static void
test_HDR_4_parameters_as_they_come(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0;
	     i < sizeof(parameter_cases) / sizeof(parameter_cases[0]); i++)
		assert_string_equal(content_parameter(arena,
		                                      parameter_cases[i].value,
		                                      parameter_cases[i].name),
		                    parameter_cases[i].text);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind_as_it_comes),
		cmocka_unit_test(test_HDR_4_parameters_as_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
