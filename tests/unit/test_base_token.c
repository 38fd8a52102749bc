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
#include "base/keyring.h"
#include "base/token.h"

/* The key of the worked example in the standard's digest: 32 times 'k'. */
#define EXAMPLE_KEY                                                            \
	"6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
#define OTHER_KEY                                                              \
	"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define DATE "2026-11-21T09:00:00.000Z"

static char folder[64];
static char path[96];

static void
write_keys(const char *text, mode_t mode)
{
	struct error err;

	assert_int_equal(file_replace(path, span_of(text), mode, &err),
	                 RESULT_OK);
}

static struct keyring *
read_keys(const char *text)
{
	struct keyring *keys = NULL;
	struct error err;

	write_keys(text, 0600);
	if (keyring_read(path, &keys, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return keys;
}

static struct message_id
example_id(void)
{
	struct message_id id;

	for (uint8_t i = 0; i < MESSAGE_ID_BYTES; i++)
		id.bytes[i] = i;
	return id;
}

static const char one_key[] = "token 1 " EXAMPLE_KEY " " DATE "\n"
			      "address 1 " OTHER_KEY " " DATE "\n"
			      "store 1 " OTHER_KEY " " DATE "\n";

static void
test_DSN_8_envid_of_the_worked_example(void **state)
{
	struct keyring *keys = read_keys(one_key);
	char text[TOKEN_ENVID_SIZE];
	struct message_id id;

	(void)state;
	token_for_envid(keys, example_id(), text);
	assert_string_equal(text, "r1.AAECAwQFBgcICQoLDA0ODw.jIswdHq_KkI");
	assert_true(strlen(text) <= 38);
	assert_true(token_check_envid(keys, span_of(text), &id));
	assert_true(message_id_same(id, example_id()));
	keyring_free(&keys);
}

static void
test_DSN_11_address_token_is_lower_case_and_survives_folding(void **state)
{
	struct keyring *keys = read_keys(one_key);
	char text[TOKEN_ADDRESS_SIZE];
	struct message_id id;

	(void)state;
	token_for_address(keys, TOKEN_RECEIPT, example_id(), text);
	assert_int_equal(strlen(text), 40);
	for (char *p = text; *p != '\0'; p++) {
		assert_false(*p >= 'A' && *p <= 'Z');
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
	}
	assert_true(
		token_check_address(keys, TOKEN_RECEIPT, span_of(text), &id));
	assert_true(message_id_same(id, example_id()));
	keyring_free(&keys);
}

static void
test_a_token_of_one_purpose_fits_no_other(void **state)
{
	static const enum token_purpose purposes[] = {
		TOKEN_RECEIPT,     TOKEN_UNSUBSCRIBE, TOKEN_AUDIT,
		TOKEN_PREFERENCES, TOKEN_DATA,        TOKEN_CONFIRM,
		TOKEN_LINK,        TOKEN_COPY,
	};
	struct keyring *keys = read_keys(one_key);
	char address[TOKEN_ADDRESS_SIZE], url[TOKEN_URL_SIZE];
	struct message_id id;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		for (size_t j = 0; j < 8; j++) {
			token_for_address(keys, purposes[i], example_id(),
			                  address);
			token_for_url(keys, purposes[i], example_id(), url);
			assert_int_equal(token_check_address(keys, purposes[j],
			                                     span_of(address),
			                                     &id),
			                 i == j);
			assert_int_equal(token_check_url(keys, purposes[j],
			                                 span_of(url), &id),
			                 i == j);
		}
	keyring_free(&keys);
}

static void
test_every_flipped_bit_is_refused(void **state)
{
	struct keyring *keys = read_keys(one_key);
	char text[TOKEN_URL_SIZE];
	struct message_id id;

	(void)state;
	token_for_url(keys, TOKEN_UNSUBSCRIBE, example_id(), text);
	for (size_t i = 0; i < strlen(text); i++)
		for (int bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			assert_false(token_check_url(keys, TOKEN_UNSUBSCRIBE,
			                             span_of(text), &id));
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	keyring_free(&keys);
}

static void
test_a_context_belongs_to_the_mac(void **state)
{
	struct keyring *keys = read_keys(one_key);
	char text[TOKEN_ADDRESS_SIZE];
	struct message_id id;

	(void)state;
	token_with_context(keys, TOKEN_AUDIT, example_id(), SPAN("<a@b>\nx"),
	                   text);
	assert_true(token_check_context(keys, TOKEN_AUDIT, SPAN("<a@b>\nx"),
	                                span_of(text), &id));
	assert_false(token_check_context(keys, TOKEN_AUDIT, SPAN("<a@b>\ny"),
	                                 span_of(text), &id));
	assert_false(
		token_check_address(keys, TOKEN_AUDIT, span_of(text), &id));
	keyring_free(&keys);
}

static void
test_LST_12_old_keys_keep_verifying_after_a_rotation(void **state)
{
	struct keyring *keys = read_keys(one_key);
	char before[TOKEN_ADDRESS_SIZE], after[TOKEN_ADDRESS_SIZE];
	unsigned version = 0;
	struct message_id id;
	struct error err;

	(void)state;
	token_for_address(keys, TOKEN_RECEIPT, example_id(), before);
	keyring_free(&keys);
	assert_int_equal(keyring_rotate(path, KEY_TOKEN, &version, &err),
	                 RESULT_OK);
	assert_int_equal(version, 2);
	assert_int_equal(keyring_read(path, &keys, &err), RESULT_OK);
	token_for_address(keys, TOKEN_RECEIPT, example_id(), after);
	assert_string_not_equal(before, after);
	assert_true(
		token_check_address(keys, TOKEN_RECEIPT, span_of(before), &id));
	assert_true(
		token_check_address(keys, TOKEN_RECEIPT, span_of(after), &id));
	assert_int_equal(keyring_newest(keys, KEY_ADDRESS), 1);
	keyring_free(&keys);
}

static void
test_CHAIN_7_broken_key_files_say_where(void **state)
{
	static const struct {
		const char *text;
		const char *wants;
	} cases[] = {
		{ "", "no key of kind \"token\"" },
		{ "token 1 " EXAMPLE_KEY "\n", ":1: wants: kind version" },
		{ "tokens 1 " EXAMPLE_KEY " " DATE "\n", "no such kind" },
		{ "token 0 " EXAMPLE_KEY " " DATE "\n", "version must be" },
		{ "token 100 " EXAMPLE_KEY " " DATE "\n", "version must be" },
		{ "token 1 6b6b " DATE "\n", "hex digits" },
		{ "token 1 " EXAMPLE_KEY " yesterday\n", "not a date" },
		{ "# x\ntoken 1 " EXAMPLE_KEY " " DATE "\ntoken 1 " OTHER_KEY
		  " " DATE "\n",
		  ":3: token 1 stands here twice" },
	};
	struct keyring *keys = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_keys(cases[i].text, 0600);
		assert_int_equal(keyring_read(path, &keys, &err), RESULT_BAD);
		if (strstr(err.text, cases[i].wants) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", err.text,
			         cases[i].wants);
		assert_null(strstr(err.text, "6b6b"));
	}
}

static void
test_a_key_file_that_others_can_read_is_refused(void **state)
{
	struct keyring *keys = NULL;
	struct error err;

	(void)state;
	write_keys(one_key, 0600);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(keyring_read(path, &keys, &err), RESULT_BAD);
	assert_non_null(strstr(err.text, "chmod 0600"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keyring_read(path, &keys, &err), RESULT_NONE);
}

static void
test_GDPR_6_hashes_are_keyed_and_labelled(void **state)
{
	struct keyring *keys = read_keys(one_key);
	struct keyring *others = keyring_passing();
	char a[KEYED_HASH_SIZE], b[KEYED_HASH_SIZE], c[KEYED_HASH_SIZE];

	(void)state;
	keyring_hash(keys, "rcpt", SPAN("anne@example.com"), a);
	keyring_hash(keys, "from", SPAN("anne@example.com"), b);
	keyring_hash(others, "rcpt", SPAN("anne@example.com"), c);
	assert_int_equal(strlen(a), 32);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
	keyring_hash(keys, "rcpt", SPAN("anne@example.com"), c);
	assert_string_equal(a, c);
	keyring_free(&keys);
	keyring_free(&others);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/avis-token-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_DSN_8_envid_of_the_worked_example),
		cmocka_unit_test(
			test_DSN_11_address_token_is_lower_case_and_survives_folding),
		cmocka_unit_test(test_a_token_of_one_purpose_fits_no_other),
		cmocka_unit_test(test_every_flipped_bit_is_refused),
		cmocka_unit_test(test_a_context_belongs_to_the_mac),
		cmocka_unit_test(
			test_LST_12_old_keys_keep_verifying_after_a_rotation),
		cmocka_unit_test(test_CHAIN_7_broken_key_files_say_where),
		cmocka_unit_test(
			test_a_key_file_that_others_can_read_is_refused),
		cmocka_unit_test(test_GDPR_6_hashes_are_keyed_and_labelled),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
