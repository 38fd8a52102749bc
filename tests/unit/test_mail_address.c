#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/address.h"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

struct list_case {
	const char *value;
	const char *addresses; /* joined by a space; "-" for none */
	const char *display;   /* of the first */
	bool has_group;
	bool is_broken;
};

static const struct list_case list_cases[] = {
	{ " a@b.example", "a@b.example", "", false, false },
	{ "Ann <a@b.example>", "a@b.example", "Ann", false, false },
	{ "\"An, n\" <a@b.example>, c@d.example", "a@b.example c@d.example",
	  "\"An, n\"", false, false },
	{ "a@b.example (Ann, the one)", "a@b.example", "", false, false },
	{ "(x) a@b.example", "a@b.example", "", false, false },
	{ "=?utf-8?Q?Zo=C3=A9?= <z@x.example>", "z@x.example",
	  "=?utf-8?Q?Zo=C3=A9?=", false, false },
	{ "John Q. Public <j@x.example>", "j@x.example", "John Q. Public",
	  false, false },
	{ "a@b.example <c@d.example>", "c@d.example", "a@b.example", false,
	  false },
	{ "<@r.example,@s.example:a@b.example>", "a@b.example", "", false,
	  false },
	{ "Team: a@b.example, c@d.example; e@f.example",
	  "a@b.example c@d.example e@f.example", "", true, false },
	{ "undisclosed-recipients:;", "", "", true, false },
	{ "\"a b\"@c.example", "\"a b\"@c.example", "", false, false },
	{ "a . b @ c . example", "a.b@c.example", "", false, false },
	{ "Ann\n <a@b.example>,\n\tc@d.example", "a@b.example c@d.example",
	  "Ann", false, false },
	{ "a@b.example;c@d.example", "a@b.example c@d.example", "", false,
	  false },
	{ "Ann a@b.example", "a@b.example", "", false, true },
	{ "<a@b.example", "a@b.example", "", false, true },
	{ "nobody", "-", "", false, true },
	{ "<>", "-", "", false, true },
	{ ",,,", "", "", false, false },
	{ "", "", "", false, false },
	{ "(never closed", "", "", false, false },
	{ "\"never closed", "-", "", false, true },
};

static void
test_mailbox_read_takes_every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(list_cases) / sizeof(list_cases[0]);
	     i++) {
		const struct list_case *c = &list_cases[i];
		struct mailbox_list list;
		char joined[200] = "";
		size_t len = 0;

		mailbox_read(arena, c->value, 100, &list);
		for (size_t k = 0; k < list.count; k++) {
			const char *address = list.items[k].address;
			size_t n = strlen(address);

			if (k > 0)
				joined[len++] = ' ';
			memcpy(joined + len, n > 0 ? address : "-",
			       n > 0 ? n : 1);
			len += n > 0 ? n : 1;
			joined[len] = '\0';
		}
		assert_string_equal(joined, c->addresses);
		if (list.count > 0)
			assert_true(span_equal(list.items[0].display,
			                       span_of(c->display)));
		assert_int_equal(list.has_group, c->has_group);
		assert_int_equal(list.is_broken, c->is_broken);
	}
}

static void
test_mailbox_spot_is_where_the_address_stands(void **state)
{
	const char *value = "Ann <a@b.example>, (x) c@d.example (y)";
	struct mailbox_list list;

	(void)state;
	mailbox_read(arena, value, 10, &list);
	assert_ptr_equal(list.items[0].spot.at, value + 5);
	assert_int_equal(list.items[0].spot.len, 11);
	assert_true(span_equal(list.items[1].spot, SPAN("c@d.example")));
}

static void
test_mailbox_read_stops_at_the_limit(void **state)
{
	struct mailbox_list list;

	(void)state;
	mailbox_read(arena, "a@b.example, c@d.example, e@f.example", 2, &list);
	assert_int_equal(list.count, 2);
}

static const struct {
	const char *path, *address;
} path_cases[] = {
	{ "<a@b.example>", "a@b.example" },
	{ "a@b.example", "a@b.example" },
	{ "<>", "" },
	{ "", "" },
	{ "<@r.example:a@b.example>", "a@b.example" },
	{ "<a@b.example> SIZE=10", "a@b.example" },
	{ "a@b.example SIZE=10", "a@b.example" },
	{ "<\"a b\"@c.example>", "\"a b\"@c.example" },
	{ "<\"a>b\"@c.example>", "\"a>b\"@c.example" },
	{ "<a@b.example", "a@b.example" },
};

static void
test_MLT_7_path_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++)
		assert_string_equal(
			address_from_path(arena, path_cases[i].path),
			path_cases[i].address);
}

static void
test_local_and_domain_split_at_the_last_at(void **state)
{
	(void)state;
	assert_true(span_equal(address_local("\"a@b\"@c.example"),
	                       SPAN("\"a@b\"")));
	assert_true(span_equal(address_domain("\"a@b\"@c.example"),
	                       SPAN("c.example")));
	assert_true(span_equal(address_local("root"), SPAN("root")));
	assert_int_equal(address_domain("root").len, 0);
}

