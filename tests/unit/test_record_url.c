#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/url.h"

static void
test_what_urls_say(void **state)
{
	static const struct {
		const char *text;
		enum url_kind kind;
		const char *where; /* path or first host */
		int port, db;
		const char *user, *password, *master;
		size_t hosts;
	} cases[] = {
		{ "redis+unix:///run/avis/redis.sock", URL_UNIX,
		  "/run/avis/redis.sock", 0, 0, "", "", "", 0 },
		{ "redis+unix:///r.sock?db=3", URL_UNIX, "/r.sock", 0, 3, "",
		  "", "", 0 },
		{ "redis://localhost", URL_TCP, "localhost", 6379, 0, "", "",
		  "", 1 },
		{ "redis://:p%40ss@10.0.0.1:6380/7", URL_TCP, "10.0.0.1", 6380,
		  7, "", "p@ss", "", 1 },
		{ "REDIS://avis:secret@h/0", URL_TCP, "h", 6379, 0, "avis",
		  "secret", "", 1 },
		{ "redis://[2001:db8::1]:6390", URL_TCP, "2001:db8::1", 6390, 0,
		  "", "", "", 1 },
		{ "redis://[::1]/2", URL_TCP, "::1", 6379, 2, "", "", "", 1 },
		{ "redis-sentinel://a:1,b,[::1]:3/mymaster/4", URL_SENTINEL,
		  "a", 1, 4, "", "", "mymaster", 3 },
		{ "redis-sentinel://:pw@a/m", URL_SENTINEL, "a", 26379, 0, "",
		  "pw", "m", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url url;
		struct error err;

		assert_int_equal(url_read(cases[i].text, &url, &err),
		                 RESULT_OK);
		assert_int_equal(url.kind, cases[i].kind);
		assert_string_equal(url.kind == URL_UNIX ? url.path
		                                         : url.hosts[0].name,
		                    cases[i].where);
		assert_int_equal(url.hosts[0].port, cases[i].port);
		assert_int_equal(url.db, cases[i].db);
		assert_string_equal(url.user, cases[i].user);
		assert_string_equal(url.password, cases[i].password);
		assert_string_equal(url.master, cases[i].master);
		assert_int_equal(url.host_count, cases[i].hosts);
	}
}

static void
test_a_bad_url_is_told_without_its_password(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "no URL" },
		{ "http://x", "no URL" },
		{ "localhost:6379", "no URL" },
		{ "redis-cluster://a,b", "not supported by this version" },
		{ "rediss://a", "not supported by this version" },
		{ "redis+unix://relative", "start with /" },
		{ "redis+unix:///x?mode=1", "only db=NUMBER" },
		{ "redis+unix:///012345678901234567890123456789012345678901234"
		  "567890123456789012345678901234567890123456789012345678901234"
		  "56789",
		  "longer than" },
		{ "redis://", "host" },
		{ "redis://h:99999", "host" },
		{ "redis://h:x", "host" },
		{ "redis://h/x", "number of the database" },
		{ "redis://hunter2@h", "user:password" },
		{ "redis://:hunter2%4@h", "user:password" },
		{ "redis://:hunter2@h:p", "host" },
		{ "redis://[::1", "host" },
		{ "redis-sentinel://a", "name of the master" },
		{ "redis-sentinel:///m", "name of the master" },
		{ "redis-sentinel://a,b,c,d,e,f,g,h,i/m", "more than 8" },
		{ "redis-sentinel://a,/m/x", "number of the database" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url url;
		struct error err;

		assert_int_equal(url_read(cases[i].text, &url, &err),
		                 RESULT_BAD);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_null(strstr(err.text, "hunter2"));
		assert_non_null(strstr(err.text, "allowed are"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_urls_say),
		cmocka_unit_test(test_a_bad_url_is_told_without_its_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
