#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/report.h"

#define DSN                                                                    \
	"From: MAILER-DAEMON@x.example\nContent-Type: "                        \
	"multipart/report; report-type=delivery-status; "                      \
	"boundary=b\n\n--b\nContent-Type: message/delivery-status"             \
	"\n\nReporting-MTA: dns; x.example\n\n"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	report_setup();
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

static struct report
read_text(const char *message)
{
	struct report report;

	report_read(arena, span_of(message), NULL, 0, &report);
	return report;
}

static void
test_REP_1_report_type_in_any_form(void **state)
{
	static const char *const types[] = {
		"multipart/report; report-type=delivery-status; boundary=b",
		("Multipart/Report; Report-Type=\"Delivery-Status\";\n "
		 "boundary=\"b\""),
		"multipart/report; boundary=b",
		"multipart/mixed; boundary=b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct report report = read_text(
			arena_printf(arena,
		                     "Content-Type: %s\n\n--b\n"
		                     "Content-Type: message/delivery-status\n\n"
		                     "Reporting-MTA: dns;x\n\n"
		                     "Final-Recipient: rfc822;a@x.example\n"
		                     "Action: failed\nStatus: 5.1.1\n--b--\n",
		                     types[i]));

		assert_int_equal(report.kind, REPORT_DSN);
		assert_true(report.has_report_part);
		assert_false(report.is_malformed);
		assert_int_equal(report.recipient_count, 1);
		assert_string_equal(report.recipients[0].final, "a@x.example");
	}
}

static void
test_REP_4_unknown_action_changes_no_state(void **state)
{
	static const char *const actions[] = { "Action: pondered\n", "",
		                               "Action:\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct report report = read_text(arena_printf(
			arena,
			DSN "Final-Recipient: rfc822;a@x.example\n%s"
			    "Status: 5.1.1\n",
			actions[i]));

		assert_int_equal(report.recipients[0].action, ACTION_NONE);
		assert_true(report.is_malformed);
		assert_true(strlen(report.problem) > 0);
	}
}

static void
test_REP_5_state_comes_from_the_action(void **state)
{
	struct report report =
		read_text(DSN "Final-Recipient: rfc822;a@x.example\n"
	                      "Action: failed\nStatus: 4.4.7\n\n"
	                      "Final-Recipient: rfc822;b@x.example\n"
	                      "Action: delayed\nStatus: 5.0.0\n");

	(void)state;
	assert_int_equal(report.recipients[0].action, ACTION_FAILED);
	assert_string_equal(report.recipients[0].status, "4.4.7");
	assert_int_equal(report.recipients[1].action, ACTION_DELAYED);
}

static void
test_REP_8_retry_until_only_with_delayed(void **state)
{
	struct report report = read_text(
		DSN "Final-Recipient: rfc822;a@x.example\nAction: delayed\n"
		    "Status: 4.0.0\nWill-Retry-Until: Sun, 22 Nov 2026\n\n"
		    "Final-Recipient: rfc822;b@x.example\nAction: failed\n"
		    "Status: 5.0.0\nWill-Retry-Until: Sun, 22 Nov 2026\n");

	(void)state;
	assert_string_equal(report.recipients[0].will_retry_until,
	                    "Sun, 22 Nov 2026");
	assert_string_equal(report.recipients[1].will_retry_until, "");
}

static void
test_REP_2_body_types_in_any_mix(void **state)
{
	static const char *const statuses[] = {
		"message/delivery-status",
		"message/global-delivery-status",
	};
	static const char *const returned[] = {
		"message/rfc822",
		"text/rfc822-headers",
		"message/global",
		"message/global-headers",
	};

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct report report = read_text(arena_printf(
			arena,
			"Content-Type: multipart/report; boundary=b\n\n--b\n"
			"Content-Type: %s\n\nReporting-MTA: dns;x\n\n"
			"Final-Recipient: utf-8; zo\xc3\xa9@x.example\n"
			"Action: failed\nStatus: 5.1.1\n\n--b\n"
			"Content-Type: %s\n\nMessage-ID: <1@x.example>\n\n"
			"--b--\n",
			statuses[i % 2], returned[i / 2]));

		assert_false(report.is_malformed);
		assert_string_equal(report.recipients[0].final,
		                    "zo\xc3\xa9@x.example");
		assert_string_equal(report.original_message_id,
		                    "<1@x.example>");
	}
}