static void
test_GDPR_7_normal_form_keeps_tags_and_dots(void **state)
{
	(void)state;
	assert_string_equal(address_normal(arena, "A.B+Tag@Example.COM."),
	                    "a.b+tag@example.com");
	assert_string_equal(address_normal(arena, "\xC3\x89@x.example"),
	                    "\xC3\x89@x.example");
}

static void
test_F_2_same_keeps_the_case_of_local_parts(void **state)
{
	(void)state;
	assert_true(address_same("a@B.example", "a@b.EXAMPLE"));
	assert_false(address_same("A@b.example", "a@b.example"));
	assert_false(address_same("a+x@b.example", "a@b.example"));
}

static const struct {
	const char *address;
	bool is_one;
	const char *extension;
} extension_cases[] = {
	{ "recu+TOK@example.fr", true, "TOK" },
	{ "RECU+tok@EXAMPLE.fr", true, "tok" },
	{ "recu@example.fr", true, "" },
	{ "recu+@example.fr", true, "" },
	{ "recu+a+b@example.fr", true, "a+b" },
	{ "recux@example.fr", false, "" },
	{ "rec+x@example.fr", false, "" },
	{ "recu+x@example.com", false, "" },
	{ "recu-x@example.fr", false, "" },
	{ "", false, "" },
};

static void
test_extension_is_found_without_case(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof(extension_cases) / sizeof(extension_cases[0]); i++) {
		struct span extension = SPAN("");

		assert_int_equal(address_extension(extension_cases[i].address,
		                                   "recu@example.fr", '+',
		                                   &extension),
		                 extension_cases[i].is_one);
		assert_true(span_equal(extension,
		                       span_of(extension_cases[i].extension)));
	}
	assert_string_equal(
		address_with_extension(arena, "recu@example.fr", '+', "T0"),
		"recu+T0@example.fr");
}

static const struct {
	const char *address;
	bool is_one;
} no_reply_cases[] = {
	{ "no-reply@example.com", true },
	{ "No_Reply+x@example.com", true },
	{ "noreply12@example.com", true },
	{ "no-reply-12@example.com", true },
	{ "do.not.reply@example.com", true },
	{ "ne-pas-repondre@example.fr", true },
	{ "norespond@example.es", true },
	{ "no-responder@example.es", true },
	{ "nonrispondere@example.it", true },
	{ "keine.antwort@example.de", true },
	{ "monoreply@example.com", false },
	{ "noreplying@example.com", false },
	{ "reply@noreply.example", false },
	{ "", false },
};

static void
test_ADR_5_no_reply_by_whole_local_part(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof(no_reply_cases) / sizeof(no_reply_cases[0]); i++)
		assert_int_equal(address_is_no_reply(no_reply_cases[i].address),
		                 no_reply_cases[i].is_one);
}

static void
test_GDPR_15_mask_keeps_one_character(void **state)
{
	(void)state;
	assert_string_equal(address_mask(arena, "anne@example.com"),
	                    "a***@example.com");
	assert_string_equal(address_mask(arena, "\xC3\xA9ve@example.com"),
	                    "\xC3\xA9***@example.com");
	assert_string_equal(address_mask(arena, ""), "");
}

static void
test_valid_keeps_the_sizes_of_rfc5321(void **state)
{
	char text[400];

	(void)state;
	assert_true(address_is_valid("a@b"));
	assert_true(address_is_valid("\"a b\"@c.example"));
	assert_true(address_is_valid("a@[192.0.2.1]"));
	assert_true(address_is_valid("zo\xC3\xA9@exemple.fr"));
	assert_false(address_is_valid("a"));
	assert_false(address_is_valid("@b"));
	assert_false(address_is_valid("a@"));
	assert_false(address_is_valid("a@b@c"));
	assert_false(address_is_valid("a b@c"));
	assert_false(address_is_valid("a@b\nRCPT"));
	assert_false(address_is_valid("<a@b>"));
	memset(text, 'x', sizeof(text));
	memcpy(text + 64, "@b.example", sizeof("@b.example"));
	assert_true(address_is_valid(text));
	memset(text, 'x', sizeof(text));
	memcpy(text + 65, "@b.example", sizeof("@b.example"));
	assert_false(address_is_valid(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox_read_takes_every_form),
		cmocka_unit_test(test_mailbox_spot_is_where_the_address_stands),
		cmocka_unit_test(test_mailbox_read_stops_at_the_limit),
		cmocka_unit_test(test_MLT_7_path_forms),
		cmocka_unit_test(test_local_and_domain_split_at_the_last_at),
		cmocka_unit_test(test_GDPR_7_normal_form_keeps_tags_and_dots),
		cmocka_unit_test(test_F_2_same_keeps_the_case_of_local_parts),
		cmocka_unit_test(test_extension_is_found_without_case),
		cmocka_unit_test(test_ADR_5_no_reply_by_whole_local_part),
		cmocka_unit_test(test_GDPR_15_mask_keeps_one_character),
		cmocka_unit_test(test_valid_keeps_the_sizes_of_rfc5321),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
