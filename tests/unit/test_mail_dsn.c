#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/dsn.h"

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

static void
test_DSN_1_xtext_round_trip_of_every_byte(void **state)
{
	(void)state;
	for (int value = 0; value < 256; value++) {
		char byte = (char)value;
		struct span back = SPAN("");
		struct error err;
		const char *text = xtext_encode(arena, span_make(&byte, 1));
		enum result result =
			xtext_decode(arena, span_of(text), &back, &err);

		for (size_t i = 0; text[i] != '\0'; i++)
			assert_true(text[i] > ' ' && text[i] < 0x7f);
		if (value == 0 || value == '\r' || value == '\n') {
			assert_int_equal(result, RESULT_BAD);
			continue;
		}
		assert_int_equal(result, RESULT_OK);
		assert_true(span_equal(back, span_make(&byte, 1)));
	}
	assert_string_equal(xtext_encode(arena, SPAN("a=b c@example.com")),
	                    "a+3Db+20c@example.com");
}

static void
test_DSN_1_xtext_refuses_a_lone_plus(void **state)
{
	static const char *const bad[] = { "+", "a+2", "+2g", "+0A", "+00" };
	struct span bytes;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			xtext_decode(arena, span_of(bad[i]), &bytes, &err),
			RESULT_BAD);
	assert_int_equal(xtext_decode(arena, SPAN("a+2B"), &bytes, &err),
	                 RESULT_OK);
	assert_true(span_equal(bytes, SPAN("a+")));
}

static const struct {
	const char *words[4];
	unsigned notify;
	bool is_marker;
	const char *orcpt;
} rcpt_cases[] = {
	{ { "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;A@b" },
	  DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE,
	  false,
	  "rfc822;A@b" },
	{ { "notify=never" }, DSN_NOTIFY_NEVER, false, "" },
	{ { "NOTIFY=Success,Failure" },
	  DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE,
	  true,
	  "" },
	{ { "NOTIFY=delay,nonsense" }, DSN_NOTIFY_DELAY, false, "" },
	{ { "NOTIFYX=NEVER", "XORCPT=rfc822;a@b" }, 0, false, "" },
	{ { NULL }, DSN_NOTIFY_NONE, false, "" },
};

static void
test_MLT_8_rcpt_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rcpt_cases) / sizeof(rcpt_cases[0]);
	     i++) {
		struct dsn_rcpt rcpt;

		dsn_rcpt_read(arena, rcpt_cases[i].words, &rcpt);
		assert_int_equal(rcpt.notify, rcpt_cases[i].notify);
		assert_int_equal(rcpt.is_marker, rcpt_cases[i].is_marker);
		assert_string_equal(rcpt.orcpt, rcpt_cases[i].orcpt);
	}
}

static void
test_MLT_8_mail_parameters(void **state)
{
	static const char *const words[] = { "ret=full",      "ENVID=aB+2B",
		                             "SIZE=10",       "smtputf8",
		                             "BODY=8bitmime", NULL };
	struct dsn_mail mail;

	(void)state;
	dsn_mail_read(arena, words, &mail);
	assert_string_equal(mail.ret, "FULL");
	assert_string_equal(mail.envid, "aB+2B");
	assert_string_equal(mail.body, "8BITMIME");
	assert_true(mail.is_smtputf8);
	dsn_mail_read(arena, NULL, &mail);
	assert_string_equal(mail.ret, "");
	assert_string_equal(mail.envid, "");
	assert_false(mail.is_smtputf8);
}

static void
test_DSN_2_DSN_3_notify_text(void **state)
{
	(void)state;
	assert_string_equal(dsn_notify_text(0), "");
	assert_string_equal(dsn_notify_text(DSN_NOTIFY_SUCCESS),
	                    "SUCCESS,FAILURE");
	assert_string_equal(
		dsn_notify_text(DSN_NOTIFY_NEVER | DSN_NOTIFY_FAILURE),
		"NEVER");
	assert_string_equal(
		dsn_notify_text(DSN_NOTIFY_SUCCESS | DSN_NOTIFY_DELAY),
		"SUCCESS,FAILURE,DELAY");
	assert_string_equal(dsn_notify_text(DSN_NOTIFY_FAILURE), "FAILURE");
	assert_string_equal(dsn_notify_text(DSN_NOTIFY_DELAY), "DELAY");
}

