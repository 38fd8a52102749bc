#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/span.h"

static void
test_crc32c_of_known_bytes(void **state)
{
	uint8_t zeros[32] = { 0 };

	(void)state;
	/* The check value of the Castagnoli polynomial, and RFC 3720 B.4. */
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(0, zeros, sizeof(zeros)), 0x8a9136aau);
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

static void
test_sha256_and_hmac_of_known_text(void **state)
{
	uint8_t sum[DIGEST_BYTES];
	char hex[DIGEST_HEX_SIZE];
	struct digest *digest = digest_new();

	(void)state;
	digest_add(digest, "a", 1);
	digest_add(digest, "bc", 2);
	digest_take(digest, sum);
	digest_hex(sum, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177"
	                         "a9cb410ff61f20015ad");
	/* It has started again. */
	digest_take(digest, sum);
	digest_hex(sum, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b9"
	                         "34ca495991b7852b855");
	digest_free(&digest);
	/* RFC 4231, case 2. */
	digest_hmac("Jefe", 4, "what do ya want for nothing?", 28, sum);
	digest_hex(sum, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d273"
	                         "9839dec58b964ec3843");
	/* RFC 4231, cases 6 and 7: a key longer than the block. */
	uint8_t key[131];

	memset(key, 0xaa, sizeof(key));
	digest_hmac(key, sizeof(key),
	            "Test Using Larger Than Block-Size Key - Hash Key First",
	            54, sum);
	digest_hex(sum, hex);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c"
	                         "5140546040f0ee37f54");
}

static void
test_hmac_is_the_same_from_the_stack_and_streamed(void **state)
{
	static uint8_t text[2000];
	uint8_t whole[DIGEST_BYTES], parts[DIGEST_BYTES], pad[64];
	struct digest *digest = digest_new();

	(void)state;
	for (size_t len = 0; len < sizeof(text); len += 61) {
		digest_hmac("key", 3, text, len, whole);
		memset(pad, 0x36, sizeof(pad));
		for (int i = 0; i < 3; i++)
			pad[i] ^= (uint8_t) "key"[i];
		digest_add(digest, pad, sizeof(pad));
		digest_add(digest, text, len);
		digest_take(digest, parts);
		for (size_t i = 0; i < sizeof(pad); i++)
			pad[i] ^= 0x36 ^ 0x5c;
		digest_add(digest, pad, sizeof(pad));
		digest_add(digest, parts, sizeof(parts));
		digest_take(digest, parts);
		assert_memory_equal(whole, parts, sizeof(parts));
	}
	digest_free(&digest);
}

static void
test_sealed_bytes_open_only_whole_and_with_their_key(void **state)
{
	uint8_t key[SEAL_KEY_BYTES] = { 1 }, other[SEAL_KEY_BYTES] = { 2 };
	static const char text[] = "anne@example.com";
	uint8_t sealed[sizeof(text) + SEAL_EXTRA_BYTES];
	char back[sizeof(text)];

	(void)state;
	digest_seal(key, text, sizeof(text), sealed);
	assert_true(digest_open(key, sealed, sizeof(sealed), back));
	assert_string_equal(back, text);
	assert_false(digest_open(other, sealed, sizeof(sealed), back));
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		assert_false(digest_open(key, sealed, sizeof(sealed), back));
		sealed[i] ^= 1;
	}
	assert_false(digest_open(key, sealed, SEAL_EXTRA_BYTES - 1, back));
}

static void
test_encodings_come_back_and_refuse_strays(void **state)
{
	uint8_t bytes[40], back[40];
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		encode_base32(bytes, len, text);
		assert_int_equal(strlen(text) + 1, ENCODE_BASE32_SIZE(len));
		assert_true(decode_base32(span_of(text), back, len));
		assert_memory_equal(bytes, back, len);
		assert_false(decode_base32(span_of(text), back, len + 1));
		encode_base64url(bytes, len, text);
		assert_int_equal(strlen(text) + 1, ENCODE_BASE64URL_SIZE(len));
		assert_true(decode_base64url(span_of(text), back, len));
		assert_memory_equal(bytes, back, len);
		encode_hex(bytes, len, text);
		assert_true(decode_hex(span_of(text), back, len));
		assert_memory_equal(bytes, back, len);
	}
	assert_false(decode_base32(SPAN("a!"), back, 1));
	assert_false(decode_base32(SPAN("ab"), back, 1)); /* stray bits */
	assert_true(decode_base32(SPAN("AE"), back, 1));
	assert_false(decode_base64url(SPAN("+/"), back, 1));
}

static void
test_spans_compare_by_ascii(void **state)
{
	struct span rest = SPAN("one\r\ntwo\n\nlast");
	struct span line;

	(void)state;
	assert_true(span_is(SPAN("CONTENT-Type"), "content-type"));
	/* A Turkish locale would fold it otherwise. */
	assert_false(span_is(SPAN("\xc4\xb0"), "i"));
	assert_true(span_starts(SPAN("rfc822;a@b"), "RFC822;"));
	assert_true(span_ends(SPAN("a@b.example"), ".EXAMPLE"));
	assert_false(span_ends(SPAN("le"), "example"));
	assert_int_equal(span_find_text(SPAN("xxAbC"), "abc", 0), 2);
	assert_int_equal(span_find_text(SPAN("xxab"), "abc", 0), 4);
	assert_int_equal(span_skip(SPAN("abc"), 9).len, 0);
	assert_int_equal(span_trim(SPAN(" \t\r\n")).len, 0);
	assert_true(span_line(&rest, &line) && span_is(line, "one"));
	assert_true(span_line(&rest, &line) && span_is(line, "two"));
	assert_true(span_line(&rest, &line) && line.len == 0);
	assert_true(span_line(&rest, &line) && span_is(line, "last"));
	assert_false(span_line(&rest, &line));
}