static void
test_REP_7_a_folded_reply_is_one_line(void **state)
{
	struct report report = read_text(
		DSN "Final-Recipient: rfc822;a@x.example\nAction: failed\n"
		    "Status: 5.1.1\nRemote-MTA: dns; mx.y.example\n"
		    "Diagnostic-Code: smtp; 550-5.1.1 no such\n"
		    " 550 5.1.1 user here\n");

	(void)state;
	assert_string_equal(report.recipients[0].remote_mta, "mx.y.example");
	assert_string_equal(report.recipients[0].diagnostic,
	                    "550-5.1.1 no such 550 5.1.1 user here");
}

static void
test_STAT_3_codes_nobody_knows_are_kept(void **state)
{
	static const char *const codes[] = { "5.0.0", "4.999.123", "2.1.100" };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct report report = read_text(arena_printf(
			arena,
			DSN "Final-Recipient: rfc822;a@x.example\n"
			    "Action: failed\nStatus: %s (whatever)\n",
			codes[i]));

		assert_string_equal(report.recipients[0].status, codes[i]);
	}
}

static struct report
read_repeated(const char *head, const char *piece, size_t times)
{
	struct buf text;
	struct report report;

	buf_init(&text, (size_t)1024 * 1024);
	buf_text(&text, head);
	for (size_t i = 0; i < times; i++)
		buf_text(&text, piece);
	report_read(arena, buf_as_span(&text), NULL, 0, &report);
	buf_done(&text);
	return report;
}

static void
test_REP_13_groups_have_a_limit(void **state)
{
	struct report report = read_repeated(
		DSN, "Final-Recipient:r;a@b\nAction:failed\nStatus:5.0.0\n\n",
		1001);

	(void)state;
	assert_int_equal(report.recipient_count, 1000);
	assert_true(report.is_malformed);
	assert_non_null(strstr(report.problem, "1000"));
}

static void
test_REP_13_part_has_a_limit(void **state)
{
	struct report report = read_repeated(
		DSN "Final-Recipient: rfc822;a@x.example\nAction: failed\n"
		    "Status: 5.1.1\n\n",
		"X-More: 0123456789\n", 4000);

	(void)state;
	assert_int_equal(report.recipient_count, 1);
	assert_true(report.is_malformed);
	assert_non_null(strstr(report.problem, "64 KiB"));
}

static void
test_REP_13_field_has_a_limit(void **state)
{
	struct report report = read_repeated(
		DSN "Final-Recipient: rfc822;a@x.example\nAction: failed\n"
		    "Status: 5.1.1\nDiagnostic-Code: smtp; 550",
		" 0123456789", 1000);

	(void)state;
	assert_true(report.is_malformed);
	assert_non_null(strstr(report.problem, "8 KiB"));
	assert_true(strlen(report.recipients[0].diagnostic) <= 8192);
}

static void
test_BODY_12_too_many_parts_is_malformed(void **state)
{
	struct report report = read_repeated(
		DSN "Final-Recipient: rfc822;a@x.example\nAction: failed\n"
		    "Status: 5.1.1\n",
		"--b\n\nx\n", 600);

	(void)state;
	assert_int_equal(report.kind, REPORT_DSN);
	assert_true(report.is_malformed);
	assert_non_null(strstr(report.problem, "500 parts"));
}

struct disposition_case {
	const char *field;
	enum report_disposition disposition;
	bool is_manual, is_sent_manually;
	const char *modifiers;
	bool is_malformed;
};

