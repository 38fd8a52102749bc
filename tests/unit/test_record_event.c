#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/random.h"
#include "record/event.h"

static const uint8_t zeros[DIGEST_BYTES];

static struct event
sample(struct arena *arena)
{
	struct event event = {
		.sequence = 48211,
		.kind = EVENT_SUBMITTED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_MILTER,
		.time = 1795251602417,
		.recorded = 1795251602430,
		.has_message = true,
		.recipient = 0,
		.class_name = "mise-en-demeure",
		.queue_id = "4XabCd1234z9ZZ",
		.status = "",
		.detail = "",
		.has_digests = true,
		.size_bytes = 48123,
		.retention_ms = 157680000000,
	};
	memcpy(event.writer, "mx1.milter", 11);
	memset(event.message.bytes, 7, sizeof(event.message.bytes));
	memset(event.body_digest, 1, DIGEST_BYTES);
	memset(event.header_digest, 2, DIGEST_BYTES);
	event_fact_add(arena, &event, "from", "recouvrement@example.fr");
	event_fact_add(arena, &event, "client", "10.0.0.12");
	event_fact_add(arena, &event, "auth", "");
	event.recipients = arena_array(arena, 2, sizeof(*event.recipients));
	event.recipient_count = 2;
	event.recipients[0] =
		(struct event_recipient){ "anne@example.com",
		                          "rfc822;anne@example.com", 6 };
	event.recipients[1] =
		(struct event_recipient){ "bo@example.org", "", 0 };
	return event;
}

static void
write_both(const struct event *event, struct buf *entry, struct buf *payload)
{
	uint8_t commitment[DIGEST_BYTES];

	buf_init(entry, 100000);
	buf_init(payload, 1000000);
	event_write_payload(event, payload);
	digest_sha256(payload->data, payload->len, commitment);
	event_write_entry(event, zeros, commitment, entry);
}

/* The members stand in byte order and the bytes are the agreed ones. */
static void
test_JCS_2_the_entry_is_canonical(void **state)
{
	struct arena *arena = arena_new();
	struct event event = sample(arena);
	struct buf entry, payload;

	(void)state;
	write_both(&event, &entry, &payload);
	assert_string_equal(
		payload.data,
		"{\"f\":{\"client\":\"10.0.0.12\","
		"\"from\":\"recouvrement@example.fr\"},"
		"\"to\":[{\"a\":\"anne@example.com\",\"n\":6,"
		"\"o\":\"rfc822;anne@example.com\"},{\"a\":\"bo@example.org\"}]}");
	assert_string_equal(
		entry.data,
		"{\"b\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\","
		"\"c\":\"uCVPvEHL0o2Dwav6FJQPal2GZC6WCpBBdWybLRHA7bU\","
		"\"class\":\"mise-en-demeure\",\"g\":\"observed\","
		"\"h\":\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI\","
		"\"k\":\"submitted\",\"m\":\"a4dqobyha4dqobyha4dqobyha4\","
		"\"prev\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"q\":\"4XabCd1234z9ZZ\","
		"\"rec\":\"2026-11-21T09:00:02.430Z\",\"ret\":157680000000,"
		"\"seq\":\"48211\",\"size\":48123,\"src\":\"milter\","
		"\"t\":\"2026-11-21T09:00:02.417Z\",\"w\":\"mx1.milter\"}");
	/* Small enough: a legal class says more than most do. */
	assert_true(entry.len < 460);
	buf_done(&entry);
	buf_done(&payload);
	arena_free(&arena);
}

