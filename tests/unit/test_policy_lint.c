#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "policy/lint.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define BASE      "host = \"mx1\"; receipts = \"recu@example.fr\"; "
#define WEB       "web = \"https://a.fr\"; dkim_signs = true; "
#define LIST      "unsubscribe = \"one-click\"; list_id = \"n.example.fr\"; "
#define TOLD      "purpose = \"marketing\"; basis = \"consent\"; "
#define ADS       TOLD "consent = \"required\"; "
#define LAW       "purpose = \"legal\"; basis = \"contract\"; "
#define SOLD      "purpose = \"marketing\"; basis = \"legitimate-interest\"; "
#define ONE(text) BASE WEB "\nclasses = { name = \"a\"; " text " };"

struct lint_case {
	const char *text;
	const char *said; /* the first line of each finding */
};

#define AT "2: classes.a: "

static const struct lint_case cases[] = {
	{ ONE(ADS LIST), "" },
	{ ONE(LAW), "" },
	{ ONE(LAW "receipts = { reading = true; delivery = \"success\"; };"),
	  "" },
	/* MDN-1: the line is the setting's own */
	{ ONE(ADS LIST "\nreceipts = {\nreading = true; };"),
	  "4: classes.a: a marketing class asks reading receipts "
	  "(receipts.reading = true) [MDN-1]" },
	{ ONE(ADS LIST "receipts = { delivery = [ \"failure\", \"success\" ]; "
	               "};"),
	  AT "a marketing class asks delivery receipts (success in "
	     "receipts.delivery) [GDPR-11]" },
	{ ONE(ADS LIST "receipts = { delivery = [ \"failure\" ]; };"), "" },
	{ ONE(ADS "list_id = \"n.example.fr\";"),
	  AT "a marketing class has no way out (unsubscribe = \"none\") "
	     "[FR-3]" },
	/* a slip is told once */
	{ ONE(ADS "list_id = \"n.example.fr\"; unsubscribe = \"onclick\";"),
	  "2: classes.a.unsubscribe: \"onclick\" is not one of none, mailto, "
	  "one-click" },
	{ ONE("purpose = \"ads\"; basis = \"consent\"; " LIST),
	  "2: classes.a.purpose: \"ads\" is not one of transactional, legal, "
	  "service, marketing" },
	{ ONE("purpose = \"legal\";"), "2: classes.a.basis: is missing" },
	{ ONE("purpose = \"marketing\"; basis = \"contract\"; " LIST),
	  AT "a marketing class rests on another basis than consent or "
	     "legitimate-interest [FR-1]" },
	{ ONE(SOLD LIST),
	  "2: warning: classes.a: marketing to people wants their consent "
	  "[FR-1]" },
	{ ONE(SOLD "audience = \"professionals\"; " LIST), "" },
	{ ONE(TOLD LIST),
	  "2: warning: classes.a: rests on consent that nobody checks "
	  "(consent = \"none\") [GDPR-2]" },
	{ ONE(TOLD LIST "consent = \"soft-opt-in\";"), "" },
	{ ONE(ADS LIST "\non_store_failure = \"allow\";"),
	  "3: classes.a: wants consent, and mail to people whose consent "
	  "cannot be known [GDPR-2]\n"
	  "3: warning: classes.a: while the store is away, mail goes to "
	  "people who have unsubscribed [GDPR-4]" },
	{ ONE(LAW "consent = \"required\";"),
	  AT "mail that must be sent waits for consent [GDPR-2]" },
	{ ONE(LAW "cap = \"4/30d\";"),
	  AT "mail that must be sent has a cap [LST-17]" },
	{ ONE(LAW "hours = \"08:00-20:00 Europe/Paris\";"),
	  AT "mail that must be sent has sending hours [LST-17]" },
	{ ONE(LAW "on_post = \"refuse\";"),
	  AT "mail that must be sent is refused to who prefers post "
	     "[LST-17]" },
	{ ONE(LAW "on_post = \"header\";"), "" },
	{ ONE(ADS LIST "holidays = \"/etc/avis/holidays\";"),
	  "2: warning: classes.a: holidays without hours: mail leaves on "
	  "every day" },
	{ ONE(LAW "visible_link = \"report\";"),
	  "2: warning: classes.a: a visible way out is looked for in "
	  "marketing only [BULK-2]" },
	{ ONE(SOLD "audience = \"professionals\"; " LIST
	           "on_store_failure = \"allow\";"),
	  "2: warning: classes.a: while the store is away, mail goes to "
	  "people who have unsubscribed [GDPR-4]" },
	{ ONE(LAW LIST), AT "mail that must be sent offers one-click "
	                    "[LST-17]" },
	{ ONE(LAW "unsubscribe = \"mailto\"; list_id = \"n.example.fr\";"),
	  "2: warning: classes.a: mail that must be sent has no way out: "
	  "unsubscribe is not used [LST-17]" },
	{ BASE "dkim_signs = true;\nclasses = { name = \"a\"; " ADS LIST "};",
	  "2: warning: classes.a: one-click needs web pages: mailto alone "
	  "will be offered [LST-4]" },
	{ BASE "web = \"https://a.fr\";\nclasses = { name = \"a\"; " ADS LIST
	       "};",
	  "2: warning: classes.a: one-click needs a signature over its "
	  "headers: mailto alone will be offered [LST-4]" },
	{ ONE(ADS "unsubscribe = \"one-click\";"),
	  "2: warning: classes.a: a list without a list_id: receivers cannot "
	  "tell it from others [BULK-3]" },
	{ ONE(LAW "retention = \"2d\"; receipts = { delivery = \"failure\"; "
	          "pending_after = \"3d\"; "
	          "};"),
	  AT "the record is gone (retention) before silence is noticed "
	     "(receipts.pending_after) [GDPR-12]" },
	{ BASE "\nclasses = ( { name = \"b\"; " LAW "}, { name = \"a\"; " LAW
	       "} );",
	  "2: warning: classes.a: is never reached: a class above it takes "
	  "everything" },
	{ BASE "trusted = { users = \"x\"; };\nclasses = ( { name = \"b\"; " LAW
	       "}, { name = \"a\"; " LAW "} );",
	  "" },
	{ BASE, "0: warning: classes: there is no class: every message goes "
	        "out as it is" },
	{ ONE(LAW) "ours = { networks = [ ]; authenticated = false; };",
	  "2: warning: ours: no client is ours: every message goes out as it "
	  "is" },
	{ ONE(LAW) "ours = { networks = \"0.0.0.0/0\"; };",
	  "2: ours.networks: every client of the Internet is ours" },
	{ ONE(LAW) "ours = { networks = \"::/0\"; };",
	  "2: ours.networks: every client of the Internet is ours" },
	{ ONE(LAW) "trusted = { networks = \"::/0\"; };",
	  "2: trusted.networks: every client of the Internet may name the "
	  "class" },
	/* senders */
	{ ONE(LAW) "senders = { match = \"no-reply@*\"; };",
	  "2: senders.1: gives no address that can be answered [FR-3]" },
	{ ONE(LAW) "senders = { match = \"no-reply@*\"; reply_to = "
	           "\"no-reply@example.fr\"; };",
	  "2: senders.1: sends answers to an address that takes none itself "
	  "(reply_to) [ADR-4]" },
	{ ONE(LAW) "senders = { reply_to = "
	           "\"Service <ne-pas-repondre2@example.fr>\"; };",
	  "2: senders.1: sends answers to an address that takes none itself "
	  "(reply_to) [ADR-4]" },
	{ ONE(LAW) "senders = { reply_to = \"a b\"; };",
	  "2: senders.1.reply_to: \"a b\" is not one mailbox such as "
	  "\"Service client <contact@example.fr>\"" },
	{ ONE(LAW) "senders = { reply_to = \"c@example.fr\"; };", "" },
	{ ONE(LAW) "senders = { from = \"c@example.fr\"; };", "" },
};

