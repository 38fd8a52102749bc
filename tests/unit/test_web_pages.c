#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "conf/templates.h"
#include "web/builtin.h"
#include "web/choices_diff.h"
#include "web/fresh.h"
#include "web/letter.h"
#include "web/page.h"

#define NOON INT64_C(1795435200000) /* 2026-11-23T12:00:00Z, about */

static struct settings *
some_settings(struct arena *arena)
{
	static struct class_settings classes[] = {
		{ .name = "news",
		  .purpose = PURPOSE_MARKETING,
		  .consent = CONSENT_NONE,
		  .title = { "Lettre", "News" } },
		{ .name = "offers",
		  .purpose = PURPOSE_MARKETING,
		  .consent = CONSENT_REQUIRED,
		  .title = { "Offres", "Offers" } },
		{ .name = "service", .purpose = PURPOSE_TRANSACTIONAL },
	};
	struct settings *settings = arena_alloc(arena, sizeof(*settings));

	settings->web = "https://avis.example.fr/avis";
	settings->pages.templates = "";
	settings->organisation = (struct organisation_settings){
		.name = "Été & Cie <x>",
		.contact = "contact@example.fr",
		.telephone = "+33 (0)1.99",
		.address = "1 rue de l'Exemple",
		.hours = { "9 h", "9 am" },
		.privacy = "https://example.fr/privacy",
	};
	settings->classes = classes;
	settings->class_count = 3;
	return settings;
}

/* --- language ---------------------------------------------------------- */