static void
test_a_buf_stops_at_its_limit(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_string_equal(buf.data, "");
	buf_text(&buf, "12345");
	buf_printf(&buf, "%d", 67890);
	assert_string_equal(buf.data, "1234567890");
	assert_false(buf.is_full);
	buf_byte(&buf, 'x');
	assert_true(buf.is_full);
	assert_string_equal(buf.data, "1234567890");
	buf_reset(&buf);
	buf_text(&buf, "again");
	assert_string_equal(buf.data, "again");
	buf_done(&buf);
	assert_string_equal(buf.data, "");
}

static void
test_an_arena_gives_zeroed_aligned_memory_after_a_reset(void **state)
{
	struct arena *arena = arena_new();
	size_t count = 0, room = 0;
	int *items = NULL;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			char *at = arena_alloc(arena, (size_t)i * 7);

			assert_int_equal((uintptr_t)at % 16, 0);
			for (int j = 0; j < i * 7; j++)
				assert_int_equal(at[j], 0);
			memset(at, 0xff, (size_t)i * 7);
		}
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	for (int i = 0; i < 100; i++)
		*(int *)arena_push(arena, (void **)&items, &count, &room,
		                   sizeof(*items)) = i;
	for (int i = 0; i < 100; i++)
		assert_int_equal(items[i], i);
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 1), "a-1");
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void
test_EVD_4_times_are_written_and_read_in_utc(void **state)
{
	static const struct {
		const char *text;
		time_ms_t when;
	} cases[] = {
		{ "2026-11-21T09:00:02.417Z", 1795251602417 },
		{ "2026-11-21T10:00:02.417+01:00", 1795251602417 },
		{ "2026-11-21T04:00:02.417-0500", 1795251602417 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59Z", 951868799000 },
	};
	static const char *const bad[] = {
		"",
		"2026",
		"2026-13-01",
		"2026-02-30T00:00Z",
		"2026-11-21T25:00Z",
		"2026-11-21T10:00:00Zulu",
		"yesterday",
		"2026-11-21T10:00+99:00",
	};
	char text[CLOCK_TEXT_SIZE];
	time_ms_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(clock_parse(cases[i].text, &when));
		assert_int_equal(when, cases[i].when);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (clock_parse(bad[i], &when))
			fail_msg("\"%s\" was read as a time", bad[i]);
	clock_format(1795251602417, text);
	assert_string_equal(text, "2026-11-21T09:00:02.417Z");
	clock_format(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void
test_mail_dates_are_read_in_their_many_forms(void **state)
{
	static const struct {
		const char *text;
		time_ms_t when;
	} cases[] = {
		{ "Sat, 21 Nov 2026 10:00:02 +0100", 1795251602000 },
		{ "21 Nov 2026 09:00:02 GMT", 1795251602000 },
		{ "Sat, 21 Nov 26 04:00:02 EST", 1795251602000 },
		{ "Sat,21 Nov 2026 09:00:02 -0000 (UTC)", 1795251602000 },
		{ "21-Nov-2026 10:00 +0100", 1795251600000 },
	};
	time_ms_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(clock_parse_mail(span_of(cases[i].text), &when));
		assert_int_equal(when, cases[i].when);
	}
	assert_false(clock_parse_mail(SPAN("tomorrow"), &when));
	assert_false(clock_parse_mail(SPAN("32 Nov 2026 10:00"), &when));
}

static const char *
name_at(const void *names, size_t index)
{
	return ((const char *const *)names)[index];
}

static void
test_did_you_mean(void **state)
{
	static const char *const names[] = { "one-click", "mailto", "none",
		                             NULL };

	(void)state;
	assert_string_equal(nearest_name("oneclick", name_at, names),
	                    "one-click");
	assert_string_equal(nearest_name("one_click", name_at, names),
	                    "one-click");
	assert_string_equal(nearest_name("mailt", name_at, names), "mailto");
	assert_string_equal(nearest_name("elephant", name_at, names), "");
}

static void
test_an_error_is_one_clean_line(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "no such\nthing: %s", "x\r");
	error_prefix(&err, "redis");
	assert_string_equal(err.text, "redis: no such?thing: x?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32c_of_known_bytes),
		cmocka_unit_test(test_sha256_and_hmac_of_known_text),
		cmocka_unit_test(
			test_hmac_is_the_same_from_the_stack_and_streamed),
		cmocka_unit_test(
			test_sealed_bytes_open_only_whole_and_with_their_key),
		cmocka_unit_test(test_encodings_come_back_and_refuse_strays),
		cmocka_unit_test(test_spans_compare_by_ascii),
		cmocka_unit_test(test_a_buf_stops_at_its_limit),
		cmocka_unit_test(
			test_an_arena_gives_zeroed_aligned_memory_after_a_reset),
		cmocka_unit_test(test_EVD_4_times_are_written_and_read_in_utc),
		cmocka_unit_test(test_mail_dates_are_read_in_their_many_forms),
		cmocka_unit_test(test_did_you_mean),
		cmocka_unit_test(test_an_error_is_one_clean_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
