#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/network.h"
#include "conf/values.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

typedef enum result reader(const char *text, int64_t *value_r,
                           struct error *err);

struct number_case {
	reader *read;
	const char *text;
	int64_t value; /* -1: refused */
};

static const struct number_case numbers[] = {
	{ value_duration, "200ms", 200 },
	{ value_duration, "30s", 30000 },
	{ value_duration, "15min", 900000 },
	{ value_duration, "48h", 172800000 },
	{ value_duration, "48 h", 172800000 },
	{ value_duration, "30D", 2592000000 },
	{ value_duration, "2w", 1209600000 },
	{ value_duration, "13mo", 34187400000 },
	{ value_duration, "12mo", 31557600000 },
	{ value_duration, "1y", 31557600000 },
	{ value_duration, "0s", 0 },
	{ value_duration, "", -1 },
	{ value_duration, "48", -1 },
	{ value_duration, "h", -1 },
	{ value_duration, "5m", -1 },
	{ value_duration, "-5h", -1 },
	{ value_duration, "1.5h", -1 },
	{ value_duration, "5h ", -1 },
	{ value_duration, "9223372036854775807y", -1 },
	{ value_duration, "99999999999999999999s", -1 },
	{ value_size, "500", 500 },
	{ value_size, "64k", 65536 },
	{ value_size, "64K", 65536 },
	{ value_size, "10M", 10485760 },
	{ value_size, "2G", INT64_C(2147483648) },
	{ value_size, "10MB", -1 },
	{ value_size, "9223372036854775807G", -1 },
	{ value_size, "", -1 },
	{ value_mode, "0660", 0660 },
	{ value_mode, "600", 0600 },
	{ value_mode, "0777", 0777 },
	{ value_mode, "1777", -1 },
	{ value_mode, "0680", -1 },
	{ value_mode, "7", -1 },
	{ value_mode, "00660", -1 },
};

static void
test_numbers_with_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const struct number_case *c = &numbers[i];
		struct error err = { "" };
		int64_t value = -1;
		enum result result = c->read(c->text, &value, &err);

		if ((result == RESULT_OK) != (c->value >= 0) ||
		    value != c->value)
			fail_msg("\"%s\": %lld, %s", c->text, (long long)value,
			         err.text);
	}
}

struct text_case {
	value_check *check;
	const char *text;
	const char *wrong; /* part of what is said; "" when it is good */
};

#define LONG_LOCAL                                                             \
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345"
#define LONG_LABEL                                                             \
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234"

