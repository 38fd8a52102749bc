#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/apply.h"
#include "flow/facts_of.h"
#include "flow/plan.h"
#include "mail/report.h"

/* One message, one decision made by hand, the edits that come of them. */
static struct arena *arena;
static struct keyring *keys;
static struct settings settings;
static struct class_settings class;
static struct message message;
static struct facts facts;
static struct decision decision;
static struct plan plan;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	report_setup();
	keys = keyring_passing();
	settings = (struct settings){ .host = "mx1",
		                      .receipts = "recu@example.fr",
		                      .unsubscribe = "stop@example.fr",
		                      .delimiter = "+",
		                      .web = "https://avis.example.fr" };
	class = (struct class_settings){ .name = "c",
		                         .title = { "Lettre d'été", "News" } };
	message = (struct message){
		.arena = arena,
		.mta = { .version = "Postfix 3.7.11",
		         .is_postfix = true,
		         .can_set_sender = true,
		         .can_set_notify = true },
		.client_address = "",
		.client_name = "",
		.auth_user = "",
		.queue_id = "",
		.sender = "app@example.fr",
		.sender_path = "<app@example.fr>",
		.mail = { "", "", "", false },
	};
	decision = (struct decision){ .verdict = VERDICT_PASS,
		                      .hold_reason = "",
		                      .preferred_channel = "",
		                      .class = &class,
		                      .reply_to = "",
		                      .from = "",
		                      .list_id = "" };
	facts = (struct facts){ .now = 1795251602417 };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	keyring_free(&keys);
	arena_free(&arena);
	return 0;
}

static void
field(const char *name, const char *value)
{
	header_add(arena, &message.headers, span_of(name), span_of(value));
}

static void
to(const char *path, const char *notify, const char *orcpt)
{
	const char *args[3] = { notify, orcpt, NULL };

	message_add_recipient(&message, path, args);
}

static void
make_plan(void)
{
	struct plan_input input = { .settings = &settings,
		                    .keys = keys,
		                    .message = &message,
		                    .facts = &facts,
		                    .decision = &decision,
		                    .id = message_id_new(),
		                    .domain = "example.fr" };

	facts_of(&message, keys, &facts);
	plan_make(&input, &plan);
	assert_string_equal(plan.problem, "");
}

static void
make_stripped(void)
{
	struct plan_input input = { .settings = &settings,
		                    .keys = keys,
		                    .message = &message,
		                    .facts = &facts,
		                    .decision = &decision,
		                    .id = message_id_new(),
		                    .domain = "" };

	facts_of(&message, keys, &facts);
	plan_strip(&input, &plan);
}

/* The n-th (from 0) edit of that kind and name; fails when it is not there. */
static const struct edit *
edit_of(enum edit_kind kind, const char *name, size_t nth)
{
	for (size_t i = 0; i < plan.edits.count; i++) {
		const struct edit *edit = &plan.edits.items[i];

		if (edit->kind == kind && strcmp(edit->name, name) == 0 &&
		    nth-- == 0)
			return edit;
	}
	fail_msg("no edit of kind %d on \"%s\"", (int)kind, name);
	return NULL;
}

static size_t
count_of(enum edit_kind kind, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < plan.edits.count; i++)
		count += plan.edits.items[i].kind == kind &&
		         strcmp(plan.edits.items[i].name, name) == 0;
	return count;
}

static void
plain_letter(void)
{
	field("From", " \"Ex Shop\" <no-reply@example.fr>");
	field("To", " anne@example.com");
	field("Message-ID", " <1@example.fr>");
	field("Date", " Sat, 21 Nov 2026 10:00:00 +0100");
}

static void
test_LST_15_all_list_fields_go(void **state)
{
	(void)state;
	plain_letter();
	field("List-Id", " <a.example.fr>");
	field("list-post", " NO");
	field("List-Id", " <b.example.fr>");
	field("X-List", " stays");
	to("<anne@example.com>", NULL, NULL);
	decision.strip_list = true;
	make_plan();
	/* HDR-6: the last one first */
	assert_int_equal(edit_of(EDIT_DELETE_HEADER, "List-Id", 0)->index, 2);
	assert_int_equal(edit_of(EDIT_DELETE_HEADER, "List-Id", 1)->index, 1);
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "list-post"), 1);
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "X-List"), 0);
}

