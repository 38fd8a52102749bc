#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/doctor_postfix.h"
#include "cli/doctor_sendmail.h"
#include "cli/doctor_signer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct settings settings = {
	.file = "avis.conf",
	.listen = "unix:/run/avis/milter.sock",
	.receipts = "recu@example.fr",
	.delimiter = "+",
};

static int
setup(void **state)
{
	struct symptom_list *list = calloc(1, sizeof(*list));

	list->arena = arena_new();
	*state = list;
	return 0;
}

static int
teardown(void **state)
{
	struct symptom_list *list = *state;

	arena_free(&list->arena);
	free(list);
	return 0;
}

static void
expect(struct symptom_list *list, const char *check, int grade,
       const char *remedy)
{
	const struct symptom *found = symptom_find(list, check);

	if (grade < 0) {
		if (found != NULL)
			fail_msg("%s: %s", check, found->text);
		return;
	}
	if (found == NULL)
		fail_msg("%s was not looked at", check);
	if ((int)found->grade != grade)
		fail_msg("%s: %s", check, found->text);
	if (strstr(found->remedy, remedy) == NULL)
		fail_msg("%s: the remedy is: %s", check, found->remedy);
}

static void
forget(struct symptom_list *list)
{
	list->items = NULL;
	list->count = list->room = 0;
}

/* --- endpoints --------------------------------------------------------- */

static void
test_MLT_29_both_spellings_name_one_socket(void **state)
{
	static const struct {
		const char *libmilter;
		const char *postfix;
		bool is_same;
	} cases[] = {
		{ "unix:/run/a.sock", "unix:/run/a.sock", true },
		{ "local:/run/a.sock", "unix:/run/a.sock", true },
		{ "/run/a.sock", "unix:/run//a.sock", true },
		{ "unix:/q/avis/a.sock", "unix:avis/a.sock", true },
		{ "unix:/run/a.sock", "unix:/run/b.sock", false },
		{ "inet:8892@127.0.0.1", "inet:127.0.0.1:8892", true },
		{ "inet:8892@127.0.0.1", "inet:localhost:8892", true },
		{ "inet:8892", "inet:localhost:8892", true },
		{ "inet6:8892@[::1]", "inet:[::1]:8892", true },
		{ "inet:8892@127.0.0.1", "inet:127.0.0.1:8891", false },
		{ "inet:8892@10.0.0.1", "inet:10.0.0.2:8892", false },
		{ "inet:8892@127.0.0.1", "unix:/run/a.sock", false },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint a, b;

		assert_true(endpoint_of_libmilter(
			list->arena, span_of(cases[i].libmilter), &a));
		assert_true(endpoint_of_postfix(
			list->arena, span_of(cases[i].postfix), "/q", &b));
		if (endpoint_same(&a, &b) != cases[i].is_same)
			fail_msg("%s and %s", cases[i].libmilter,
			         cases[i].postfix);
	}
}

static void
test_endpoints_that_are_none_are_refused(void **state)
{
	static const char *const cases[] = { "",
		                             "unix:",
		                             "inet:",
		                             "inet:@host",
		                             "inet:0@host",
		                             "inet:65536@host",
		                             "inet:8x@host",
		                             "http://host",
		                             "inet:99999999" };
	struct symptom_list *list = *state;
	struct endpoint endpoint;

	for (size_t i = 0; i < COUNT(cases); i++)
		if (endpoint_of_libmilter(list->arena, span_of(cases[i]),
		                          &endpoint))
			fail_msg("%s", cases[i]);
	assert_false(endpoint_of_postfix(list->arena, SPAN("inet:8892@host"),
	                                 "/q", &endpoint));
}

/* --- Postfix ----------------------------------------------------------- */

#define GOOD_LISTS                                                             \
	"avis = { unix:/run/avis/milter.sock, default_action=tempfail }\n"     \
	"milter_default_action = accept\n"                                     \
	"smtpd_milters = { unix:/run/avis/milter.sock, "                       \
	"default_action=tempfail, connect_timeout=10s }, "                     \
	"inet:127.0.0.1:8891\n"                                                \
	"non_smtpd_milters = { unix:/run/avis/milter.sock, "                   \
	"default_action = tempfail } inet:127.0.0.1:8891\n"
#define GOOD_NAMES                                                             \
	"recipient_delimiter = +-\n"                                           \
	"internal_mail_filter_classes = notify, bounce\n"                      \
	"enable_long_queue_ids = yes\n"

static struct postfix
says(const char *main)
{
	return (struct postfix){
		.folder = "", .main = main, .overrides = "", .services = ""
	};
}

