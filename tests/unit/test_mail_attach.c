#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/attach.h"

struct attach_case {
	const char *what;
	const char *type;
	const char *disposition;
	const char *body;
	bool is_found;
};

static const struct attach_case cases[] = {
	{ "plain text", "text/plain", "", "hello\r\n", false },
	{ "no type", "", "", "hello", false },
	{ "a file as the message", "application/pdf; name=a.pdf", "", "x",
	  true },
	{ "disposition of the message", "text/plain", "attachment", "x", true },
	{ "attached part", "multipart/mixed; boundary=b", "",
	  "--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
	  "--b\r\nContent-Type: application/pdf\r\n"
	  "Content-Disposition: attachment; filename=a.pdf\r\n\r\nx\r\n"
	  "--b--\r\n",
	  true },
	{ "attached text", "multipart/mixed; boundary=\"b b\"", "",
	  "--b b\nContent-Disposition:\n attachment\n\nx\n--b b--\n", true },
	{ "named, not text", "multipart/mixed; boundary=b", "",
	  "--b\nContent-Type: image/png;\n\tname=\"a.png\"\n\nx\n--b--\n",
	  true },
	{ "named text", "multipart/mixed; boundary=b", "",
	  "--b\nContent-Type: text/plain; name=a.txt\n\nx\n--b--\n", false },
	{ "alternative", "multipart/alternative; boundary=b", "",
	  "--b\n\nx\n--b\nContent-Type: text/html\n\n<p>\n--b--\n", false },
	{ "signature", "multipart/signed; boundary=b", "",
	  "--b\n\nx\n--b\nContent-Type: application/pkcs7-signature; "
	  "name=smime.p7s\nContent-Disposition: attachment\n\nx\n--b--\n",
	  false },
	{ "nested", "multipart/mixed; boundary=a", "",
	  "--a\nContent-Type: multipart/related; boundary=b\n\n"
	  "--b\nContent-Type: text/html\n\nx\n--b--\n"
	  "--a\nContent-Type: application/zip; name=z\n\nx\n--a--\n",
	  true },
	{ "outer boundary closes the inner", "multipart/mixed; boundary=a", "",
	  "--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n\nx\n"
	  "--a\nContent-Disposition: attachment\n\nx\n",
	  true },
	{ "in a forwarded message", "multipart/mixed; boundary=a", "",
	  "--a\nContent-Type: message/rfc822\n\nSubject: x\n"
	  "Content-Type: multipart/mixed; boundary=c\n\n"
	  "--c\nContent-Disposition: attachment\n\nx\n--c--\n--a--\n",
	  true },
	{ "words in the text", "multipart/mixed; boundary=b", "",
	  "--b\n\nContent-Disposition: attachment\n--bb\n"
	  "Content-Disposition: attachment\n\n--b--\n",
	  false },
	{ "behind the end", "multipart/mixed; boundary=b", "",
	  "--b\n\nx\n--b--\nContent-Disposition: attachment\n\n", false },
	{ "no boundary named", "multipart/mixed", "",
	  "--b\nContent-Disposition: attachment\n\n", false },
	{ "RFC 2231 name", "multipart/mixed; boundary=b", "",
	  "--b\nContent-Type: application/x\nContent-Disposition: inline;\n"
	  " filename*0*=utf-8''%c3%a9; filename*1=.bin\n\nx\n",
	  true },
};

static void
test_any_chunking_finds_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].body);

		for (size_t step = 1; step <= len + 1; step++) {
			struct attach *attach =
				attach_new(cases[i].type, cases[i].disposition);

			for (size_t at = 0; at < len; at += step)
				attach_add(attach, cases[i].body + at,
				           len - at < step ? len - at : step);
			if (attach_is_found(attach) != cases[i].is_found)
				fail_msg("%s, chunks of %zu", cases[i].what,
				         step);
			attach_free(&attach);
			assert_null(attach);
		}
	}
}

static void
test_BODY_12_endless_input_needs_no_more_memory(void **state)
{
	struct attach *attach = attach_new("multipart/mixed; boundary=b", "");
	char text[200];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 20000; i++)
		attach_add(attach, text, sizeof(text));
	attach_add(attach, "\n--b\nX-Long: ", 13);
	for (int i = 0; i < 20000; i++)
		attach_add(attach, text, sizeof(text));
	attach_add(attach, "\nContent-Disposition: attachment\n\n", 34);
	assert_true(attach_is_found(attach));
	attach_free(&attach);
}

static void
test_BODY_12_depth_has_an_end(void **state)
{
	struct attach *attach = attach_new("multipart/mixed; boundary=b0", "");
	char text[100];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int len = snprintf(text, sizeof(text),
		                   "--b%d\nContent-Type: multipart/mixed; "
		                   "boundary=b%d\n\n",
		                   i, i + 1);
		attach_add(attach, text, (size_t)len);
	}
	assert_false(attach_is_found(attach));
	attach_add(attach, "--b0\nContent-Disposition: attachment\n\n", 38);
	assert_true(attach_is_found(attach));
	attach_free(&attach);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_chunking_finds_the_same),
		cmocka_unit_test(
			test_BODY_12_endless_input_needs_no_more_memory),
		cmocka_unit_test(test_BODY_12_depth_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