static void
test_HDR_9_the_channel_is_ours_to_tell(void **state)
{
	(void)state;
	plain_letter();
	field("Avis-Preferred-Channel", " fax");
	to("<anne@example.com>", NULL, NULL);
	decision.preferred_channel = "post";
	make_plan();
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "Avis-Preferred-Channel"),
	                 1);
	assert_string_equal(
		edit_of(EDIT_ADD_HEADER, "Avis-Preferred-Channel", 0)->value,
		"post");
}

static void
test_MLT_31_a_hold_comes_last_and_says_until_when(void **state)
{
	const struct edit *hold;

	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.verdict = VERDICT_HOLD;
	decision.hold_reason = "hours";
	decision.hold_until = 1795251602000;
	make_plan();
	hold = edit_of(EDIT_HOLD, "", 0);
	assert_ptr_equal(hold, &plan.edits.items[plan.edits.count - 1]);
	assert_string_equal(hold->value,
	                    "avis: hours, until 2026-11-21T09:00:02.000Z");
}

static void
test_MDN_16_no_success_for_who_refuses_receipts(void **state)
{
	struct plan_input input = { .settings = &settings,
		                    .keys = keys,
		                    .message = &message,
		                    .facts = &facts,
		                    .decision = &decision,
		                    .id = message_id_new(),
		                    .domain = "example.fr" };

	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	to("<benoit@example.com>", NULL, NULL);
	decision.rewrite_sender = true;
	decision.notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE;
	facts_of(&message, keys, &facts);
	facts.recipients[0].refuses_receipts = true;
	plan_make(&input, &plan);
	assert_int_equal(count_of(EDIT_ADD_RECIPIENT, ""), 1);
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->value,
	                    "<benoit@example.com>");
}

static void
test_X_2_receipt_request_equals_the_new_sender(void **state)
{
	const struct edit *sender;

	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.rewrite_sender = decision.ask_reading = true;
	make_plan();
	sender = edit_of(EDIT_SET_SENDER, "", 0);
	assert_string_equal(
		edit_of(EDIT_ADD_HEADER, "Disposition-Notification-To", 0)
			->value,
		arena_printf(arena, "<%s>", sender->value));
	assert_true(text_starts(sender->value, "recu+"));
	assert_true(span_ends(span_of(sender->value), "@example.fr"));
	/* DSN-10, DSN-8 */
	assert_true(text_starts(sender->args, "RET=HDRS ENVID=r1."));
}

static void
test_MDN_3_the_authors_request_is_replaced_and_remembered(void **state)
{
	(void)state;
	plain_letter();
	field("Disposition-Notification-To", " boss@example.fr");
	field("Disposition-Notification-To", " other@example.fr");
	to("<anne@example.com>", NULL, NULL);
	decision.rewrite_sender = decision.ask_reading = true;
	make_plan();
	assert_int_equal(
		edit_of(EDIT_DELETE_HEADER, "Disposition-Notification-To", 0)
			->index,
		2);
	assert_int_equal(
		edit_of(EDIT_CHANGE_HEADER, "Disposition-Notification-To", 0)
			->index,
		1);
	assert_int_equal(
		count_of(EDIT_ADD_HEADER, "Disposition-Notification-To"), 0);
	assert_string_equal(plan.changes[0].before, "boss@example.fr");
}

static void
test_X_3_never_stays_never_and_orcpt_keeps_its_bytes(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", "NOTIFY=NEVER", NULL);
	to("<Bob@Example.com>", "NOTIFY=DELAY",
	   "ORCPT=rfc822;BOB+2Bx@Example.COM");
	decision.rewrite_sender = true;
	decision.notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE;
	make_plan();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 1);
	assert_string_equal(edit_of(EDIT_DROP_RECIPIENT, "", 0)->value,
	                    "<Bob@Example.com>");
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args,
	                    "NOTIFY=SUCCESS,FAILURE,DELAY "
	                    "ORCPT=rfc822;BOB+2Bx@Example.COM");
}

static void
test_DSN_3_an_override_of_never_is_possible(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", "NOTIFY=NEVER", NULL);
	decision.rewrite_sender = decision.override_never = true;
	decision.notify = DSN_NOTIFY_FAILURE;
	make_plan();
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args,
	                    "NOTIFY=FAILURE ORCPT=rfc822;anne@example.com");
}