static const struct text_case texts[] = {
	{ value_check_line, "Lettre d'information \xc3\xa9", "" },
	{ value_check_line, "", "is empty" },
	{ value_check_line, "a\rb", "control character" },
	{ value_check_line, "a\nBcc: x", "control character" },
	{ value_check_line, "a\x7f", "control character" },
	{ value_check_line, "\xe9t\xe9", "is not UTF-8" },
	{ value_check_line, "\xc0\x80", "is not UTF-8" },
	{ value_check_line, "\xed\xa0\x80", "is not UTF-8" },
	{ value_check_line, "\xf4\x90\x80\x80", "is not UTF-8" },
	{ value_check_line, "\xe2\x82", "is not UTF-8" },
	{ value_check_line, "\xf0\x9f\x93\xac", "" },
	{ value_check_host, "mx1", "" },
	{ value_check_host, "mx1.example.fr", "" },
	{ value_check_host, "mx 1", "is not the name of a host" },
	{ value_check_host, "-mx", "is not the name of a host" },
	{ value_check_host, "mx..fr", "is not the name of a host" },
	{ value_check_host, LONG_LABEL, "is not the name of a host" },
	{ value_check_address, "recu@example.fr", "" },
	{ value_check_address, "a.b+c@example.fr", "" },
	{ value_check_address, "recu", "is not an address" },
	{ value_check_address, "@example.fr", "is not an address" },
	{ value_check_address, "a@b@example.fr", "is not an address" },
	{ value_check_address, "a..b@example.fr", "is not an address" },
	{ value_check_address, ".a@example.fr", "is not an address" },
	{ value_check_address, "a b@example.fr", "is not an address" },
	{ value_check_address, "<a@example.fr>", "is not an address" },
	{ value_check_address, LONG_LOCAL "@example.fr", "is not an address" },
	{ value_check_mailbox, "contact@example.fr", "" },
	{ value_check_mailbox, "Service client <contact@example.fr>", "" },
	{ value_check_mailbox, "\"Client, Service\" <c@example.fr>", "" },
	{ value_check_mailbox, "Client, Service <c@example.fr>",
	  "special characters" },
	{ value_check_mailbox, "a@example.fr, b@example.fr",
	  "is not one mailbox" },
	{ value_check_mailbox, "x <y> <c@example.fr>", "special characters" },
	{ value_check_mailbox, "<c@example.fr", "is not one mailbox" },
	{ value_check_mailbox, "a\r\nBcc: b <c@example.fr>", "control" },
	{ value_check_from, "keep", "" },
	{ value_check_from, "contact@example.fr", "" },
	{ value_check_from, "change", "is neither \"keep\" nor" },
	{ value_check_delimiter, "+", "" },
	{ value_check_delimiter, ".", "" },
	{ value_check_delimiter, "++", "is not one of" },
	{ value_check_delimiter, "_", "is not one of" },
	{ value_check_web, "https://avis.example.fr", "" },
	{ value_check_web, "https://avis.example.fr:8443/avis", "" },
	{ value_check_web, "https://[::1]:8443", "" },
	{ value_check_web, "http://avis.example.fr", "LST-2" },
	{ value_check_web, "avis.example.fr", "is not an address" },
	{ value_check_web, "https://", "has no good host name" },
	{ value_check_web, "https://a:0", "has no good host name" },
	{ value_check_web, "https://a:99999", "has no good host name" },
	{ value_check_web, "https://user@a", "has no good host name" },
	{ value_check_web, "https://a.fr/", "must not end with /" },
	{ value_check_web, "https://a.fr/x?y=1", "query" },
	{ value_check_store, "redis+unix:///run/avis/redis.sock", "" },
	{ value_check_store, "redis://127.0.0.1:6379/0", "" },
	{ value_check_store, "redis-sentinel://a:1,b:2/name", "" },
	{ value_check_store, "redis://", "is not the address of a Redis" },
	{ value_check_store, "mysql://x", "is not the address of a Redis" },
	{ value_check_path, "/var/lib/avis", "" },
	{ value_check_path, "journal", "is not a path from the root" },
	{ value_check_listen, "unix:/run/avis/milter.sock", "" },
	{ value_check_listen, "local:/run/avis/milter.sock", "" },
	{ value_check_listen, "inet:8892@127.0.0.1", "" },
	{ value_check_listen, "inet:8892", "" },
	{ value_check_listen, "inet:127.0.0.1:8892", "wants the port first" },
	{ value_check_listen, "unix:milter.sock", "is not \"unix:" },
	{ value_check_listen, "/run/avis/milter.sock", "is not \"unix:" },
	{ value_check_list_id, "news.example.fr", "" },
	{ value_check_list_id, "news", "is not a list id" },
	{ value_check_list_id, "<news.example.fr>", "is not a list id" },
	{ value_check_name, "mise-en-demeure", "" },
	{ value_check_name, "a class", "is not a name" },
	{ value_check_name, "", "is not a name" },
	{ value_check_cap, "4/30d", "" },
	{ value_check_cap, "4/30", "is not a number in a time" },
	{ value_check_cap, "4/0d", "has a window that is not between" },
	{ value_check_cap, "4/2y", "has a window that is not between" },
	{ value_check_cap, "0/30d", "lets nothing through" },
	{ value_check_cap, "999999/1y", "" },
	{ value_check_cap, "1000000/1y", "is more than 999999 messages" },
	{ value_check_cap, "/30d", "is not a number in a time" },
	{ value_check_cap, "99999999999/1d", "is not a number in a time" },
	{ value_check_hours, "08:00-20:00 Europe/Paris", "" },
	{ value_check_hours, "00:00-24:00 UTC", "" },
	{ value_check_hours, "mon-fri 08:00-20:00 Europe/Paris", "" },
	{ value_check_hours,
	  "mon,wed-fri 08:00-12:00 14:00-18:00, sat 09:00-12:00 UTC", "" },
	{ value_check_hours, "Fri-Mon 22:00-06:00 Europe/Paris", "" },
	{ value_check_hours, "8-20 Europe/Paris", "has \"8-20\", which is" },
	{ value_check_hours, "08:60-20:00 UTC", "has \"08:60-20:00\"" },
	{ value_check_hours, "08:00-25:00 UTC", "has \"08:00-25:00\"" },
	{ value_check_hours, "mon-xyz 08:00-20:00 UTC", "has \"mon-xyz\"" },
	{ value_check_hours, "08:00-08:00 UTC", "has hours that end when" },
	{ value_check_hours, "24:00-02:00 UTC", "has hours that begin at" },
	{ value_check_hours, "08:00-20:00 ", "names no time zone" },
	{ value_check_hours, "08:00-20:00 mon-fri", "names no time zone" },
	{ value_check_hours, "mon-fri Europe/Paris", "has days without hours" },
	{ value_check_hours, "08:00-20:00 sun UTC", "has days without hours" },
	{ value_check_hours, "Europe/Paris", "has days without hours" },
	{ value_check_hours, "", "is not sending hours" },
	{ value_check_network, "10.0.0.0/8", "" },
	{ value_check_network, "ten", "is not an address or a network" },
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct text_case *c = &texts[i];
		struct error err = { "" };
		enum result result = c->check(c->text, &err);

		if ((result == RESULT_OK) != (c->wrong[0] == '\0'))
			fail_msg("\"%s\": %s", c->text, err.text);
		if (result != RESULT_OK && strstr(err.text, c->wrong) == NULL)
			fail_msg("\"%s\": %s, wanted %s", c->text, err.text,
			         c->wrong);
	}
}