static void
test_what_is_written_reads_back(void **state)
{
	struct arena *arena = arena_new();
	struct event event = sample(arena), back;
	struct buf entry, payload, entry2, payload2;
	struct error err;

	(void)state;
	event.has_raw_digest = true;
	event.recipient = 3;
	event.status = "5.1.1";
	event.detail = "automatic";
	write_both(&event, &entry, &payload);
	assert_int_equal(event_read(arena, buf_as_span(&entry),
	                            buf_as_span(&payload), &back, &err),
	                 RESULT_OK);
	assert_string_equal(event_fact(&back, "client"), "10.0.0.12");
	assert_string_equal(event_fact(&back, "nothing"), "");
	assert_int_equal(back.recipient_count, 2);
	assert_string_equal(back.recipients[1].address, "bo@example.org");
	assert_string_equal(back.recipients[1].orcpt, "");
	assert_int_equal(back.recipients[0].notify, 6);
	write_both(&back, &entry2, &payload2);
	assert_string_equal(entry.data, entry2.data);
	assert_string_equal(payload.data, payload2.data);
	assert_int_equal(
		event_read(arena, buf_as_span(&entry), SPAN(""), &back, &err),
		RESULT_OK);
	assert_int_equal(back.fact_count, 0);
	assert_int_equal(back.recipient_count, 0);
	buf_done(&entry);
	buf_done(&payload);
	buf_done(&entry2);
	buf_done(&payload2);
	arena_free(&arena);
}

/* Whatever stands in the words of an event, no entry has an @ or breaks. */
static void
test_CHAIN_6a_no_address_in_an_entry(void **state)
{
	static const char *const words[] = {
		"anne@example.com",
		"a\"b",
		"a\nb\r",
		"\xff\xfe",
		"\x01@\x7f",
		"\xc3\xa9t\xc3\xa9",
		"550 5.1.1 <anne@example.com>",
		"a/b:c",
		("0123456789012345678901234567890123456789012345678901234567890"
		 "123456789@0123456789"),
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct event event = sample(arena), back;
		struct buf entry, payload;
		struct error err;

		event.class_name = event.queue_id = words[i];
		event.status = event.detail = words[i];
		memcpy(event.writer, words[i], strnlen(words[i], 20));
		write_both(&event, &entry, &payload);
		assert_null(memchr(entry.data, '@', entry.len));
		assert_null(memchr(entry.data, '\\', entry.len));
		assert_true(entry.len < 1000);
		assert_int_equal(event_read(arena, buf_as_span(&entry),
		                            buf_as_span(&payload), &back, &err),
		                 RESULT_OK);
		buf_done(&entry);
		buf_done(&payload);
	}
	arena_free(&arena);
}

/* Facts may hold anything and come in any order. */
static void
test_facts_are_sorted_and_bounded(void **state)
{
	struct arena *arena = arena_new();
	struct event event = {
		.class_name = "", .queue_id = "", .status = "", .detail = ""
	};
	struct buf payload, entry;
	struct event back;
	struct error err;
	char *large = arena_alloc(arena, 200001);

	(void)state;
	for (size_t i = 0; i < 200000; i += 2)
		memcpy(large + i, "\xc3\xa9", 2);
	event_fact_add(arena, &event, "z", "\xff\"\n");
	event_fact_add(arena, &event, "m", large);
	event_fact_add(arena, &event, "a", "first");
	event_fact_add(arena, &event, "a", "second");
	write_both(&event, &entry, &payload);
	assert_true(payload.len < 66000);
	assert_int_equal(
		strncmp(payload.data, "{\"f\":{\"a\":\"second\",\"m\":", 23),
		0);
	assert_int_equal(event_read(arena, buf_as_span(&entry),
	                            buf_as_span(&payload), &back, &err),
	                 RESULT_OK);
	assert_int_equal(strlen(event_fact(&back, "m")) % 2, 0);
	assert_string_equal(event_fact(&back, "z"), "\xef\xbf\xbd\"\n");
	buf_done(&payload);
	buf_done(&entry);
	arena_free(&arena);
}

