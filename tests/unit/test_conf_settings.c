#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "conf/schema.h"
#include "conf/tree.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What every good file needs, so that a case shows one slip alone. */
#define GOOD  "host = \"mx1\"; receipts = \"recu@example.fr\"; "
#define CLASS "name = \"a\"; purpose = \"legal\"; basis = \"contract\"; "

struct lab {
	struct arena *arena;
	char folder[64];
	struct settings *settings;
	struct finding_list findings;
	enum result result;
	struct error err;
};

static void
put(struct lab *lab, const char *name, const char *text)
{
	struct error err;

	assert_int_equal(file_replace(arena_printf(lab->arena, "%s/%s",
	                                           lab->folder, name),
	                              span_of(text), 0600, &err),
	                 RESULT_OK);
}

static void
set_up(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	lab->arena = arena_new();
	snprintf(lab->folder, sizeof(lab->folder), "/tmp/avis-conf-XXXXXX");
	assert_non_null(mkdtemp(lab->folder));
}

static void
tear_down(struct lab *lab)
{
	static const char *const names[] = { "avis.conf", "policy.conf",
		                             "sub/inner.conf",
		                             "sub/more.conf" };

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(arena_printf(lab->arena, "%s/%s", lab->folder,
		                    names[i]));
	rmdir(arena_printf(lab->arena, "%s/sub", lab->folder));
	rmdir(lab->folder);
	arena_free(&lab->arena);
}

static void
read_it(struct lab *lab)
{
	lab->result = settings_read(
		lab->arena,
		arena_printf(lab->arena, "%s/avis.conf", lab->folder),
		&lab->settings, &lab->findings, &lab->err);
}

static const char *
all_findings(struct lab *lab)
{
	const char *text = "";

	for (size_t i = 0; i < lab->findings.count; i++)
		text = arena_printf(
			lab->arena, "%s%s\n", text,
			finding_text(lab->arena, &lab->findings.items[i]));
	return text;
}

/* One slip, the whole of what is said about it. */
struct slip {
	const char *text;
	const char *said;
};

#define TOP(text) GOOD text
#define IN(text)  GOOD "\nclasses = ( { " CLASS text " } );"
#define LINE1     "avis.conf:1: "
#define BLANK1    "             "
#define LINE2     "avis.conf:2: "
#define BLANK2    "             "