static void
test_DSN_4_the_filters_marker_is_no_wish_of_the_author(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", "NOTIFY=" DSN_NOTIFY_MARKER, NULL);
	decision.rewrite_sender = true;
	decision.notify = DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY;
	make_plan();
	assert_string_equal(
		edit_of(EDIT_ADD_RECIPIENT, "", 0)->args,
		"NOTIFY=FAILURE,DELAY ORCPT=rfc822;anne@example.com");
}

static void
test_DSN_4_without_receipts_the_marker_goes(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", "NOTIFY=" DSN_NOTIFY_MARKER, NULL);
	make_plan();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 1);
	assert_null(strstr(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args, "NOTIFY"));
}

static void
test_DSN_4_untouched_mail_loses_the_marker_too(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", "NOTIFY=" DSN_NOTIFY_MARKER, NULL);
	to("<bob@example.com>", "NOTIFY=SUCCESS,FAILURE", NULL);
	make_stripped();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 1);
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->value,
	                    "<anne@example.com>");
	assert_null(strstr(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args, "NOTIFY"));
}

static void
test_failures_are_reported_anyway_so_nothing_is_touched(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.rewrite_sender = true;
	decision.notify = DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY;
	make_plan();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 0);
	assert_int_equal(count_of(EDIT_ADD_RECIPIENT, ""), 0);
}

static void
test_MLT_15_a_path_given_twice_is_dropped_and_added_once(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	to("<anne@example.com>", NULL, NULL);
	to("<bob@example.com>", NULL, NULL);
	decision.notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE;
	make_plan();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 2);
	assert_int_equal(count_of(EDIT_ADD_RECIPIENT, ""), 2);
	for (size_t i = 0; i < plan.edits.count; i++)
		if (plan.edits.items[i].kind == EDIT_ADD_RECIPIENT)
			assert_int_equal(plan.edits.items[i - 1].kind,
			                 EDIT_DROP_RECIPIENT);
}

static void
test_I18N_3_no_utf8_orcpt_towards_postfix(void **state)
{
	(void)state;
	plain_letter();
	to("<zo\xc3\xa9@exemple.fr>", NULL, NULL);
	decision.notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE;
	make_plan();
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args,
	                    "NOTIFY=SUCCESS,FAILURE");
	message.mta.is_postfix = false;
	make_plan();
	assert_string_equal(edit_of(EDIT_ADD_RECIPIENT, "", 0)->args,
	                    "NOTIFY=SUCCESS,FAILURE "
	                    "ORCPT=utf-8;zo\\x{E9}@exemple.fr");
}

static void
test_MLT_16_an_mta_that_loses_recipients_is_not_asked(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	message.mta.can_set_notify = false;
	decision.notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE;
	make_plan();
	assert_int_equal(count_of(EDIT_DROP_RECIPIENT, ""), 0);
}

static void
test_ADR_3_reply_to_takes_the_name_in_from(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "help@example.fr";
	make_plan();
	assert_string_equal(edit_of(EDIT_ADD_HEADER, "Reply-To", 0)->value,
	                    "\"Ex Shop\" <help@example.fr>");
	assert_string_equal(plan.reply_to, "help@example.fr");
}

static void
test_ADR_3_an_address_in_the_name_is_not_carried_over(void **state)
{
	(void)state;
	field("From", " \"no-reply@example.fr\" <no-reply@example.fr>");
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "help@example.fr";
	make_plan();
	assert_string_equal(edit_of(EDIT_ADD_HEADER, "Reply-To", 0)->value,
	                    "help@example.fr");
}

static void
test_ADR_4_reply_to_is_merged_into_one_field(void **state)
{
	(void)state;
	plain_letter();
	field("Reply-To", " sales@example.fr");
	field("Reply-To", " second@example.fr");
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "Help <help@example.fr>";
	decision.reply_to_merges = true;
	make_plan();
	assert_string_equal(edit_of(EDIT_CHANGE_HEADER, "Reply-To", 0)->value,
	                    "sales@example.fr,\n Help <help@example.fr>");
	assert_int_equal(edit_of(EDIT_DELETE_HEADER, "Reply-To", 0)->index, 2);
}