static void
test_numbers_and_times_stay_within_limits(void **state)
{
	static const time_ms_t times[] = { INT64_MIN, -1, 0, 253402300799999,
		                           INT64_MAX };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct event event = sample(arena), back;
		struct buf payload, entry;
		struct error err;

		event.time = event.recorded = times[i];
		event.size_bytes = event.retention_ms = INT64_MAX;
		event.sequence = UINT64_MAX / 2;
		write_both(&event, &entry, &payload);
		assert_int_equal(event_read(arena, buf_as_span(&entry),
		                            SPAN(""), &back, &err),
		                 RESULT_OK);
		assert_true(back.time >= 0 && back.time <= times[3]);
		assert_int_equal(back.size_bytes, 9007199254740991);
		assert_int_equal(back.sequence, UINT64_MAX / 2);
		buf_done(&payload);
		buf_done(&entry);
	}
	arena_free(&arena);
}

static void
test_what_we_did_not_write_is_bad(void **state)
{
	static const char *const entries[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"k\":\"submitted\"}",
		"{\"c\":\"x\",\"g\":\"observed\",\"k\":\"eaten\","
		"\"rec\":\"2026-11-21T09:00:02.430Z\",\"seq\":\"1\","
		"\"src\":\"milter\",\"t\":\"2026-11-21T09:00:02.417Z\"}",
		"{\"c\":\"x\",\"g\":\"observed\",\"k\":\"failed\","
		"\"rec\":\"2026-11-21T09:00:02.430Z\",\"seq\":\"1x\","
		"\"src\":\"milter\",\"t\":\"2026-11-21T09:00:02.417Z\"}",
		"{\"c\":\"x\",\"g\":\"observed\",\"k\":\"failed\","
		"\"k\":\"failed\"}",
		"{\"b\":\"x\",\"g\":\"observed\",\"k\":\"failed\","
		"\"rec\":\"2026-11-21T09:00:02.430Z\",\"seq\":\"1\","
		"\"src\":\"milter\",\"t\":\"2026-11-21T09:00:02.417Z\"}",
	};
	struct arena *arena = arena_new();
	struct event event;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		assert_int_equal(event_read(arena, span_of(entries[i]),
		                            SPAN(""), &event, &err),
		                 RESULT_BAD);
	arena_free(&arena);
}

/* Every entry with some bytes changed: refused or read, never a crash. */
static void
test_changed_bytes_never_crash(void **state)
{
	struct arena *arena = arena_new();
	struct event event = sample(arena);
	struct buf entry, payload;

	(void)state;
	write_both(&event, &entry, &payload);
	for (size_t i = 0; i < entry.len; i++)
		for (int bit = 0; bit < 8; bit += 3) {
			struct event back;
			struct event_links links;
			struct error err;

			entry.data[i] = (char)(entry.data[i] ^ (1 << bit));
			if (event_read(arena, buf_as_span(&entry),
			               buf_as_span(&payload), &back,
			               &err) == RESULT_OK)
				assert_true(back.kind < EVENT_KINDS);
			event_read_links(buf_as_span(&entry), &links);
			entry.data[i] = (char)(entry.data[i] ^ (1 << bit));
			arena_reset(arena);
		}
	buf_done(&entry);
	buf_done(&payload);
	arena_free(&arena);
}

static void
test_every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_KINDS; i++) {
		const char *uri = event_kind_uri((enum event_kind)i);

		assert_true(strncmp(uri, "x-", 2) == 0 ||
		            strncmp(uri, "http://uri.etsi.org/19522/Event/",
		                    32) == 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				event_kind_name((enum event_kind)i),
				event_kind_name((enum event_kind)j));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_JCS_2_the_entry_is_canonical),
		cmocka_unit_test(test_what_is_written_reads_back),
		cmocka_unit_test(test_CHAIN_6a_no_address_in_an_entry),
		cmocka_unit_test(test_facts_are_sorted_and_bounded),
		cmocka_unit_test(test_numbers_and_times_stay_within_limits),
		cmocka_unit_test(test_what_we_did_not_write_is_bad),
		cmocka_unit_test(test_changed_bytes_never_crash),
		cmocka_unit_test(test_every_kind_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