static const struct slip slips[] = {
	/* unknown names */
	{ TOP("hots = 1;"), LINE1 "hots: there is no such setting\n" BLANK1
	                          "did you mean \"host\"?\n" },
	{ TOP("zzzzzzzz = 1;"), LINE1 "zzzzzzzz: there is no such setting\n" },
	{ IN("receipts = { reeding = true; };"),
	  LINE2 "classes.a.receipts.reeding: there is no such setting\n" BLANK2
	        "did you mean \"reading\"?\n" },
	{ IN("reading = true;"),
	  LINE2 "classes.a.reading: there is no such setting\n" BLANK2
	        "it belongs in classes.receipts\n" },
	{ IN("journal = \"/x\";"),
	  LINE2 "classes.a.journal: there is no such setting\n" BLANK2
	        "it stands outside of all groups\n" },
	{ TOP("ours = { network = [ ]; };"),
	  LINE1 "ours.network: there is no such setting\n" BLANK1
	        "did you mean \"networks\"?\n" },
	/* words */
	{ IN("unsubscribe = \"oneclick\";"),
	  LINE2 "classes.a.unsubscribe: \"oneclick\" is not one of none, "
	        "mailto, one-click\n" BLANK2 "did you mean \"one-click\"?\n" },
	{ TOP("log = \"sylog\";"),
	  LINE1 "log: \"sylog\" is not one of syslog, stderr\n" BLANK1
	        "did you mean \"syslog\"?\n" },
	{ IN("receipts = { delivery = [ \"failure\", \"failed\" ]; };"), LINE2
	  "classes.a.receipts.delivery: \"failed\" is not one of "
	  "success, failure, delay\n" BLANK2 "did you mean \"failure\"?\n" },
	{ IN("title = { fr = \"x\"; de = \"y\"; };"),
	  LINE2 "classes.a.title: \"de\" is not one of fr, en\n" },
	/* wrong kinds */
	{ TOP("listen = 5;"),
	  LINE1 "listen: is a number, wants text in quotes\n" },
	{ TOP("listen = [ \"a\" ];"),
	  LINE1 "listen: is a list, wants text in quotes\n" },
	{ TOP("dkim_signs = \"yes\";"),
	  LINE1 "dkim_signs: is text, wants true or false without quotes\n" },
	{ TOP("dkim_signs = 1;"), LINE1
	  "dkim_signs: is a number, wants true or false without quotes\n" },
	{ TOP("limits = { headers = \"100\"; };"),
	  LINE1 "limits.headers: is text, wants a number without quotes\n" },
	{ TOP("limits = { headers = 1.5; };"),
	  LINE1 "limits.headers: is a number with a fraction, wants a number "
	        "without quotes\n" },
	{ TOP("store_budget = 200;"),
	  LINE1 "store_budget: is a number, wants a duration in quotes such as "
	        "\"48h\"\n" },
	{ TOP("segment_size = true;"), LINE1
	  "segment_size: is true or false, wants a size such as \"10M\"\n" },
	{ TOP("listen_mode = 660;"),
	  LINE1 "listen_mode: is a number, wants a mode in quotes such as "
	        "\"0660\"\n" },
	{ TOP("ours = \"all\";"), LINE1 "ours: is text, wants a group { }\n" },
	{ TOP("ours = { networks = 10; };"),
	  LINE1 "ours.networks: is a number, wants a list such as [ \"one\", "
	        "\"two\" ]\n" },
	{ TOP("ours = { networks = ( \"::1\", 10 ); };"),
	  LINE1 "ours.networks: is a number, wants texts in quotes\n" },
	{ TOP("classes = 5;"),
	  LINE1 "classes: is a number, wants a list of groups ( { }, { } )\n" },
	{ TOP("classes = \"x\";"),
	  LINE1 "classes: is text, wants a list of groups ( { }, { } )\n" },
	{ IN("when = { header = \"x\"; };"), LINE2
	  "classes.a.when.header: is text, wants { Name = \"pattern\"; }\n" },
	{ IN("when = { header = { X = 5; }; };"),
	  LINE2 "classes.a.when.header: is a number, wants text in quotes\n" },
	{ IN("receipts = { delivery = 2; };"), LINE2
	  "classes.a.receipts.delivery: is a number, wants a list of words "
	  "such as [ \"failure\" ]\n" },
	{ IN("unsubscribe = true;"), LINE2
	  "classes.a.unsubscribe: is true or false, wants a word in quotes\n" },
	/* values */
	{ TOP("listen = \"\";"), LINE1 "listen: \"\" is empty\n" },
	{ TOP("web = \"http://a.fr\";"),
	  LINE1 "web: \"http://a.fr\" must begin with https:// (LST-2)\n" },
	{ TOP("limits = { headers = 49; };"),
	  LINE1 "limits.headers: is 49, must be 50 to 100000\n" },
	{ TOP("store_budget = \"1h\";"),
	  LINE1 "store_budget: is 1h, must be 10ms to 10s\n" },
	{ TOP("segment_size = \"1k\";"),
	  LINE1 "segment_size: is 1k, must be 64k to 1G\n" },
	{ TOP("store_budget = \"fast\";"),
	  LINE1 "store_budget: \"fast\" is not a duration such as \"30s\", "
	        "\"15min\", \"48h\", \"30d\", \"13mo\" or \"5y\"\n" },
	{ TOP("limits = { recipients = 99999999999; };"),
	  LINE1 "limits.recipients: is 99999999999, must be 1 to 100000\n" },
	{ TOP("ours = { networks = [ \"10.0.0.0/33\", \"::1\" ]; };"), LINE1
	  "ours.networks: \"10.0.0.0/33\" wants a length of 0 to 32 behind "
	  "the /\n" },
	/* what is missing */
	{ "receipts = \"recu@example.fr\";",
	  "avis.conf: host: is missing\n"
	  "           host = ...; names this machine in the record; keep it "
	  "for ever\n" },
	{ "host = \"mx1\";",
	  "avis.conf: receipts: is missing\n"
	  "           receipts = ...; reports come back to this address, with "
	  "a token in it\n" },
	{ GOOD "\nclasses = ( { purpose = \"legal\"; basis = \"contract\"; } "
	       ");",
	  LINE2 "classes.1.name: is missing\n" BLANK2
	        "name = ...; names the class\n" },
	{ GOOD "\nclasses = ( { name = \"a\"; basis = \"contract\"; } );",
	  LINE2 "classes.a.purpose: is missing\n" BLANK2
	        "what the mail is for: purpose = one of transactional | legal "
	        "| service | marketing\n" },
	/* what does not go together */
	{ GOOD "\nclasses = ( { " CLASS " },\n{ " CLASS " } );",
	  "avis.conf:3: classes.a: there is a class of this name in "
	  "avis.conf:2 already\n" },
	{ "host = \"mx1\"; "
	  "receipts = \"a-very-long-address-for-receipts@example.fr\"; "
	  "unsubscribe = \"u@example.fr\";",
	  LINE1 "receipts: has 32 characters before the @, with the token "
	        "that makes 73 of the 64 allowed (DSN-11)\n" BLANK1
	        "choose an address with at most 23\n" },
	{ "host = \"mx1\"; receipts = \"re-cu@example.fr\"; delimiter = \"-\";",
	  LINE1 "receipts: has the delimiter - before the @\n" BLANK1
	        "the MTA would cut the address there; choose another address "
	        "or delimiter\n" },
	{ "host = \"mx1\"; receipts = \"unsubscribe@example.fr\";",
	  "unsubscribe: is the address of receipts too\n"
	  "reports and requests to leave need two addresses\n" },
	{ IN("when = { size_min = \"2M\"; size_max = \"1M\"; };"),
	  LINE2 "classes.a.when: size_min is more than size_max\n" BLANK2
	        "no message can match\n" },
	/* syntax */
	{ GOOD "\nlisten = \"x;\nweb = \"y\";",
	  LINE2 "the text in this line has no closing quote\n" BLANK2
	        "text stands between two \" in one line\n" },
	{ GOOD "listen = unix:/run/x;",
	  LINE1 "unix:/run/x: text wants quotes around it\n" BLANK1
	        "write \"unix:/run/x\"\n" },
	{ GOOD "web = 'x';",
	  LINE1 "'x': text wants quotes around it\n" BLANK1 "write \"x\"\n" },
	{ GOOD "web = \xe2\x80\x9cx\xe2\x80\x9d;",
	  LINE1 "\xe2\x80\x9cx\xe2\x80\x9d: text wants quotes around "
	        "it\n" BLANK1 "write \"x\"\n" },
	{ GOOD "store_budget = 200ms;", LINE1
	  "200ms: text wants quotes around it\n" BLANK1 "write \"200ms\"\n" },
	{ GOOD "listen_mode = 0660;",
	  LINE1 "0660: a number does not begin with 0\n" BLANK1
	        "write \"0660\" if it is octal\n" },
	{ GOOD "segment_size = 99999999999999999999;",
	  LINE1 "99999999999999999999: this number is too large\n" },
	{ GOOD "listen \"x\";",
	  LINE1 "listen: a = is missing behind the name\n" BLANK1
	        "a line reads: name = value;\n" },
	{ GOOD "listen = ;", LINE1 "the value behind the = is missing\n" },
	{ GOOD "listen =", LINE1 "the last setting has no value\n" },
	{ GOOD "ours = {\n networks = [ \"::1\" \"::2\" ]; };",
	  LINE2 "a comma is missing in front of this\n" BLANK2
	        "the items of a list stand between commas\n" },
	{ GOOD "senders = ( { reply_to = \"a@example.fr\"; }\n { } );",
	  LINE2 "a comma is missing in front of this\n" BLANK2
	        "the items of a list stand between commas\n" },
	{ GOOD "senders = ( { reply_to = \"a@example.fr\"; };\n );",
	  LINE1 "a ; stands inside of a list\n" BLANK1
	        "the items of a list stand between commas; perhaps a ) or ] "
	        "is missing before it\n" },
	{ GOOD "ours = {\n authenticated = true;",
	  LINE1 "the { in this line is never closed\n" },
	{ GOOD "ours = {\n networks = [ \"::1\" };",
	  LINE2 "} stands here where the [ of avis.conf:2 wants its ]\n" },
	{ GOOD "};", LINE1 "} closes nothing: there is one too many, or its "
	                   "partner is missing above\n" },
	{ GOOD "/* x\n\n",
	  LINE1 "this comment is never closed\n" BLANK1 "it ends with */\n" },
	{ GOOD "h\xc3\xa9 = 1;",
	  LINE1 "h\xc3\xa9: this is not the name of a setting\n" BLANK1
	        "a line reads: name = value;\n" },
	{ GOOD "host = \"mx2\";",
	  LINE1 "this setting stands twice in the same group\n" },
	{ GOOD "ours = { networks = [ \"::1\", 5 ]; };",
	  LINE1 "the items between [ and ] are not all of one kind\n" },
	{ GOOD "a={b={c={d={e={f={g={h={i={j={k={l=1;};};};};};};};};};};};",
	  LINE1 "too many brackets are open\n" },
	{ GOOD "\"x\";", LINE1 "\"x\": a = is missing behind the name\n" BLANK1
	                       "a line reads: name = value;\n" },
	{ GOOD "\"x y\" = 1;",
	  LINE1 "what stands in front of the = is not the name of a "
	        "setting\n" BLANK1 "names have letters, digits, - and _\n" },
	{ GOOD "= 1;", LINE1 "there is no name in front of the =\n" BLANK1
	                     "a line reads: name = value;\n" },
	{ GOOD "{ };", LINE1 "there is no name in front of the {\n" BLANK1
	                     "a line reads: name = value;\n" },
	{ GOOD "senders = [ { } ];",
	  LINE1 "a { stands between [ and ]\n" BLANK1
	        "a list of groups is written ( { }, { } )\n" },
	{ GOOD ";", LINE1 "one ; too many\n" },
	{ GOOD "ours = { networks = [ , ]; };", LINE1 "one , too many\n" },
	{ GOOD "true = 1;",
	  LINE1 "true: this is not the name of a setting\n" BLANK1
	        "a line reads: name = value;\n" },
	{ GOOD "log", LINE1 "log: a = is missing behind the name\n" BLANK1
	                    "a line reads: name = value;\n" },
	/* understood, but not carried out: each of them says so */
	{ IN("recipients = \"separate\";"),
	  LINE2 "warning: classes.a.recipients: is understood, but this "
	        "version does not carry it out yet\n" BLANK2
	        "until it does, all is as with \"shared\"\n" },
};