static void
test_text_of_a_thousand_bytes_is_the_limit(void **state)
{
	char text[1002];
	struct error err;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[1000] = '\0';
	assert_int_equal(value_check_line(text, &err), RESULT_OK);
	text[1000] = 'a';
	text[1001] = '\0';
	assert_int_equal(value_check_line(text, &err), RESULT_BAD);
}

static void
test_address_of_mailbox(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(value_address_of(arena, "A b <c@example.fr>"),
	                    "c@example.fr");
	assert_string_equal(value_address_of(arena, "c@example.fr"),
	                    "c@example.fr");
	assert_string_equal(value_address_of(arena, ""), "");
	arena_free(&arena);
}

struct network_case {
	const char *network;
	const char *address;
	bool holds;
};

static const struct network_case networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/24", "::ffff:192.0.2.1", true },
	{ "192.0.2.0/24", "::192.0.2.1", false },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", true },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "[::1]", "::1", true },
	{ "::1/128", "::2", false },
	{ "::ffff:10.0.0.0/104", "10.200.1.1", true },
};

static void
test_network_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		const struct network_case *c = &networks[i];
		struct network network, address;
		struct error err = { "" };

		if (network_parse(c->network, &network, &err) != RESULT_OK)
			fail_msg("%s: %s", c->network, err.text);
		assert_true(network_parse_address(c->address, &address));
		if (network_holds(&network, &address) != c->holds)
			fail_msg("%s, %s", c->network, c->address);
	}
}

struct bad_network {
	const char *text;
	const char *wrong;
};

static const struct bad_network bad_networks[] = {
	{ "", "is not an address" },
	{ "10", "is not an address" },
	{ "10.0.0.0.0", "is not an address" },
	{ "010.0.0.1", "is not an address" },
	{ "mx.example.fr", "is not an address" },
	{ "fe80::1%eth0", "is not an address" },
	{ "10.0.0.0/33", "0 to 32" },
	{ "10.0.0.0/", "0 to 32" },
	{ "10.0.0.0/-1", "0 to 32" },
	{ "10.0.0.0/8x", "0 to 32" },
	{ "2001:db8::/129", "0 to 128" },
	{ "192.0.2.1/24", "192.0.2.0/24 is the network" },
	{ "2001:db8::1/32", "2001:db8::/32 is the network" },
};

static void
test_network_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_networks); i++) {
		struct network network;
		struct error err = { "" };

		if (network_parse(bad_networks[i].text, &network, &err) !=
		            RESULT_BAD ||
		    strstr(err.text, bad_networks[i].wrong) == NULL)
			fail_msg("\"%s\": %s", bad_networks[i].text, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_with_units),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_text_of_a_thousand_bytes_is_the_limit),
		cmocka_unit_test(test_address_of_mailbox),
		cmocka_unit_test(test_network_holds),
		cmocka_unit_test(test_network_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
