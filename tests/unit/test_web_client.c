#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "web/client.h"
#include "web/rate.h"

static struct network
address(const char *text)
{
	struct network found;

	assert_true(network_parse_address(text, &found));
	return found;
}

static struct network
network(const char *text)
{
	struct network found;
	struct error err;

	assert_int_equal(network_parse(text, &found, &err), RESULT_OK);
	return found;
}

static void
assert_behind(bool is_rfc7239, const char *peer, const char *value,
              const char *wanted)
{
	const struct network proxies[] = { network("127.0.0.0/8"),
		                           network("10.0.0.0/24"),
		                           network("2001:db8:ffff::/48") };
	const struct client_trust trust = { proxies, 3, is_rfc7239 };
	struct network from = address(peer);
	struct network found = client_behind(&trust, &from, span_of(value));
	char text[CLIENT_TEXT_SIZE];

	found = client_network(&found);
	client_text(&found, text);
	assert_string_equal(text, wanted);
}

static void
test_x_forwarded_for(void **state)
{
	static const struct {
		const char *value, *wanted;
	} cases[] = {
		{ "192.0.2.77", "192.0.2.0/24" },
		{ " 192.0.2.77 ", "192.0.2.0/24" },
		{ "192.0.2.77:4711", "192.0.2.0/24" },
		{ "2001:db8:1:2ff:3::4", "2001:db8:1:200::/56" },
		{ "[2001:db8:1:2ff::4]:443", "2001:db8:1:200::/56" },
		{ "::ffff:192.0.2.77", "192.0.2.0/24" },
		/* the last that is no proxy; what is left of it is hearsay */
		{ "198.51.100.1, 192.0.2.77", "192.0.2.0/24" },
		{ "192.0.2.77, 10.0.0.9", "192.0.2.0/24" },
		{ "192.0.2.77,10.0.0.9,127.0.0.1", "192.0.2.0/24" },
		{ "192.0.2.77, 2001:db8:ffff::1", "192.0.2.0/24" },
		{ "10.0.0.1, 10.0.0.9", "10.0.0.0/24" },
		/* not to be read: the last that could be */
		{ "", "127.0.0.0/24" },
		{ "unknown", "127.0.0.0/24" },
		{ "192.0.2.77, unknown", "127.0.0.0/24" },
		{ "192.0.2.77, _hidden, 10.0.0.9", "10.0.0.0/24" },
		{ "192.0.2.77,", "127.0.0.0/24" },
		{ ",,,", "127.0.0.0/24" },
		{ "192.0.2.0/24", "127.0.0.0/24" },
		{ "1.2.3.4.5", "127.0.0.0/24" },
		{ "[", "127.0.0.0/24" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_behind(false, "127.0.0.1", cases[i].value,
		              cases[i].wanted);
}

static void
test_forwarded(void **state)
{
	static const struct {
		const char *value, *wanted;
	} cases[] = {
		{ "for=192.0.2.77", "192.0.2.0/24" },
		{ "For=\"[2001:db8:1:2ff::4]:4711\"", "2001:db8:1:200::/56" },
		{ "proto=https;for=192.0.2.77;by=10.0.0.9", "192.0.2.0/24" },
		{ "for=198.51.100.1, for=192.0.2.77;proto=https",
		  "192.0.2.0/24" },
		{ "for=192.0.2.77, for=10.0.0.9", "192.0.2.0/24" },
		{ "for=unknown", "127.0.0.0/24" },
		{ "for=\"_gazonk\"", "127.0.0.0/24" },
		{ "by=192.0.2.77", "127.0.0.0/24" },
		{ "for=", "127.0.0.0/24" },
		{ "for=\"", "127.0.0.0/24" },
		{ ";;;", "127.0.0.0/24" },
		{ "192.0.2.77", "127.0.0.0/24" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_behind(true, "127.0.0.1", cases[i].value,
		              cases[i].wanted);
}

static void
test_GDPR_11_only_networks_have_a_text(void **state)
{
	static const struct {
		const char *address, *wanted;
	} cases[] = {
		{ "203.0.113.255", "203.0.113.0/24" },
		{ "::ffff:203.0.113.1", "203.0.113.0/24" },
		{ "2001:db8:aaaa:bbcc:dddd::1", "2001:db8:aaaa:bb00::/56" },
		{ "::1", "::/56" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network one = address(cases[i].address);
		char text[CLIENT_TEXT_SIZE];

		one = client_network(&one);
		client_text(&one, text);
		assert_string_equal(text, cases[i].wanted);
	}
}

static void
test_rate_fills_at_a_steady_pace(void **state)
{
	struct rate *rate = rate_new(60, 60000);
	struct network one = address("192.0.2.1"), other = address("192.0.3.1");

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_int_equal(rate_take(rate, &one, 1, 1000000), 0);
	assert_int_equal(rate_take(rate, &one, 1, 1000000), 2);
	assert_int_equal(rate_take(rate, &other, 1, 1000000), 0);
	assert_int_equal(rate_take(rate, &one, 1, 2100000), 0);
	assert_true(rate_take(rate, &one, 1, 2100000) > 0);
	/* never more than the limit, however long it was quiet */
	for (int i = 0; i < 60; i++)
		assert_int_equal(rate_take(rate, &one, 1, INT64_C(1) << 40), 0);
	assert_true(rate_take(rate, &one, 1, INT64_C(1) << 40) > 0);
	rate_free(&rate);
}

/* A bucket that is nearly empty makes no guess cheaper. */
static void
test_LST_6_a_guess_costs_ten_however_many_came_before(void **state)
{
	struct rate *rate = rate_new(60, 60000);
	struct network one = address("192.0.2.1");
	unsigned guesses = 0;

	(void)state;
	for (int64_t second = 0; second < 600; second++)
		if (rate_take(rate, &one, 1, 1 + second * 1000000) == 0) {
			rate_charge(rate, &one, 9, 1 + second * 1000000);
			guesses++;
		}
	assert_in_range(guesses, 60, 67);
	rate_free(&rate);
}

static void
test_rate_tells_when_to_come_again(void **state)
{
	struct rate *rate = rate_new(60, 60000);
	struct network one = address("2001:db8::");

	(void)state;
	assert_int_equal(rate_take(rate, &one, 60, 1), 0);
	assert_in_range(rate_take(rate, &one, 10, 1), 10, 11);
	/* the clock of another thread may be a little behind */
	assert_in_range(rate_take(rate, &one, 10, 0), 10, 11);
	rate_free(&rate);
}

static void
test_rate_keeps_its_size(void **state)
{
	struct rate *rate = rate_new(2, 60000);
	struct network busy = address("192.0.2.1");

	(void)state;
	assert_int_equal(rate_take(rate, &busy, 2, 1), 0);
	for (uint32_t i = 1; i < 200000; i++) {
		struct network one = busy;

		memcpy(one.bytes, &i, sizeof(i));
		assert_int_equal(rate_take(rate, &one, 1, 2), 0);
		/* who keeps asking is not forgotten for the others' sake */
		assert_true(rate_take(rate, &busy, 2, 3 + i) > 0);
	}
	rate_free(&rate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x_forwarded_for),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_GDPR_11_only_networks_have_a_text),
		cmocka_unit_test(test_rate_fills_at_a_steady_pace),
		cmocka_unit_test(
			test_LST_6_a_guess_costs_ten_however_many_came_before),
		cmocka_unit_test(test_rate_tells_when_to_come_again),
		cmocka_unit_test(test_rate_keeps_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