static void
test_each_slip_is_told(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(slips); i++) {
		struct lab lab;

		set_up(&lab);
		put(&lab, "avis.conf", slips[i].text);
		read_it(&lab);
		if (strcmp(all_findings(&lab), slips[i].said) != 0) {
			print_error("%s\nsaid:\n%swanted:\n%s", slips[i].text,
			            all_findings(&lab), slips[i].said);
			wrong++;
		}
		assert_int_equal(lab.result,
		                 strstr(slips[i].said, "warning: ") != NULL
		                         ? RESULT_OK
		                         : RESULT_BAD);
		tear_down(&lab);
	}
	assert_int_equal(wrong, 0);
}

/* What a later version carries out leaves this list. */
static const char *const unenforced[] = {
	"recipients = \"separate\";",
};

static const char *const enforced[] = {
	"consent = \"none\";",  "footer = [ ];",
	"links = \"measure\";", "recipients = \"shared\";",
	"keep = \"message\";",  "keep = \"headers\";",
	"keep = \"digest\";",   "cap = \"\";",
};

static size_t
warnings_of(const char *setting)
{
	struct lab lab;

	set_up(&lab);
	put(&lab, "avis.conf",
	    arena_printf(lab.arena, GOOD "classes = ( { " CLASS " %s } );",
	                 setting));
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_OK);

	size_t count = lab.findings.count;

	tear_down(&lab);
	return count;
}