static void
test_MLT_16_versions_before_3_6_fail(void **state)
{
	static const struct {
		const char *main;
		int grade;
		const char *remedy;
	} cases[] = {
		{ "mail_version = 3.7.11\nmilter_protocol = 6\n", GRADE_OK,
		  "" },
		{ "mail_version = 3.6.0\nmilter_protocol = 6\n", GRADE_OK, "" },
		{ "mail_version = 3.12-20260821\nmilter_protocol = 6\n",
		  GRADE_OK, "" },
		{ "mail_version = 3.5.25\nmilter_protocol = 6\n", GRADE_FAIL,
		  "upgrade" },
		{ "mail_version = 2.11.3\nmilter_protocol = 6\n", GRADE_FAIL,
		  "upgrade" },
		{ "mail_version = 3.7.11\nmilter_protocol = 4\n", GRADE_FAIL,
		  "milter_protocol=6" },
		{ "", GRADE_FAIL, "upgrade" },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = says(cases[i].main);

		postfix_check_version(list, &postfix);
		expect(list, "mta-version", cases[i].grade, cases[i].remedy);
		forget(list);
	}
}

static void
test_filters_are_read_with_and_without_braces(void **state)
{
	struct symptom_list *list = *state;
	struct postfix_filter filters[FILTERS_MAX];
	size_t count = postfix_filters(
		list->arena,
		" { unix:a.sock, connect_timeout=10s , default_action = accept"
		"} inet:localhost:8891,,unix:/b { inet:[::1]:3 }",
		"/q", filters);

	assert_int_equal(count, 4);
	assert_string_equal(filters[0].endpoint.path, "/q/a.sock");
	assert_string_equal(filters[0].default_action, "accept");
	assert_int_equal(filters[1].endpoint.port, 8891);
	assert_string_equal(filters[1].default_action, "");
	assert_string_equal(filters[2].endpoint.path, "/b");
	assert_string_equal(filters[3].endpoint.path, "::1");
	assert_int_equal(postfix_filters(list->arena, "", "/q", filters), 0);
	assert_int_equal(postfix_filters(list->arena, "{", "/q", filters), 1);
}

static void
test_F_7_avis_stands_before_the_signer(void **state)
{
	static const struct {
		const char *main;
		const char *check;
		int grade;
		const char *remedy;
	} cases[] = {
		{ GOOD_LISTS, "filter-order", GRADE_OK, "" },
		{ GOOD_LISTS, "filter-missing", -1, "" },
		{ GOOD_LISTS, "default-action", -1, "" },
		{ "smtpd_milters = inet:127.0.0.1:8891 "
		  "unix:/run/avis/milter.sock\n",
		  "filter-order", GRADE_FAIL, "first in smtpd_milters" },
		{ "smtpd_milters = inet:127.0.0.1:8891\n", "filter-missing",
		  GRADE_FAIL,
		  "smtpd_milters={ unix:/run/avis/milter.sock, "
		  "default_action=tempfail, connect_timeout=10s }, "
		  "inet:127.0.0.1:8891" },
		{ "smtpd_milters = unix:/run/avis/milter.sock\n"
		  "milter_default_action = tempfail\n",
		  "filter-missing", GRADE_FAIL, "non_smtpd_milters=" },
		{ "smtpd_milters = unix:/run/avis/milter.sock\n"
		  "milter_default_action = accept\n",
		  "default-action", GRADE_FAIL, "default_action=tempfail" },
		{ "smtpd_milters = unix:/run/avis/milter.sock\n"
		  "milter_default_action = reject\n",
		  "default-action", GRADE_WARN, "default_action=tempfail" },
		{ "smtpd_milters = unix:/run/avis/milter.sock\n"
		  "milter_default_action = shutdown\n",
		  "default-action", -1, "" },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = says(cases[i].main);

		postfix_check_filters(list, &postfix, &settings, "/nowhere");
		expect(list, cases[i].check, cases[i].grade, cases[i].remedy);
		forget(list);
	}
}

static void
test_a_listener_with_filters_of_its_own_is_named(void **state)
{
	struct symptom_list *list = *state;
	struct postfix postfix = says(GOOD_LISTS);

	postfix.overrides = "submission/inet/smtpd_milters = \n"
			    "10025/inet/smtpd_milters = $smtpd_milters\n"
			    "smtp/inet/syslog_name = smtpd_milters = x\n";
	postfix_check_filters(list, &postfix, &settings, "/nowhere");
	expect(list, "filter-override", GRADE_WARN, "");
	assert_non_null(strstr(symptom_find(list, "filter-override")->text,
	                       "submission/inet"));
	assert_int_equal(symptom_count(list, GRADE_WARN), 1);
}