static void
test_ADR_8_old_and_new_from_are_remembered(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.from = "contact@example.fr";
	make_plan();
	assert_string_equal(edit_of(EDIT_CHANGE_HEADER, "From", 0)->value,
	                    "\"Ex Shop\" <contact@example.fr>");
	assert_string_equal(plan.changes[0].before,
	                    "\"Ex Shop\" <no-reply@example.fr>");
}

static void
test_I18N_4_names_are_encoded_for_mail_without_smtputf8(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "Équipe <help@example.fr>";
	make_plan();
	for (const char *p = edit_of(EDIT_ADD_HEADER, "Reply-To", 0)->value;
	     *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x80);
}

static void
test_LST_1_an_existing_set_is_replaced_whole(void **state)
{
	(void)state;
	plain_letter();
	field("List-Unsubscribe", " <http://old.example/>");
	field("List-Unsubscribe", " <http://older.example/>");
	field("List-Unsubscribe-Post", " List-Unsubscribe=One-Click");
	field("List-Id", " <old.example.fr>");
	to("<anne@example.com>", NULL, NULL);
	decision.unsubscribe_mailto = decision.unsubscribe_https = true;
	decision.unsubscribe_post = decision.unsubscribe_replaces = true;
	decision.list_id = "news.example.fr";
	make_plan();
	/* HDR-6: from the highest index down. */
	assert_int_equal(
		edit_of(EDIT_DELETE_HEADER, "List-Unsubscribe", 0)->index, 2);
	assert_int_equal(
		edit_of(EDIT_DELETE_HEADER, "List-Unsubscribe", 1)->index, 1);
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "List-Unsubscribe-Post"),
	                 1);
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "List-Id"), 1);
	assert_int_equal(count_of(EDIT_ADD_HEADER, "List-Id"), 1);
	/* LST-3 */
	assert_string_equal(
		edit_of(EDIT_ADD_HEADER, "List-Unsubscribe-Post", 0)->value,
		"List-Unsubscribe=One-Click");
}

static void
test_LST_2_folds_only_behind_the_comma(void **state)
{
	const char *value, *fold;

	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.unsubscribe_mailto = decision.unsubscribe_https = true;
	make_plan();
	value = edit_of(EDIT_ADD_HEADER, "List-Unsubscribe", 0)->value;
	fold = strchr(value, '\n');
	assert_true(text_starts(value, "<mailto:stop+"));
	assert_non_null(strstr(value, "?subject=unsubscribe>,\n "));
	assert_true(text_starts(fold, "\n <https://avis.example.fr/u/"));
	assert_null(strchr(fold + 1, '\n'));
	/* LST-6: no address in it. */
	assert_null(strstr(value, "anne"));
}

static void
test_X_1_a_shared_copy_bears_no_token(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	to("<bob@example.com>", NULL, NULL);
	decision.unsubscribe_mailto = true;
	make_plan();
	assert_string_equal(
		edit_of(EDIT_ADD_HEADER, "List-Unsubscribe", 0)->value,
		"<mailto:stop@example.fr?subject=unsubscribe>");
}

static void
test_HDR_9_strangers_control_headers_go(void **state)
{
	(void)state;
	plain_letter();
	field("Avis-Class", " newsletter");
	field("Avis-Record", " v1 aaaa");
	field("AVIS-RECORD", " v1 bbbb");
	make_stripped();
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "Avis-Class"), 1);
	assert_int_equal(count_of(EDIT_DELETE_HEADER, "Avis-Record"), 2);
	assert_int_equal(edit_of(EDIT_DELETE_HEADER, "Avis-Record", 0)->index,
	                 2);
}

static void
test_HDR_10_what_is_missing_is_added_once(void **state)
{
	(void)state;
	field("From", " app@example.fr");
	to("<anne@example.com>", NULL, NULL);
	make_plan();
	assert_int_equal(count_of(EDIT_ADD_HEADER, "Message-ID"), 1);
	assert_true(span_ends(
		span_of(edit_of(EDIT_ADD_HEADER, "Message-ID", 0)->value),
		"@example.fr>"));
	assert_int_equal(count_of(EDIT_ADD_HEADER, "Date"), 1);
}