static void
test_what_is_not_carried_out_warns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unenforced); i++)
		if (warnings_of(unenforced[i]) != 1)
			fail_msg("%s", unenforced[i]);
	for (size_t i = 0; i < COUNT(enforced); i++)
		if (warnings_of(enforced[i]) != 0)
			fail_msg("%s", enforced[i]);
}

static void
test_all_errors_are_told_not_the_first_alone(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	put(&lab, "avis.conf",
	    "log = \"x\";\n@include \"policy.conf\"\nlisten = 1;\n");
	put(&lab, "policy.conf", "classes = (\n{ name = \"a\" } );");
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_BAD);
	assert_string_equal(
		all_findings(&lab),
		"avis.conf: host: is missing\n"
		"           host = ...; names this machine in the record; "
		"keep it for ever\n"
		"avis.conf: receipts: is missing\n"
		"           receipts = ...; reports come back to this "
		"address, with a token in it\n"
		"avis.conf:1: log: \"x\" is not one of syslog, stderr\n"
		"avis.conf:3: listen: is a number, wants text in quotes\n"
		"policy.conf:2: classes.a.purpose: is missing\n"
		"               what the mail is for: purpose = one of "
		"transactional | legal | service | marketing\n"
		"policy.conf:2: classes.a.basis: is missing\n"
		"               why it may be sent: GDPR, article 6(1): basis "
		"= one of consent | contract | legal-obligation | "
		"vital-interests | public-task | legitimate-interest\n");
	assert_non_null(strstr(lab.err.text, "6 errors, the first: "
	                                     "avis.conf: host: is missing"));
	assert_non_null(lab.settings);
	tear_down(&lab);
}

