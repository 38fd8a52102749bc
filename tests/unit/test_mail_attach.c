#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/attach.h"

#define PARTS "multipart/mixed; boundary=x"
#define TEXT  "--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n"

static const struct {
	const char *type;
	const char *body;
	bool is_found;
} cases[] = {
	{ "text/plain", "Content-Disposition: attachment\r\n", false },
	{ "", "", false },
	{ "application/pdf; name=\"a.pdf\"", "", true },
	{ "text/plain; name=a.txt", "", false },
	{ PARTS, TEXT "--x--\r\n", false },
	{ PARTS,
	  TEXT "--x\r\nContent-Disposition: attachment; filename=a\r\n\r\n..",
	  true },
	{ PARTS, TEXT "--x\nContent-Disposition:\n ATTACHMENT\n\nx", true },
	{ PARTS, TEXT "--x\r\nContent-Disposition: inline\r\n\r\nx", false },
	{ PARTS, TEXT "--x\r\nContent-Type: image/png;\r\n\tname=a.png\r\n\r\n",
	  true },
	{ PARTS,
	  TEXT "--x\r\nContent-Type: image/png;\r\n name*0=a.png\r\n\r\n",
	  true },
	/* In the content, not in a header. */
	{ PARTS, TEXT "Content-Disposition: attachment\r\n\r\n--x--\r\n",
	  false },
};

static bool
found_in_chunks(const char *type, const char *body, size_t size)
{
	struct attach *attach = attach_new(type);
	size_t len = strlen(body);
	bool is_found;

	for (size_t i = 0; i < len; i += size)
		attach_add(attach, body + i, len - i < size ? len - i : size);
	is_found = attach_found(attach);
	attach_free(&attach);
	assert_null(attach);
	return is_found;
}

static void
test_MLT_19_attachments_are_found_however_the_body_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t size = 1; size < 80; size++)
			if (found_in_chunks(cases[i].type, cases[i].body,
			                    size) != cases[i].is_found)
				fail_msg("case %zu in chunks of %zu", i, size);
}

static void
test_a_line_without_end_costs_no_memory(void **state)
{
	struct attach *attach = attach_new(PARTS);
	static char line[65536];

	(void)state;
	memset(line, '-', sizeof(line));
	for (int i = 0; i < 1000; i++)
		attach_add(attach, line, sizeof(line));
	attach_add(attach, "\nContent-Disposition: attachment\n\n", 35);
	assert_true(attach_found(attach));
	attach_free(&attach);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_MLT_19_attachments_are_found_however_the_body_is_cut),
		cmocka_unit_test(test_a_line_without_end_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