static void
test_HDR_10_what_is_there_stays(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	make_plan();
	assert_int_equal(count_of(EDIT_ADD_HEADER, "Message-ID"), 0);
	assert_int_equal(count_of(EDIT_ADD_HEADER, "Date"), 0);
}

/* The message as it left, given to us again. */
static void
second_pass(const char *message_id)
{
	struct applied applied;
	struct header_list after = { 0 };

	apply_headers(&message, &plan.edits, &applied);
	for (size_t i = 0; i < applied.count; i++) {
		const struct applied_line *line = &applied.lines[i];

		if (line->mark == APPLIED_DELETED)
			continue;
		header_add(arena, &after, span_of(line->name),
		           span_of(message_id != NULL && text_is(line->name,
		                                                 "Message-ID")
		                           ? message_id
		                           : line->value));
	}
	message.headers = after;
	facts_of(&message, keys, &facts);
}

static void
test_MLT_26_a_second_pass_is_recognised(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "help@example.fr";
	decision.from = "contact@example.fr";
	make_plan();
	assert_false(facts.is_our_second_pass);
	second_pass(NULL);
	assert_true(facts.is_our_second_pass);
}

static void
test_HDR_9_an_audit_header_copied_to_another_message_does_not_fit(void **state)
{
	(void)state;
	plain_letter();
	to("<anne@example.com>", NULL, NULL);
	make_plan();
	second_pass("<2@example.fr>");
	assert_false(facts.is_our_second_pass);
}

static void
test_X_7_no_header_is_injected_through_a_name(void **state)
{
	(void)state;
	field("From",
	      " =?utf-8?Q?x=0D=0ABcc:_victim@example.com?= <no-reply@e.example>");
	to("<anne@example.com>", NULL, NULL);
	decision.reply_to = "help@example.fr";
	make_plan();
	assert_null(strstr(edit_of(EDIT_ADD_HEADER, "Reply-To", 0)->value,
	                   "\nBcc"));
	assert_null(
		strchr(edit_of(EDIT_ADD_HEADER, "Reply-To", 0)->value, '\r'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_MDN_16_no_success_for_who_refuses_receipts),
		TEST(test_MLT_31_a_hold_comes_last_and_says_until_when),
		TEST(test_HDR_9_the_channel_is_ours_to_tell),
		TEST(test_LST_15_all_list_fields_go),
		TEST(test_X_2_receipt_request_equals_the_new_sender),
		TEST(test_MDN_3_the_authors_request_is_replaced_and_remembered),
		TEST(test_X_3_never_stays_never_and_orcpt_keeps_its_bytes),
		TEST(test_DSN_3_an_override_of_never_is_possible),
		TEST(test_DSN_4_the_filters_marker_is_no_wish_of_the_author),
		TEST(test_DSN_4_without_receipts_the_marker_goes),
		TEST(test_DSN_4_untouched_mail_loses_the_marker_too),
		TEST(test_failures_are_reported_anyway_so_nothing_is_touched),
		TEST(test_MLT_15_a_path_given_twice_is_dropped_and_added_once),
		TEST(test_I18N_3_no_utf8_orcpt_towards_postfix),
		TEST(test_MLT_16_an_mta_that_loses_recipients_is_not_asked),
		TEST(test_ADR_3_reply_to_takes_the_name_in_from),
		TEST(test_ADR_3_an_address_in_the_name_is_not_carried_over),
		TEST(test_ADR_4_reply_to_is_merged_into_one_field),
		TEST(test_ADR_8_old_and_new_from_are_remembered),
		TEST(test_I18N_4_names_are_encoded_for_mail_without_smtputf8),
		TEST(test_LST_1_an_existing_set_is_replaced_whole),
		TEST(test_LST_2_folds_only_behind_the_comma),
		TEST(test_X_1_a_shared_copy_bears_no_token),
		TEST(test_HDR_9_strangers_control_headers_go),
		TEST(test_HDR_10_what_is_missing_is_added_once),
		TEST(test_HDR_10_what_is_there_stays),
		TEST(test_MLT_26_a_second_pass_is_recognised),
		TEST(test_HDR_9_an_audit_header_copied_to_another_message_does_not_fit),
		TEST(test_X_7_no_header_is_injected_through_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