static const struct disposition_case disposition_cases[] = {
	{ "manual-action/MDN-sent-manually; displayed", DISPOSITION_DISPLAYED,
	  true, true, "", false },
	{ "manual-action / MDN-sent-manually ; displayed",
	  DISPOSITION_DISPLAYED, true, true, "", false },
	{ "(a) manual-action (b\n (c)) / MDN-sent-manually;\n\t displayed (d)",
	  DISPOSITION_DISPLAYED, true, true, "", false },
	{ "automatic-action/MDN-sent-automatically;deleted/error",
	  DISPOSITION_DELETED, false, false, "error", false },
	{ "AUTOMATIC-ACTION/mdn-SENT-manually;Processed/Error , Expired",
	  DISPOSITION_PROCESSED, false, true, "error,expired", false },
	{ "manual-action/MDN-sent-automatically; dispatched",
	  DISPOSITION_DISPATCHED, true, false, "", false },
	{ "manual-action/MDN-sent-manually displayed", DISPOSITION_DISPLAYED,
	  true, true, "", false },
	{ "displayed", DISPOSITION_DISPLAYED, false, false, "", false },
	{ "manual-action/MDN-sent-manually; denied", DISPOSITION_DENIED, true,
	  true, "", false },
	{ "automatic-action/MDN-sent-automatically; failed/superseded",
	  DISPOSITION_FAILED, false, false, "superseded", false },
	{ "manual-action/MDN-sent-manually; displayedness", DISPOSITION_NONE,
	  true, true, "", true },
	{ ";", DISPOSITION_NONE, false, false, "", true },
};

static void
test_X_6_MDN_5_dispositions(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof(disposition_cases) / sizeof(disposition_cases[0]);
	     i++) {
		const struct disposition_case *c = &disposition_cases[i];
		struct report report = read_text(arena_printf(
			arena,
			"Content-Type: multipart/report; boundary=b\n\n--b\n"
			"Content-Type: message/disposition-notification\n\n"
			"Final-Recipient: rfc822;a@x.example\n"
			"Original-Message-ID: <1@example.org>\n"
			"Disposition: %s\n--b--\n",
			c->field));

		assert_int_equal(report.kind, REPORT_MDN);
		assert_int_equal(report.disposition, c->disposition);
		assert_int_equal(report.is_manual_action, c->is_manual);
		assert_int_equal(report.is_sent_manually, c->is_sent_manually);
		assert_string_equal(report.modifiers, c->modifiers);
		assert_int_equal(report.is_malformed, c->is_malformed);
		assert_string_equal(report.original_message_id,
		                    "<1@example.org>");
	}
}

static const struct {
	const char *header;
	const char *sender;
	bool is_automatic;
} automatic_cases[] = {
	{ "", "", true },
	{ "", "<>", true },
	{ "", "jane@example.com", false },
	{ "", "owner-club@lists.example", true },
	{ "", "club-request@lists.example", true },
	{ "", "club-bounces+jane=x@lists.example", true },
	{ "", "MAILER-DAEMON@x.example", true },
	{ "", "LISTSERV@x.example", true },
	{ "", "majordomo@x.example", true },
	{ "", "postmaster@x.example", true },
	{ "", "no-reply@x.example", true },
	{ "", "monoreply@x.example", false },
	{ "Auto-Submitted: no\n", "jane@example.com", false },
	{ "Auto-Submitted: (a) NO (b); x=y\n", "jane@example.com", false },
	{ "Auto-Submitted: auto-replied\n", "jane@example.com", true },
	{ "Auto-Submitted: auto-generated; x=y\n", "jane@example.com", true },
	{ "Auto-Submitted: something-new\n", "jane@example.com", true },
	{ "Content-Type: Multipart/Report; boundary=b\n", "jane@example.com",
	  true },
	{ "List-Id: <x.example>\n", "jane@example.com", true },
	{ "list-unsubscribe: <mailto:x@y>\n", "jane@example.com", true },
	{ "Precedence: Bulk\n", "jane@example.com", true },
	{ "Precedence: first-class\n", "jane@example.com", false },
	{ "Precedence: auto_reply\n", "jane@example.com", true },
	{ "X-Auto-Response-Suppress: DR, RN\n", "jane@example.com", false },
	{ "X-Auto-Response-Suppress: OOF\n", "jane@example.com", true },
	{ "X-Auto-Response-Suppress: All\n", "jane@example.com", true },
	{ "X-Autoreply: yes\n", "jane@example.com", true },
	{ "X-Autoreply: no\n", "jane@example.com", false },
	{ "Subject: Automatic reply: x\n", "jane@example.com", false },
};

