#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/timeline.h"
#include "record/case_words.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct event
event_of(enum event_kind kind, time_ms_t time)
{
	struct event event = {
		.writer = "mx1.milter",
		.time = time,
		.kind = kind,
		.has_message = true,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = "",
	};

	memset(event.message.bytes, 7, sizeof(event.message.bytes));
	return event;
}

static const char *
printed(struct event *events, size_t count, bool is_local)
{
	struct event_list list = { events, count, count };
	struct case_file *file =
		case_make(arena, &list, is_local ? READ_JOURNAL : READ_STORE,
	                  LANGUAGE_EN);
	char *text = NULL, *copy;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	timeline_print(arena, file, out);
	fclose(out);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

static void
fill_case(struct event events[4])
{
	events[0] = event_of(EVENT_SUBMITTED, 1795251602417);
	events[0].class_name = "mise-en-demeure";
	events[0].queue_id = "4XabCd";
	events[0].size_bytes = 48123;
	event_fact_add(arena, &events[0], "subject",
	               "Rappel de paiement, facture 2026-118");
	event_fact_add(arena, &events[0], "from", "recouvrement@example.fr");
	event_fact_add(arena, &events[0], "sender", "recouvrement@example.fr");
	event_fact_add(arena, &events[0], "client", "10.0.0.12");
	event_fact_add(arena, &events[0], "auth", "recouvrement");
	events[0].recipients =
		arena_array(arena, 2, sizeof(*events[0].recipients));
	events[0].recipient_count = 1;
	events[0].recipients[0].address = "anne@example.com";
	events[0].recipients[1].address = "bo@example.org";

	events[1] = event_of(EVENT_DELIVERED, 1795251605000);
	events[1].grade = GRADE_AUTHENTICATED;
	events[1].source = SOURCE_DSN;
	events[1].recipient = 1;
	event_fact_add(arena, &events[1], "reporting_mta", "mx1.example.com");
	event_fact_add(arena, &events[1], "diagnostic",
	               "250 2.0.0 OK \xc3\xa9t\xc3\xa9 \x1b[31m");

	events[2] = event_of(EVENT_DISPLAYED, 1795267900000);
	events[2].grade = GRADE_AUTHENTICATED;
	events[2].source = SOURCE_MDN;
	events[2].recipient = 1;
	event_fact_add(arena, &events[2], "disposition",
	               "manual-action/MDN-sent-automatically; displayed");

	events[3] = event_of(EVENT_REPLIED, 1795334522000);
	events[3].grade = GRADE_CLAIMED;
	events[3].source = SOURCE_MAIL;
	events[3].recipient = 1;
	event_fact_add(arena, &events[3], "from", "anne@example.com");
}

static void
test_EVD_6_BND_7_one_case_as_a_lawyer_reads_it(void **state)
{
	struct event events[4];

	(void)state;
	fill_case(events);
	assert_string_equal(
		printed(events, 4, false),
		"Rappel de paiement, facture 2026-118\n"
		"message   a4dqobyha4dqobyha4dqobyha4   class mise-en-demeure\n"
		"sent      21 Nov 2026 10:00:02 +01:00\n"
		"from      recouvrement@example.fr\n"
		"to        anne@example.com\n"
		"size      48 kB\n"
		"\n"
		"  10:00:02.417  submitted     by recouvrement@example.fr from"
		"       observed       avis, mx1\n"
		"                              10.0.0.12, authenticated as\n"
		"                              recouvrement, queue id 4XabCd\n"
		"  10:00:05      delivered     to the mailbox service, says    "
		"      authenticated  DSN\n"
		"                              mx1.example.com: \"250 2.0.0 OK "
		"\xc3\xa9t\xc3\xa9\n"
		"                              ?[31m\"\n"
		"  14:31:40      displayed     by a person's action, sent      "
		"      authenticated  MDN\n"
		"                              automatically\n"
		"  22 Nov 2026\n"
		"  09:02:02      replied       by anne@example.com             "
		"      claimed        mail\n"
		"\n"
		"  No line of the mail log of mx1 about it is in the record.\n"
		"  state: answered by the recipient (claimed: anyone could "
		"have said so)\n"
		"\n"
		"This shows what our servers saw and what other servers said. "
		"It does not show\n"
		"that anyone read the message. It does not show who the reader "
		"was. It does not\n"
		"show what became of the message after the last server named "
		"here took it over.\n"
		"Times are as right as the clocks of the servers that named "
		"them. It is not a\n"
		"registered letter (lettre recommandée).\n");
}

/* What two sources say is joined; what contradicts stands side by side. */
static void
test_EVD_9_the_same_from_two_and_a_late_bounce(void **state)
{
	struct event events[5];
	const struct case_file *file;

	(void)state;
	fill_case(events);
	events[1] = event_of(EVENT_RELAYED, 1795251602611);
	events[1].source = SOURCE_MAILLOG;
	events[1].recipient = 1;
	event_fact_add(arena, &events[1], "remote_mta", "mx1.example.com");
	event_fact_add(arena, &events[1], "remote_ip", "192.0.2.7");
	event_fact_add(arena, &events[1], "tls", "TLSv1.3");
	event_fact_add(arena, &events[1], "diagnostic", "250 2.0.0 OK 4f8a");
	events[2] = event_of(EVENT_RELAYED, 1795251603000);
	events[2].source = SOURCE_DSN;
	events[2].grade = GRADE_AUTHENTICATED;
	events[2].recipient = 1;
	events[3] = event_of(EVENT_FAILED, 1795334522000);
	events[3].source = SOURCE_DSN;
	events[3].grade = GRADE_AUTHENTICATED;
	events[3].recipient = 1;
	events[3].status = "5.2.2";

	struct event_list list = { events, 4, 4 };

	file = case_make(arena, &list, READ_STORE, LANGUAGE_EN);
	assert_int_equal(file->parts[0].state, STATE_CONTRADICTED);
	assert_int_equal(file->parts[0].gap_count, 0);
	assert_string_equal(file->lines[1].words,
	                    "to mx1.example.com [192.0.2.7], TLSv1.3: \"250 "
	                    "2.0.0 OK 4f8a\"");
	assert_string_equal(file->lines[1].source, "mail log, mx1");
	assert_ptr_equal(file->lines[2].same_as, &events[1]);
	assert_string_equal(file->lines[2].remark,
	                    "as was said at 10:00:02 (mail log)");
	assert_null(file->lines[3].same_as);
	assert_string_equal(file->lines[3].remark,
	                    "contradicts what was said on 21 Nov 2026 at "
	                    "10:00:03 (DSN)");
	file = case_make(arena, &list, READ_STORE, LANGUAGE_FR);
	assert_string_equal(file->lines[1].kind, "remis");
	assert_string_equal(file->parts[0].state_words,
	                    "les comptes rendus se contredisent");
}

static void
test_BND_7_the_four_limits_in_both_languages(void **state)
{
	static const char *const words[][5] = {
		{ "read", "who", "after the last server", "clocks",
		  "not a registered letter" },
		{ "lu", "qui", "dernier serveur", "horloges",
		  "pas une lettre recommandée" },
	};

	(void)state;
	for (int l = LANGUAGE_EN; l <= LANGUAGE_FR; l++) {
		for (size_t i = 0; i < 5; i++)
			assert_non_null(strstr(case_limit((enum language)l, i),
			                       words[l][i]));
		assert_null(case_limit((enum language)l, 5));
	}
}

static void
test_each_recipient_has_a_section(void **state)
{
	struct event events[4];
	const char *text;

	(void)state;
	fill_case(events);
	events[0].recipient_count = 2;
	events[2] = event_of(EVENT_FAILED, 1795251606000);
	events[2].recipient = 2;
	events[2].status = "5.1.1";
	text = printed(events, 4, true);
	const char *anne = strstr(text, "\n  anne@example.com\n");
	const char *bo = strstr(text, "\n  bo@example.org\n");
	assert_true(anne != NULL && bo > anne);
	assert_true(strstr(text, "delivered") > anne);
	assert_true(strstr(text, "delivered") < bo);
	assert_true(strstr(text, "failed  ") > bo);
	assert_non_null(strstr(bo, "state: could not be delivered"));
	assert_non_null(strstr(text, "Read from the journals of this host"));
}

static void
test_a_case_without_its_submission(void **state)
{
	struct event events[4];
	const char *text;

	(void)state;
	fill_case(events);
	text = printed(events + 1, 2, false);
	assert_non_null(strstr(text, "its submission is not in the record"));
	assert_non_null(strstr(text, "displayed"));
}

/* Not one byte of a stranger's text moves the cursor or the line. */
static void
test_nothing_hostile_reaches_the_terminal(void **state)
{
	static const char *const names[] = {
		"subject", "from",       "sender",     "client",
		"auth",    "diagnostic", "remote_mta", "reason",
		"sign",    "problem",    "to"
	};

	(void)state;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		struct event events[2] = {
			event_of(EVENT_SUBMITTED, 1795251602417),
			event_of((enum event_kind)kind, 1795251602417),
		};
		const char *text;

		events[0].recipients =
			arena_array(arena, 1, sizeof(*events[0].recipients));
		events[0].recipient_count = 1;
		events[0].recipients[0].address = "a\x1b]0;x\x07@b\r\nc";
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			for (int e = 0; e < 2; e++)
				event_fact_add(arena, &events[e], names[i],
				               "x\x1b[2J\r\ny\xc2\x9b 31m\x7f");
		text = printed(events, 2, false);
		assert_null(strpbrk(text, "\x1b\r\x07\x7f"));
		assert_null(strstr(text, "\xc2\x9b"));
		assert_null(strstr(text, "\ny"));
	}
}

/* X-20, MDN-6: words that would say more than is known. */
static void
test_F_10_no_word_says_too_much(void **state)
{
	static const char *const banned[] = { "recommand", "certified", "LRE",
		                              "opened", " read" };

	(void)state;
	for (int k = 0; k < 2 * EVENT_KINDS; k++) {
		enum language language = k % 2 ? LANGUAGE_FR : LANGUAGE_EN;
		struct event event = event_of((enum event_kind)(k / 2), 0);
		const char *words = case_words(arena, language, &event);

		for (size_t i = 0; i < 4; i++) {
			assert_null(strstr(words, banned[i]));
			assert_null(strstr(case_kind(language, event.kind),
			                   banned[i]));
		}
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_EVD_6_BND_7_one_case_as_a_lawyer_reads_it),
		TEST(test_EVD_9_the_same_from_two_and_a_late_bounce),
		TEST(test_BND_7_the_four_limits_in_both_languages),
		TEST(test_each_recipient_has_a_section),
		TEST(test_a_case_without_its_submission),
		TEST(test_nothing_hostile_reaches_the_terminal),
		TEST(test_F_10_no_word_says_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