/* "LINE: setting: text [RULE]" */
static const char *
said(struct arena *arena, const struct finding_list *findings)
{
	const char *text = "";

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];
		const char *rule = strrchr(f->remedy, '[');

		if (rule == NULL || f->remedy[strlen(f->remedy) - 1] != ']')
			rule = "";
		text = arena_printf(
			arena, "%s%s%u: %s%s: %s%s%s", text, i > 0 ? "\n" : "",
			f->place.line, f->is_warning ? "warning: " : "",
			f->setting, f->text, rule[0] != '\0' ? " " : "", rule);
	}
	return text;
}

static void
read_and_lint(struct arena *arena, const char *text,
              struct finding_list *findings)
{
	char path[] = "/tmp/avis-lint-XXXXXX";
	int fd = mkstemp(path);
	struct settings *settings;
	struct error err;
	enum result result;

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text), &err),
	                 RESULT_OK);
	close(fd);
	result = settings_read(arena, path, &settings, findings, &err);
	assert_true(result == RESULT_OK || settings != NULL);
	lint_settings(arena, settings, findings);
	unlink(path);
}

static void
test_each_rule(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct finding_list findings;

		read_and_lint(arena, cases[i].text, &findings);
		if (strcmp(said(arena, &findings), cases[i].said) != 0) {
			print_error("%s\nsaid:\n%s\nwanted:\n%s\n",
			            cases[i].text, said(arena, &findings),
			            cases[i].said);
			wrong++;
		}
		for (size_t j = 0; j < findings.count; j++)
			if (findings.items[j].place.line == 2)
				assert_true(findings.items[j].setting[0] !=
				            '\0');
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void
test_GDPR_1_class_without_purpose_and_basis(void **state)
{
	struct arena *arena = arena_new();
	struct class_settings class = { .name = "a",
		                        .list_id = "",
		                        .cap = "",
		                        .hours = "",
		                        .holidays = "" };
	struct settings settings = { .web = "",
		                     .ours = { .authenticated = true },
		                     .classes = &class,
		                     .class_count = 1 };
	struct finding_list findings = { .items = NULL };

	(void)state;
	lint_settings(arena, &settings, &findings);
	assert_string_equal(said(arena, &findings),
	                    "0: classes.a: has no purpose [GDPR-1]\n"
	                    "0: classes.a: has no legal basis [GDPR-1]");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_GDPR_1_class_without_purpose_and_basis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