static void
test_defaults(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	put(&lab, "avis.conf", GOOD "classes = { " CLASS " };");
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_OK);

	const struct settings *s = lab.settings;

	assert_string_equal(s->listen, "unix:/run/avis/milter.sock");
	assert_int_equal(s->listen_mode, 0660);
	assert_string_equal(s->unsubscribe, "unsubscribe@example.fr");
	assert_string_equal(s->delimiter, "+");
	assert_string_equal(s->web, "");
	assert_int_equal(s->store_budget_ms, 200);
	assert_int_equal(s->segment_bytes, 64 << 20);
	assert_string_equal(s->log, "syslog");
	assert_int_equal(s->ours.networks.count, 2);
	assert_true(s->ours.authenticated);
	assert_int_equal(s->trusted.networks.count, 0);
	assert_int_equal(s->limits.headers, 1000);
	assert_int_equal(s->class_count, 1);
	assert_string_equal(s->classes[0].title.fr, "a");
	assert_int_equal(s->classes[0].receipts.delivery, 0);
	assert_int_equal(s->classes[0].receipts.pending_after_ms, 259200000);
	assert_int_equal(s->classes[0].on_store_failure, STORE_FAILURE_UNSET);
	assert_int_equal(s->classes[0].recipients, RECIPIENTS_UNSET);
	assert_int_equal(s->classes[0].when.attachments, TRISTATE_ANY);
	assert_string_equal(s->classes[0].list_id, "");
	tear_down(&lab);
}

static void
test_values_arrive(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	put(&lab, "avis.conf",
	    GOOD
	    "delimiter = \"=\"; web = \"https://a.fr\"; trusted : { users"
	    " = \"shop\"; networks = (\"::1\",); };\n"
	    "classes = ( { " CLASS "title = \"T\"; when = { header = { "
	    "\"X-A\" = \"1*\"; B = \"2\" }; attachments = false; size_max "
	    "= 5000000000; }; receipts = { delivery = \"delay\"; }; "
	    "retention = \"5y\"; on_store_failure = \"defer\"; } );\n"
	    "senders = { reply_to = \"C <c@example.fr>\"; existing = \"merge\" "
	    "}; // the end\n");
	read_it(&lab);
	assert_string_equal(all_findings(&lab), "");

	const struct settings *s = lab.settings;
	const struct class_settings *class = &s->classes[0];

	assert_string_equal(s->delimiter, "=");
	assert_string_equal(s->trusted.users.items[0], "shop");
	assert_string_equal(s->trusted.networks.items[0], "::1");
	assert_string_equal(class->title.en, "T");
	assert_int_equal(class->purpose, PURPOSE_LEGAL);
	assert_int_equal(class->basis, BASIS_CONTRACT);
	assert_int_equal(class->when.header_count, 2);
	assert_string_equal(class->when.header[0].name, "X-A");
	assert_string_equal(class->when.header[1].pattern, "2");
	assert_int_equal(class->when.attachments, TRISTATE_NO);
	assert_int_equal(class->when.size_max_bytes, INT64_C(5000000000));
	assert_int_equal(class->receipts.delivery, DELIVERY_DELAY);
	assert_int_equal(class->retention_ms, INT64_C(157788000000));
	assert_int_equal(class->on_store_failure, STORE_FAILURE_DEFER);
	assert_int_equal(class->place.line, 2);
	assert_string_equal(s->senders[0].reply_to, "C <c@example.fr>");
	assert_string_equal(s->senders[0].from, "keep");
	assert_int_equal(s->senders[0].existing, EXISTING_MERGE);
	assert_true(settings_is_written(s, "classes.a.when.header"));
	assert_false(settings_is_written(s, "listen"));
	tear_down(&lab);
}

