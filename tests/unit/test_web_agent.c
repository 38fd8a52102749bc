#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/agent.h"

static const struct {
	const char *agent, *purpose;
	bool is_machine;
} clients[] = {
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "",
	  false },
	{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1",
	  "", false },
	{ "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36",
	  "prefetch;prerender", true },
	{ "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0", "preview", true },
	{ "", "", true },
	{ "curl/7.88.1", "", true },
	{ "Mozilla/5.0 (compatible; Googlebot/2.1)", "", true },
	{ "BarracudaCentral", "", true },
	{ "facebookexternalhit/1.1", "", true },
	{ "Mozilla/5.0 HeadlessChrome/140.0", "", true },
};

static void
test_PIX_6_programs_are_told_from_browsers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		assert_int_equal(
			agent_is_machine(clients[i].agent, clients[i].purpose),
			clients[i].is_machine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_PIX_6_programs_are_told_from_browsers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