static void
test_I18N_1_I18N_2_orcpt_is_7_bit_and_switches_its_type(void **state)
{
	(void)state;
	assert_string_equal(dsn_orcpt(arena, "anne+tag@example.com"),
	                    "rfc822;anne+2Btag@example.com");
	assert_string_equal(dsn_orcpt(arena, "zo\xC3\xA9+x@exemple.fr"),
	                    "utf-8;zo\\x{E9}\\x{2B}x@exemple.fr");
}

static const struct {
	const char *typed, *address;
	bool is_same;
} match_cases[] = {
	{ "rfc822;a@b.example", "a@B.example", true },
	{ "rfc822; a@b.example", "a@b.example", true },
	{ "RFC822;<a@b.example>", "a@b.example", true },
	{ "a@b.example", "a@b.example", true },
	{ "rfc822;a+2Bt@b.example", "a+t@b.example", true },
	{ "rfc822;a+2Bt@b.example", "a+2Bt@b.example", true },
	{ "rfc822;a+t@b.example", "a+t@b.example", true },
	{ "utf-8;zo\\x{E9}@exemple.fr", "zo\xC3\xA9@exemple.fr", true },
	{ "utf-8;zo\xC3\xA9@exemple.fr", "zo\xC3\xA9@exemple.fr", true },
	{ "rfc822;A@b.example", "a@b.example", false },
	{ "rfc822;a@c.example", "a@b.example", false },
	{ "", "a@b.example", false },
};

static void
test_REP_16_original_recipient_matches_either_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(match_cases) / sizeof(match_cases[0]);
	     i++)
		assert_int_equal(dsn_address_matches(match_cases[i].typed,
		                                     match_cases[i].address),
		                 match_cases[i].is_same);
}

static const struct {
	const char *typed, *text;
} text_cases[] = {
	{ "rfc822; a@b.example", "a@b.example" },
	{ "rfc822;rfc822;a@b.example", "a@b.example" },
	{ "RFC822 ; <a@b.example>", "a@b.example" },
	{ "a@b.example (Ann)", "a@b.example" },
	{ "rfc822;a+2Bt@b.example", "a+t@b.example" },
	{ "rfc822;a+2009@b.example", "a+2009@b.example" },
	{ "utf-8;\\x{E9}\\x{2B}@x.example", "\xC3\xA9+@x.example" },
	{ "utf-8;\\x{zz}@x.example", "\\x{zz}@x.example" },
	{ "x400;c=us;a= ;p=x;s=doe", "c=us;a= ;p=x;s=doe" },
	{ "LOCAL; jdoe", "jdoe" },
	{ "rfc822;IMCEASMTP-anne+40b+2Eexample@gw.example", "anne@b.example" },
	{ "rfc822;", "" },
	{ "rfc822;<>", "" },
	{ "LOCAL;<>", "" },
	{ "", "" },
};

static void
test_address_text_is_decoded_where_that_gives_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(text_cases) / sizeof(text_cases[0]); i++)
		assert_string_equal(
			dsn_address_text(arena, span_of(text_cases[i].typed)),
			text_cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_DSN_1_xtext_round_trip_of_every_byte),
		cmocka_unit_test(test_DSN_1_xtext_refuses_a_lone_plus),
		cmocka_unit_test(test_MLT_8_rcpt_parameters),
		cmocka_unit_test(test_MLT_8_mail_parameters),
		cmocka_unit_test(test_DSN_2_DSN_3_notify_text),
		cmocka_unit_test(
			test_I18N_1_I18N_2_orcpt_is_7_bit_and_switches_its_type),
		cmocka_unit_test(
			test_REP_16_original_recipient_matches_either_form),
		cmocka_unit_test(
			test_address_text_is_decoded_where_that_gives_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