static void
test_include_is_relative_to_the_file_it_stands_in(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	mkdir(arena_printf(lab.arena, "%s/sub", lab.folder), 0700);
	put(&lab, "avis.conf",
	    GOOD "# @include \"nowhere.conf\"\n/*\n@include \"nowhere\"\n*/\n"
	         "  @include \"sub/inner.conf\" log = \"stderr\";\n");
	put(&lab, "sub/inner.conf", "@include \"more.conf\"\nlog_leve = 1;\n");
	put(&lab, "sub/more.conf", "log_level = \"debug\";");
	read_it(&lab);
	assert_string_equal(all_findings(&lab),
	                    "sub/inner.conf:2: log_leve: there is no such "
	                    "setting\n"
	                    "                  did you mean \"log_level\"?\n");
	assert_string_equal(lab.settings->log_level, "debug");
	assert_string_equal(lab.settings->log, "stderr");
	tear_down(&lab);
}

static void
test_include_that_is_not_there(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	put(&lab, "avis.conf", GOOD "\n@include \"policy.conf\"\n");
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_BAD);
	assert_null(lab.settings);
	assert_string_equal(all_findings(&lab),
	                    arena_printf(lab.arena,
	                                 "avis.conf:2: %s/policy.conf: there "
	                                 "is no such file\n",
	                                 lab.folder));
	tear_down(&lab);
}

static void
test_include_of_itself_ends(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	put(&lab, "avis.conf",
	    "@include \"avis.conf\"\n@include \"avis.conf\"\n");
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_BAD);
	assert_string_equal(all_findings(&lab),
	                    "avis.conf:1: files that include files: 8 deep "
	                    "and 64 together is the limit\n");
	tear_down(&lab);
}

static void
test_no_such_file(void **state)
{
	struct lab lab;

	(void)state;
	set_up(&lab);
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_BAD);
	assert_string_equal(all_findings(&lab),
	                    arena_printf(lab.arena,
	                                 "%s/avis.conf: there is no such "
	                                 "file\n",
	                                 lab.folder));
	tear_down(&lab);
}

static void
test_file_past_the_limit(void **state)
{
	struct lab lab;
	size_t len = (size_t)1024 * 1024 + 1;

	(void)state;
	set_up(&lab);

	char *text = arena_alloc(lab.arena, len + 1);

	memset(text, '\n', len);
	put(&lab, "avis.conf", text);
	read_it(&lab);
	assert_int_equal(lab.result, RESULT_BAD);
	assert_non_null(strstr(all_findings(&lab), "larger than 1048576"));
	tear_down(&lab);
}

static void
test_byte_zero_is_refused(void **state)
{
	struct lab lab;
	struct error err;

	(void)state;
	set_up(&lab);
	assert_int_equal(file_replace(arena_printf(lab.arena, "%s/avis.conf",
	                                           lab.folder),
	                              span_make("a = 1;\n\0b = 2;", 14), 0600,
	                              &err),
	                 RESULT_OK);
	read_it(&lab);
	assert_string_equal(all_findings(&lab),
	                    "avis.conf:2: has a byte 0 in it\n");
	tear_down(&lab);
}

/* Every row: its default is one that its own check takes. */
static void
test_rows_are_whole(void **state)
{
	const struct setting_row *doc;

	(void)state;
	for (size_t i = 0; (doc = settings_row(i)) != NULL; i++) {
		const struct row *row = schema_row(i);
		assert_ptr_equal(doc, &row->doc);
		assert_true(doc->help[0] != '\0' && doc->type[0] != '\0');
		assert_ptr_equal(schema_find_row(doc->section, doc->name), row);
		assert_false(row->is_required && doc->standard[0] != '\0');
		assert_true(row->low <= row->high || row->high == 0);
	}
	assert_null(schema_row(1000));
}

/* What stands in the tree for administrators must be good. */
static void
test_samples_are_good(void **state)
{
	struct arena *arena = arena_new();
	struct finding_list findings;
	struct settings *settings;
	struct error err;

	(void)state;
	if (settings_read(arena, "conf/avis.conf", &settings, &findings,
	                  &err) != RESULT_OK)
		fail_msg("%s", err.text);
	assert_int_equal(findings.count, 0);
	assert_int_equal(settings->class_count, 4);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_slip_is_told),
		cmocka_unit_test(test_what_is_not_carried_out_warns),
		cmocka_unit_test(test_all_errors_are_told_not_the_first_alone),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values_arrive),
		cmocka_unit_test(
			test_include_is_relative_to_the_file_it_stands_in),
		cmocka_unit_test(test_include_that_is_not_there),
		cmocka_unit_test(test_include_of_itself_ends),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_file_past_the_limit),
		cmocka_unit_test(test_byte_zero_is_refused),
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_samples_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