static void
test_AUTO_1_signs_of_a_machine(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof(automatic_cases) / sizeof(automatic_cases[0]); i++) {
		struct header_list headers;
		const char *reason = NULL;
		size_t used;
		bool is_automatic;

		header_read(arena, span_of(automatic_cases[i].header), 100,
		            &headers, &used);
		is_automatic = report_is_automatic(
			arena, &headers, automatic_cases[i].sender, &reason);
		if (is_automatic != automatic_cases[i].is_automatic)
			fail_msg("%s from %s", automatic_cases[i].header,
			         automatic_cases[i].sender);
		assert_int_equal(is_automatic, reason[0] != '\0');
	}
}

static void
test_nothing_and_noise_is_other(void **state)
{
	static const char noise[] = "\0\xff\r\r\n--\n\0Content-Type:\n;;\n\n";
	struct report report = read_text("");

	(void)state;
	assert_int_equal(report.kind, REPORT_OTHER);
	report_read(arena, span_make(NULL, 0), NULL, 0, &report);
	assert_int_equal(report.kind, REPORT_OTHER);
	report_read(arena, span_make(noise, sizeof(noise) - 1), NULL, 0,
	            &report);
	assert_int_equal(report.kind, REPORT_OTHER);
	assert_string_equal(report.envelope_id, "");
}

static void
test_every_cut_of_a_report_is_read(void **state)
{
	static const char message[] =
		DSN "Original-Recipient: rfc822;a+2Bb@x.example\n"
		    "Final-Recipient: rfc822;a@x.example\nAction: failed\n"
		    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n no\n\n"
		    "--b\nContent-Type: message/rfc822\n\n"
		    "Message-ID: <1@example.org>\n\nx\n--b--\n";

	(void)state;
	for (size_t len = 0; len < sizeof(message); len++) {
		char *copy = arena_strndup(arena, message, len);
		struct report report;

		report_read(arena, span_make(copy, len), NULL, 0, &report);
		for (size_t i = 0; i < report.recipient_count; i++)
			assert_non_null(report.recipients[i].final);
	}
}

static void
test_names_of_all_values(void **state)
{
	(void)state;
	assert_string_equal(report_kind_name(REPORT_AUTO_REPLY), "auto-reply");
	assert_string_equal(report_kind_name(REPORT_OTHER), "other");
	assert_string_equal(report_action_name(ACTION_NONE), "");
	assert_string_equal(report_action_name(ACTION_EXPANDED), "expanded");
	assert_string_equal(report_disposition_name(DISPOSITION_FAILED),
	                    "failed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_REP_1_report_type_in_any_form),
		cmocka_unit_test(test_REP_4_unknown_action_changes_no_state),
		cmocka_unit_test(test_REP_5_state_comes_from_the_action),
		cmocka_unit_test(test_REP_2_body_types_in_any_mix),
		cmocka_unit_test(test_REP_7_a_folded_reply_is_one_line),
		cmocka_unit_test(test_STAT_3_codes_nobody_knows_are_kept),
		cmocka_unit_test(test_REP_8_retry_until_only_with_delayed),
		cmocka_unit_test(test_REP_13_groups_have_a_limit),
		cmocka_unit_test(test_REP_13_part_has_a_limit),
		cmocka_unit_test(test_REP_13_field_has_a_limit),
		cmocka_unit_test(test_BODY_12_too_many_parts_is_malformed),
		cmocka_unit_test(test_X_6_MDN_5_dispositions),
		cmocka_unit_test(test_AUTO_1_signs_of_a_machine),
		cmocka_unit_test(test_nothing_and_noise_is_other),
		cmocka_unit_test(test_every_cut_of_a_report_is_read),
		cmocka_unit_test(test_names_of_all_values),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