static void
test_language_is_chosen_by_who_has_a_say(void **state)
{
	static const struct {
		struct language_wishes wishes;
		enum language language;
	} cases[] = {
		{ { "fr", "en", "en", "en" }, LANGUAGE_FR },
		{ { "FR", "", "", "" }, LANGUAGE_FR },
		{ { "xx", "fr", "en", "en" }, LANGUAGE_FR },
		{ { "", "", "fr-CA,en;q=0.9", "en" }, LANGUAGE_FR },
		{ { "", "", "de, fr;q=0.3, en;q=0.4", "fr" }, LANGUAGE_EN },
		{ { "", "", "en;q=0.999,fr;q=1.0", "en" }, LANGUAGE_FR },
		{ { "", "", "fr;q=0, de", "en" }, LANGUAGE_EN },
		{ { "", "", "fr;q=0", "en" }, LANGUAGE_EN },
		{ { "", "", "*", "fr" }, LANGUAGE_FR },
		{ { "", "", ",,;q=,-", "fr" }, LANGUAGE_FR },
		{ { "", "", "french", "en" }, LANGUAGE_EN },
		{ { "", "", "", "" }, LANGUAGE_EN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (language_choose(&cases[i].wishes) != cases[i].language)
			fail_msg("case %zu", i);
}

static void
test_dates_are_written_as_the_language_does(void **state)
{
	struct arena *arena = arena_new();
	time_ms_t when = 0;

	(void)state;
	assert_true(clock_parse("2026-12-01T12:00", &when));
	assert_string_equal(language_date(arena, LANGUAGE_EN, when),
	                    "1 December 2026");
	assert_non_null(
		strstr(language_date(arena, LANGUAGE_FR, when), "1er "));
	arena_free(&arena);
}

/* --- pages ------------------------------------------------------------- */

static void
test_what_is_built_in_has_no_mistake(void **state)
{
	struct arena *arena = arena_new();
	struct finding_list findings = { .count = 0 };
	const char *name;

	(void)state;
	for (size_t i = 0; (name = templates_name(i)) != NULL; i++) {
		struct span bytes = builtin_bytes(name);
		struct template *template;

		assert_true(bytes.len > 0);
		if (strstr(name, ".css") == NULL &&
		    templates_parse(arena, name, bytes, &template, &findings) !=
		            RESULT_OK)
			fail_msg("%s", finding_text(arena, &findings.items[0]));
	}
	arena_free(&arena);
}

static void
test_every_page_says_who_and_is_whole(void **state)
{
	struct arena *arena = arena_new();
	struct settings *settings = some_settings(arena);
	struct finding_list findings = { .count = 0 };
	struct page_look look = {
		.pages = pages_new(arena, settings, &findings),
		.settings = settings,
	};

	(void)state;
	for (int page = 0; page < PAGE_MAIL_CHOICES; page++) {
		struct fields *fields = page_fields(arena, &look);
		const char *text;

		fields_text(fields, "class", "<b>News</b>");
		fields_text(fields, "token", "TOKEN");
		text = page_render(arena, &look, (enum page)page, fields).at;
		assert_non_null(
			strstr(text, "Été &amp; Cie &lt;x&gt;</title>"));
		assert_non_null(strstr(text, "mailto:contact@example.fr"));
		assert_non_null(strstr(text, "\"tel:+330199\""));
		assert_non_null(strstr(text, "href=\"/avis/style.css\""));
		assert_non_null(strstr(text, "</html>"));
		assert_null(strstr(text, "<b>News"));
		assert_null(strstr(text, "{{"));
		assert_null(strstr(text, "<script"));
	}
	arena_free(&arena);
}

/* --- fresh links -------------------------------------------------------- */

static void
test_fresh_links_are_bound_to_purpose_and_end(void **state)
{
	struct keyring *keys = keyring_passing();
	struct message_id id = message_id_new(), read;
	char text[FRESH_SIZE], other[FRESH_SIZE + 2];
	time_ms_t until = 0;

	(void)state;
	fresh_make(keys, TOKEN_OWN_CHOICES, id, NOON, text);
	assert_true(fresh_check(keys, TOKEN_OWN_CHOICES, span_of(text), &read,
	                        &until));
	assert_true(message_id_same(id, read));
	assert_int_equal(until, NOON / 1000 * 1000);
	assert_false(
		fresh_check(keys, TOKEN_ERASE, span_of(text), &read, &until));
	for (size_t i = 0; text[i] != '\0'; i++) {
		memcpy(other, text, sizeof(text));
		other[i] = other[i] == '2' ? '3' : '2';
		assert_false(fresh_check(keys, TOKEN_OWN_CHOICES,
		                         span_of(other), &read, &until));
	}
	memcpy(other, text, sizeof(text));
	other[strlen(text)] = '0';
	other[strlen(text) + 1] = '\0';
	assert_false(fresh_check(keys, TOKEN_OWN_CHOICES, span_of(other), &read,
	                         &until));
	assert_false(
		fresh_check(keys, TOKEN_OWN_CHOICES, SPAN(""), &read, &until));
	keyring_free(&keys);
}

/* --- letters ------------------------------------------------------------ */

static const char *
written(struct arena *arena, const char *to, const char *name,
        const char *subject, const char *text)
{
	struct organisation_settings who = { .name = name,
		                             .contact = "a@example.fr" };
	struct letter letter = { .to = to,
		                 .subject = subject,
		                 .text = span_of(text) };
	struct keyring *keys = keyring_passing();
	struct span message;
	struct error err;
	enum result result =
		letter_write(arena, keys, &who, &letter, &message, &err);

	keyring_free(&keys);
	return result == RESULT_OK ? message.at : NULL;
}

static void
test_letters_are_well_formed(void **state)
{
	struct arena *arena = arena_new();
	const char *text = written(arena, "anne@example.com", "Ex \"a\" ple",
	                           "Été", ".\nà = 1 \nend\n");

	(void)state;
	assert_non_null(text);
	assert_non_null(
		strstr(text, "From: \"Ex \\\"a\\\" ple\" <a@example.fr>\r\n"));
	assert_non_null(strstr(text, "To: <anne@example.com>\r\n"));
	assert_non_null(strstr(text, "Subject: =?UTF-8?Q?=C3=89t=C3=A9?=\r\n"));
	assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
	assert_non_null(
		strstr(text, "\r\n\r\n=2E\r\n=C3=A0 =3D 1=20\r\nend\r\n"));
	arena_free(&arena);
}

static void
test_no_address_writes_a_header(void **state)
{
	static const char *const bad[] = {
		"",
		"anne",
		"@example.com",
		"anne@",
		"a b@example.com",
		"a@example.com\r\nBcc: b@example.com",
		"a@example.com,b@example.com",
		"<a@example.com>",
	};
	struct arena *arena = arena_new();
	const char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(written(arena, bad[i], "E", "S", "T"));
	text = written(arena, "a@example.com", "E\r\nBcc: x", "S\r\nBcc: y",
	               "T");
	assert_null(strstr(text, "\r\nBcc"));
	arena_free(&arena);
}

/* Lines within 78, and no letter cut in two. */
static void
test_long_subjects_are_folded_between_letters(void **state)
{
	struct arena *arena = arena_new();
	struct buf long_text;

	(void)state;
	buf_init(&long_text, 4096);
	for (int i = 0; i < 50; i++)
		buf_text(&long_text, "é€ ab");

	const char *text = written(arena, "a@example.com", "E", long_text.data,
	                           long_text.data);
	struct span rest = span_of(text), line;

	while (span_line(&rest, &line)) {
		assert_true(line.len <= 78);
		assert_false(span_ends(line, "=C3?="));
		assert_false(span_ends(line, "=E2?="));
		assert_false(span_ends(line, "=E2=82?="));
	}
	buf_done(&long_text);
	arena_free(&arena);
}

/* --- choices ------------------------------------------------------------ */

static struct person
person_who_said_nothing(void)
{
	return (struct person){ .off_since = "",
		                .channel = "email",
		                .language = "",
		                .restricted_since = "" };
}

static const char *
diff_text(struct arena *arena, const struct person *person,
          void (*change)(struct choices *), bool has_address)
{
	struct settings *settings = some_settings(arena);
	struct choices_change_list changes;
	struct choices now, wanted;
	const char *text = "";

	choices_in_force(arena, settings, person, &now);
	choices_in_force(arena, settings, person, &wanted);
	assert_int_equal(now.class_count, 2);
	change(&wanted);
	if (!choices_diff(arena, &now, &wanted, has_address, &changes))
		return "refused";
	for (size_t i = 0; i < changes.count; i++)
		text = arena_printf(arena, "%s%s:%s;", text,
		                    changes.items[i].class_name,
		                    changes.items[i].detail);
	return text;
}

static void
nothing(struct choices *wanted)
{
	(void)wanted;
}

static void
all_off(struct choices *wanted)
{
	wanted->is_none = true;
}

static void
news_off(struct choices *wanted)
{
	wanted->classes[0].is_on = false;
}

static void
offers_on(struct choices *wanted)
{
	wanted->is_none = false;
	wanted->classes[1].is_on = true;
}

static void
fewer(struct choices *wanted)
{
	wanted->cap = "2-30";
	wanted->channel = "post";
	wanted->language = "fr";
	wanted->asks_receipts = false;
	wanted->is_measured = false;
}

static void
too_many(struct choices *wanted)
{
	wanted->cap = "99-30";
}

static void
by_pigeon(struct choices *wanted)
{
	wanted->channel = "pigeon";
}

static void
test_only_what_differs_becomes_an_event(void **state)
{
	struct arena *arena = arena_new();
	struct person person = person_who_said_nothing();

	(void)state;
	assert_string_equal(diff_text(arena, &person, nothing, true), "");
	assert_string_equal(diff_text(arena, &person, all_off, true), ":off;");
	assert_string_equal(diff_text(arena, &person, news_off, true),
	                    "news:off;");
	assert_string_equal(diff_text(arena, &person, fewer, true),
	                    ":fewer-2-30;:receipts-off;:measure-off;"
	                    ":channel-post;:language-fr;");
	assert_string_equal(diff_text(arena, &person, too_many, true),
	                    "refused");
	assert_string_equal(diff_text(arena, &person, by_pigeon, true),
	                    "refused");
	arena_free(&arena);
}

/* GDPR-2: a class that wants a consent gets one, or stays off. */
static void
test_GDPR_2_a_yes_where_consent_is_needed_is_a_consent(void **state)
{
	struct arena *arena = arena_new();
	struct person person = person_who_said_nothing();

	(void)state;
	assert_string_equal(diff_text(arena, &person, offers_on, true),
	                    "offers:on;offers:given-receive;");
	assert_string_equal(diff_text(arena, &person, offers_on, false), "");
	arena_free(&arena);
}

/* Back from "no advertising": what is not ticked stays off. */
static void
test_coming_back_brings_only_what_is_ticked(void **state)
{
	struct arena *arena = arena_new();
	struct person person = person_who_said_nothing();

	(void)state;
	person.off_since = "2026-11-01T00:00:00.000Z";
	assert_string_equal(diff_text(arena, &person, all_off, true), "");
	assert_string_equal(diff_text(arena, &person, offers_on, true),
	                    ":on;news:off;offers:on;offers:given-receive;");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_language_is_chosen_by_who_has_a_say),
		cmocka_unit_test(test_dates_are_written_as_the_language_does),
		cmocka_unit_test(test_what_is_built_in_has_no_mistake),
		cmocka_unit_test(test_every_page_says_who_and_is_whole),
		cmocka_unit_test(test_fresh_links_are_bound_to_purpose_and_end),
		cmocka_unit_test(test_letters_are_well_formed),
		cmocka_unit_test(test_no_address_writes_a_header),
		cmocka_unit_test(test_long_subjects_are_folded_between_letters),
		cmocka_unit_test(test_only_what_differs_becomes_an_event),
		cmocka_unit_test(
			test_GDPR_2_a_yes_where_consent_is_needed_is_a_consent),
		cmocka_unit_test(test_coming_back_brings_only_what_is_ticked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