static void
test_MLT_28_a_proxy_filter_is_named(void **state)
{
	struct symptom_list *list = *state;
	struct postfix postfix = says(GOOD_LISTS);

	postfix.overrides = "smtp/inet/smtpd_proxy_filter = 127.0.0.1:10024\n";
	postfix_check_filters(list, &postfix, &settings, "/nowhere");
	expect(list, "proxy-filter", GRADE_WARN, "");
}

static void
test_F_5_bounces_and_F_13_queue_ids(void **state)
{
	static const struct {
		const char *main;
		const char *check;
		int grade;
		const char *remedy;
	} cases[] = {
		{ GOOD_NAMES, "bounces", GRADE_OK, "" },
		{ GOOD_NAMES, "delimiter", GRADE_OK, "" },
		{ GOOD_NAMES, "queue-ids", -1, "" },
		{ "", "bounces", GRADE_FAIL,
		  "postconf -e 'internal_mail_filter_classes=bounce' && "
		  "postfix reload" },
		{ "internal_mail_filter_classes = bounces\n", "bounces",
		  GRADE_FAIL, "" },
		{ "recipient_delimiter = -\n", "delimiter", GRADE_FAIL,
		  "recipient_delimiter=+" },
		{ "enable_long_queue_ids = no\n", "queue-ids", GRADE_WARN,
		  "enable_long_queue_ids=yes" },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = says(cases[i].main);

		postfix_check_names(list, &postfix, &settings);
		expect(list, cases[i].check, cases[i].grade, cases[i].remedy);
		forget(list);
	}
}

static void
test_the_chroot_hides_the_socket(void **state)
{
	static const struct {
		const char *services;
		const char *listen;
		int grade;
	} cases[] = {
		{ "smtp       inet  n - y - - smtpd\n",
		  "unix:/run/avis/milter.sock", GRADE_FAIL },
		{ "cleanup    unix  n - y - 0 cleanup -v\n",
		  "unix:/run/avis/milter.sock", GRADE_FAIL },
		{ "smtp inet n - n - - smtpd\nqmgr unix n - y 300 1 qmgr\n",
		  "unix:/run/avis/milter.sock", -1 },
		{ "smtp inet n - y - - smtpd\n",
		  "unix:/var/spool/postfix/avis/x", -1 },
		{ "smtp inet n - y - - smtpd\n", "inet:8892@127.0.0.1", -1 },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix =
			says("queue_directory = /var/spool/postfix\n"
		             "mail_owner = nobody\n");
		struct settings changed = settings;

		postfix.services = cases[i].services;
		changed.listen = cases[i].listen;
		postfix_check_reach(list, &postfix, &changed);
		expect(list, "chroot", cases[i].grade, "");
		forget(list);
	}
}

static void
test_the_remedy_names_a_listener_that_is_there(void **state)
{
	static const struct {
		const char *services;
		const char *remedy;
	} cases[] = {
		{ "smtp inet n - y - - smtpd\n"
		  "submission inet n - y - - smtpd\n",
		  "postconf -P 'submission/inet/smtpd_command_filter=" },
		{ "25 inet n - y - - smtpd\n"
		  "127.0.0.1:10025 inet n - n - - smtpd -v\n",
		  "postconf -P '127.0.0.1:10025/inet/smtpd_command_filter=" },
		{ "smtp inet n - y - - smtpd\n"
		  "127.0.0.1:25 inet n - y - - smtpd\n"
		  "pickup unix n - y 60 1 pickup\n"
		  "submission inet n\n",
		  "contrib/postfix/master.cf" },
		{ "", "contrib/postfix/master.cf" },
	};
	struct class_settings class = { .receipts.delivery = DELIVERY_SUCCESS };
	struct symptom_list *list = *state;
	struct settings wanting = settings;

	wanting.classes = &class;
	wanting.class_count = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = says("");

		postfix.services = cases[i].services;
		postfix_check_success(list, &postfix, &wanting);
		expect(list, "command-filter", GRADE_WARN, cases[i].remedy);
		forget(list);
	}
}

static void
write_file(const char *folder, const char *name, time_t when)
{
	char path[512];
	struct utimbuf times = { .actime = when, .modtime = when };
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fclose(out);
	utime(path, &times);
}

static void
make_folder(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
test_old_trace_files_without_a_message_are_told(void **state)
{
	struct symptom_list *list = *state;
	char folder[] = "/tmp/avis-doctor-XXXXXX";
	time_t now = (time_t)(clock_now() / 1000), old = now - 7200;
	struct postfix postfix;
	char remove[600];

	assert_non_null(mkdtemp(folder));
	make_folder(folder, "trace");
	make_folder(folder, "deferred");
	make_folder(folder, "deferred/A");
	postfix = says(
		arena_printf(list->arena, "queue_directory = %s\n", folder));
	write_file(folder, "trace/FRESH", now);
	write_file(folder, "trace/AWAITED", old);
	write_file(folder, "deferred/A/AWAITED", old);
	postfix_check_traces(list, &postfix);
	expect(list, "traces", GRADE_OK, "");
	forget(list);

	write_file(folder, "trace/LEFT1", old);
	write_file(folder, "trace/LEFT2", old);
	postfix_check_traces(list, &postfix);
	expect(list, "traces", GRADE_WARN, "LEFT1");
	expect(list, "traces", GRADE_WARN, "LEFT2");
	assert_null(strstr(symptom_find(list, "traces")->remedy, "AWAITED"));
	assert_null(strstr(symptom_find(list, "traces")->remedy, "FRESH"));
	assert_non_null(strstr(symptom_find(list, "traces")->text, "2 rep"));

	static const char *const names[] = { "trace/FRESH",
		                             "trace/AWAITED",
		                             "trace/LEFT1",
		                             "trace/LEFT2",
		                             "deferred/A/AWAITED",
		                             "deferred/A",
		                             "deferred",
		                             "trace",
		                             "" };
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(remove, sizeof(remove), "%s/%s", folder, names[i]);
		if (unlink(remove) != 0)
			rmdir(remove);
	}
}

/* --- the signer and Sendmail ------------------------------------------- */

static void
test_LST_5_what_opendkim_signs(void **state)
{
	static const struct {
		const char *conf;
		bool has_link;
		bool has_post;
	} cases[] = {
		{ "", true, false },
		{ "OversignHeaders From\n", true, false },
		{ "OversignHeaders From,List-Unsubscribe,"
		  "List-Unsubscribe-Post\n",
		  true, true },
		{ "oversignheaders\tlist-unsubscribe-post # why\n", true,
		  true },
		{ "SignHeaders From,To,Subject\n", false, false },
		{ "SignHeaders *,+List-Unsubscribe-Post\n", true, true },
		{ "SignHeaders *,-List-Unsubscribe\n", false, false },
		{ "# SignHeaders From\nSignHeaders From, List-Unsubscribe ,"
		  "List-Unsubscribe-Post\n",
		  true, true },
		{ "#OversignHeaders List-Unsubscribe-Post\n", true, false },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span conf = span_of(cases[i].conf);

		if (signer_covers(list->arena, conf, "List-Unsubscribe") !=
		            cases[i].has_link ||
		    signer_covers(list->arena, conf, "List-Unsubscribe-Post") !=
		            cases[i].has_post)
			fail_msg("%s", cases[i].conf);
	}
}

static void
test_sendmail_filters_are_found_in_their_order(void **state)
{
	static const struct {
		const char *conf;
		const char *check;
		int grade;
		const char *remedy;
	} cases[] = {
		{ "Xavis, S=unix:/run/avis/milter.sock, F=T\n"
		  "O InputMailFilters=avis, opendkim\n",
		  "filter-order", GRADE_OK, "" },
		{ "Xavis, S=unix:/run/avis/milter.sock, F=T\n"
		  "O InputMailFilters=opendkim,avis\n",
		  "filter-order", GRADE_FAIL, "" },
		{ "Xavis, S=unix:/run/avis/milter.sock, F=R\n"
		  "O InputMailFilters=avis\n",
		  "default-action", GRADE_FAIL, "F=T" },
		{ "Xother, S=unix:/run/x.sock, F=T\n", "filter-missing",
		  GRADE_FAIL, "INPUT_MAIL_FILTER(`avis'" },
		{ "Xavis, S=local:/run/avis/milter.sock, F=T\n"
		  "O PrivacyOptions=authwarnings,noreceipts\n",
		  "noreceipts", GRADE_WARN, "" },
	};
	struct symptom_list *list = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		sendmail_check(list, span_of(cases[i].conf), &settings);
		expect(list, cases[i].check, cases[i].grade, cases[i].remedy);
		forget(list);
	}
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_MLT_29_both_spellings_name_one_socket),
		CASE(test_endpoints_that_are_none_are_refused),
		CASE(test_MLT_16_versions_before_3_6_fail),
		CASE(test_filters_are_read_with_and_without_braces),
		CASE(test_F_7_avis_stands_before_the_signer),
		CASE(test_a_listener_with_filters_of_its_own_is_named),
		CASE(test_MLT_28_a_proxy_filter_is_named),
		CASE(test_F_5_bounces_and_F_13_queue_ids),
		CASE(test_the_chroot_hides_the_socket),
		CASE(test_the_remedy_names_a_listener_that_is_there),
		CASE(test_old_trace_files_without_a_message_are_told),
		CASE(test_LST_5_what_opendkim_signs),
		CASE(test_sendmail_filters_are_found_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
