#include <dirent.h>
#include <fnmatch.h>
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

#include "base/log.h"
#include "fed_store.h"
#include "record/feed.h"
#include "record/find.h"
#include "record/forward.h"
#include "record/journal.h"
#include "record/local.h"
#include "record/pool.h"
#include "record/schema.h"

static bool
is_suppressed(const char *address, const char *class_name, const char **since_r)
{
	struct store_question question = { .class_name = class_name,
		                           .addresses = &address,
		                           .count = 1 };
	struct store_answer answer;
	struct error err;

	assert_int_equal(store_ask(arena, store, &question, &answer, &err),
	                 RESULT_OK);
	if (since_r != NULL)
		*since_r = answer.suppressed_since;
	return answer.is_suppressed;
}

/* --- finding ---------------------------------------------------------- */

static struct find_query
query_for(const char *message_id, const char *queue_id, const char *to,
          const char *from)
{
	return (struct find_query){ .message_id = message_id,
		                    .queue_id = queue_id,
		                    .to = to,
		                    .from = from,
		                    .limit = 10 };
}

/* Two messages and a report on the first, in Redis. */
struct fed {
	struct event one;
	struct event two;
};

static void
feed_two(struct fed *fed)
{
	struct journal *journal = open_journal("mx1");
	struct event relayed;

	fed->one = submitted("<a@example.fr>", "Anne@example.com", "service");
	fed->two = submitted("<b@example.fr>", "bo@example.org", "service");
	fed->two.time += 5;
	relayed = later(EVENT_RELAYED, &fed->one);
	relayed.time = fed->one.time + 10;
	event_fact_add(arena, &relayed, "diagnostic", "250 ok");
	append(journal, &fed->one);
	append(journal, &fed->two);
	append(journal, &relayed);
	feed_journal("mx1.test");
	journal_close(&journal);
}

static void
test_what_was_fed_is_there(void **state)
{
	struct event_list events;
	struct event found;
	struct error err;
	struct fed fed;

	(void)state;
	feed_two(&fed);
	assert_int_equal(
		find_events(arena, store, fed.one.message, &events, &err),
		RESULT_OK);
	assert_int_equal(events.count, 2);
	assert_int_equal(events.items[0].kind, EVENT_SUBMITTED);
	assert_int_equal(events.items[0].sequence, 2);
	assert_string_equal(events.items[0].writer, "mx1.test");
	assert_string_equal(events.items[1].writer, "mx1.test");
	assert_string_equal(event_fact(&events.items[1], "diagnostic"),
	                    "250 ok");
	assert_int_equal(
		find_submission(arena, store, fed.two.message, &found, &err),
		RESULT_OK);
	assert_string_equal(found.recipients[0].address, "bo@example.org");
	assert_int_equal(
		find_submission(arena, store, message_id_new(), &found, &err),
		RESULT_NONE);
}

static void
test_the_first_known_message_id_is_found(void **state)
{
	const char *const ids[] = { "<x@example.net>", "<b@example.fr>",
		                    "<a@example.fr>" };
	struct message_id id;
	struct error err;
	struct fed fed;

	(void)state;
	feed_two(&fed);
	assert_int_equal(find_by_message_ids(store, ids, 3, &id, &err),
	                 RESULT_OK);
	assert_true(message_id_same(id, fed.two.message));
	assert_int_equal(find_by_message_ids(store, ids, 1, &id, &err),
	                 RESULT_NONE);
	assert_int_equal(find_by_message_ids(store, ids, 0, &id, &err),
	                 RESULT_NONE);
}

static void
test_messages_are_found_by_what_people_know(void **state)
{
	static const struct {
		const char *message_id, *queue_id, *to, *from;
		size_t found;
	} cases[] = {
		{ "<a@example.fr>", "", "", "", 1 },
		{ "a@example.fr", "", "", "", 1 },
		{ "<A@example.fr>", "", "", "", 0 },
		{ "", "4F8A12", "", "", 2 },
		{ "", "4f8a12", "", "", 0 },
		{ "", "", "anne@example.com", "", 1 },
		{ "", "", "ANNE@Example.COM", "", 1 },
		{ "", "", "nobody@example.com", "", 0 },
		{ "", "", "", "contact@example.fr", 2 },
		{ "", "", "", "bounce@example.fr", 2 },
		{ "", "", "bo@example.org", "contact@example.fr", 1 },
		{ "", "", "bo@example.org", "other@example.fr", 0 },
		{ "<a@example.fr>", "", "bo@example.org", "", 0 },
	};
	struct fed fed;

	(void)state;
	feed_two(&fed);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct find_query query =
			query_for(cases[i].message_id, cases[i].queue_id,
		                  cases[i].to, cases[i].from);
		struct message_id_list list = { NULL, 0, 0 };
		struct error err;
		enum result result =
			find_messages(arena, store, &query, &list, &err);

		assert_int_equal(result,
		                 cases[i].found > 0 ? RESULT_OK : RESULT_NONE);
		assert_int_equal(list.count, cases[i].found);
		if (list.count == 2) /* newest first */
			assert_true(message_id_same(list.items[0],
			                            fed.two.message));
		query.until = fed.one.time - 1;
		assert_int_equal(
			find_messages(arena, store, &query, &list, &err),
			RESULT_NONE);
	}
}

/* --- the law ---------------------------------------------------------- */

static const struct family_row *
family_of(const char *key)
{
	for (int i = 0; i < FAMILIES; i++)
		if (fnmatch(schema_family((enum family)i)->pattern, key, 0) ==
		    0)
			return schema_family((enum family)i);
	return NULL;
}

/* What is counted without an event: a message sent, one that bounced. */
static void
count_once(const char *address)
{
	struct store_question question = { .class_name = "newsletter",
		                           .addresses = &address,
		                           .count = 1,
		                           .cap_count = 4,
		                           .cap_ms = 30 * DAY_MS,
		                           .message = "<a@example.fr>" };
	struct store_answer answer;
	struct error err;
	unsigned count;

	assert_int_equal(store_ask(arena, store, &question, &answer, &err),
	                 RESULT_OK);
	assert_int_equal(store_count_bounce(store, address, message_id_new(),
	                                    30 * DAY_MS, &count, &err),
	                 RESULT_OK);
}

static void
feed_a_bit_of_all(void)
{
	struct journal *journal = open_journal("mx1");
	struct event first =
		submitted("<a@example.fr>", "anne@example.com", "newsletter");
	struct event lost = later(EVENT_UNSUBSCRIBED, &first);

	first.way_out_ms = 100 * DAY_MS;
	append(journal, &first);
	for (int i = 0; i < EVENT_KINDS; i++) {
		struct event event = later((enum event_kind)i, &first);

		event_fact_add(arena, &event, "from", "anne@example.com");
		event_fact_add(arena, &event, "address", "anne@example.com");
		event.class_name = "newsletter";
		event.due = event.time + DAY_MS;
		if (i == EVENT_CONSENT)
			event.detail = "given-receive-click";
		if (i != EVENT_SUBMITTED)
			append(journal, &event);
	}
	lost.message = message_id_new(); /* nobody submitted it */
	append(journal, &lost);
	feed_journal("mx1.test");
	journal_close(&journal);
}

static void
test_GDPR_12_each_key_ends_or_says_why_not(void **state)
{
	bool seen[FAMILIES] = { false };

	(void)state;
	feed_a_bit_of_all();
	count_once("anne@example.com");
	const struct redis_reply *list = ASK(SPAN("KEYS"), SPAN("*"));
	assert_true(list->count > 8);
	for (size_t i = 0; i < list->count; i++) {
		const char *key = list->items[i].text.at;
		const struct family_row *family = family_of(key);

		if (family == NULL)
			fail_msg("%s is of no family", key);
		seen[family - schema_family(0)] = true;
		int64_t ttl = ASK(SPAN("PTTL"), span_of(key))->number;
		if (family->ttl[0] == '\0')
			assert_int_equal(ttl, -1);
		else
			assert_true(ttl > 0 && ttl <= 1827 * DAY_MS);
		if (family == schema_family(FAMILY_MESSAGE))
			assert_true(ttl > 179 * DAY_MS && ttl <= 180 * DAY_MS);
	}
	for (int i = 0; i < FAMILIES; i++)
		if (!seen[i])
			fail_msg("no key of family %s",
			         schema_family((enum family)i)->pattern);
}

static void
test_GDPR_11_no_address_in_clear(void **state)
{
	static const char *const secrets[] = { "anne", "example", "10.0.0.12",
		                               "4F8A12" };

	(void)state;
	feed_a_bit_of_all();
	const struct redis_reply *list = ASK(SPAN("KEYS"), SPAN("*"));
	for (size_t i = 0; i < list->count; i++) {
		const struct redis_reply *dump =
			ASK(SPAN("DUMP"), list->items[i].text);

		for (size_t s = 0; s < 4; s++) {
			size_t at = span_find_text(dump->text, secrets[s], 0);

			assert_int_equal(at, dump->text.len);
			at = span_find_text(list->items[i].text, secrets[s], 0);
			assert_int_equal(at, list->items[i].text.len);
		}
	}
}

static void
test_indexes_are_trimmed_by_age(void **state)
{
	struct store_options options = { server.url, 2000, keys, 100 * DAY_MS,
		                         0 };
	struct journal *journal = open_journal("mx1");
	struct event old = submitted("<a@x>", "anne@example.com", "service");
	struct event new = submitted("<b@x>", "anne@example.com", "service");
	struct find_query query = query_for("", "", "anne@example.com", "");
	struct message_id_list list;
	struct error err;

	(void)state;
	store_close(&store);
	assert_int_equal(store_open(&options, &store, &err), RESULT_OK);
	old.time -= 101 * DAY_MS;
	append(journal, &old);
	feed_journal("mx1.test");
	assert_int_equal(find_messages(arena, store, &query, &list, &err),
	                 RESULT_OK);
	append(journal, &new);
	feed_journal("mx1.test");
	assert_int_equal(find_messages(arena, store, &query, &list, &err),
	                 RESULT_OK);
	assert_int_equal(list.count, 1);
	assert_true(message_id_same(list.items[0], new.message));
	journal_close(&journal);
}

/* --- suppression ------------------------------------------------------ */

static void
test_GDPR_4_who_unsubscribes_is_suppressed(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first =
		submitted("<a@x>", "Anne@Example.com", "newsletter");
	struct event stop = later(EVENT_UNSUBSCRIBED, &first), again;
	const char *since;

	(void)state;
	assert_false(is_suppressed("anne@example.com", "newsletter", NULL));
	stop.time = 1795251602417;
	again = stop;
	again.time -= 1000000; /* the later word stays, however they come */
	append(journal, &first);
	append(journal, &stop);
	append(journal, &again);
	feed_journal("mx1.test");
	assert_true(is_suppressed("anne@example.com", "newsletter", &since));
	assert_string_equal(since, "2026-11-21T09:00:02.417Z");
	assert_false(is_suppressed("anne@example.com", "service", NULL));
	assert_false(is_suppressed("bo@example.org", "newsletter", NULL));
	journal_close(&journal);
}

static void
test_unsubscribed_before_it_was_submitted(void **state)
{
	struct journal *one = open_journal("mx1"), *two = open_journal("mx2");
	struct event first =
		submitted("<a@x>", "anne@example.com", "newsletter");
	struct event stop = later(EVENT_UNSUBSCRIBED, &first);

	(void)state;
	append(two, &stop);
	feed_journal("mx2.test");
	assert_false(is_suppressed("anne@example.com", "newsletter", NULL));
	append(one, &first);
	feed_journal("mx1.test");
	assert_true(is_suppressed("anne@example.com", "newsletter", NULL));
	assert_int_equal(ASK(SPAN("EXISTS"), SPAN("avis:late"))->number, 0);
	journal_close(&one);
	journal_close(&two);
}

/* Recorded while the store was away: whoever has the link spoke for all. */
static void
test_LST_6_a_message_to_several_takes_nobody_off(void **state)
{
	struct event_recipient people[] = {
		{ "anne@example.com", "", 6 },
		{ "bo@example.org", "", 6 },
	};

	(void)state;
	for (int is_before = 0; is_before < 2; is_before++) {
		struct journal *journal = open_journal("mx1");
		struct event first =
			submitted("<a@x>", "anne@example.com", "newsletter");
		struct event stop = later(EVENT_UNSUBSCRIBED, &first);

		first.recipients = people;
		first.recipient_count = 2;
		append(journal, is_before ? &stop : &first);
		feed_journal("mx1.test");
		append(journal, is_before ? &first : &stop);
		feed_journal("mx1.test");
		journal_close(&journal);
		for (size_t i = 0; i < 2; i++)
			assert_false(is_suppressed(people[i].address,
			                           "newsletter", NULL));
	}
}

/* The submission is past its retention; the objection is not. */
static void
test_GDPR_6_suppression_survives_a_rebuilt_store(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first =
		submitted("<a@x>", "anne@example.com", "newsletter");
	struct event stop = later(EVENT_UNSUBSCRIBED, &first);
	struct event_list events;
	struct error err;

	(void)state;
	first.time -= 500 * DAY_MS;
	stop.time -= 499 * DAY_MS;
	append(journal, &first);
	append(journal, &stop);
	journal_close(&journal);
	assert_int_equal(
		forward_all(folder, "mx1.test", store, keys, NULL, &err),
		RESULT_OK);
	assert_true(is_suppressed("anne@example.com", "newsletter", NULL));
	/* It is there for a day only, and no index names it. */
	assert_int_equal(
		find_events(arena, store, first.message, &events, &err),
		RESULT_OK);
	assert_int_equal(ASK(SPAN("KEYS"), SPAN("avis:t:*"))->count, 0);
}

/* --- replies ---------------------------------------------------------- */

static void
test_a_reply_is_joined_by_its_references(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first = submitted("<a@x>", "Anne@example.com", "service");
	struct event reply = later(EVENT_REPLIED, NULL);
	struct event stranger = later(EVENT_REPLIED, NULL);
	struct event_list events;
	struct error err;

	(void)state;
	event_fact_add(arena, &reply, "refs", "<q@x>  <a@x> <z@x>");
	event_fact_add(arena, &reply, "from", "anne@EXAMPLE.com");
	event_fact_add(arena, &stranger, "refs", "<q@x>");
	append(journal, &first);
	append(journal, &reply);
	append(journal, &stranger);
	feed_journal("mx1.test");
	assert_int_equal(
		find_events(arena, store, first.message, &events, &err),
		RESULT_OK);
	assert_int_equal(events.count, 2);
	assert_int_equal(events.items[1].kind, EVENT_REPLIED);
	assert_int_equal(events.items[1].recipient, 1);
	journal_close(&journal);
}

/* The slow way says the same as the store. */
static void
test_the_journals_answer_as_the_store_does(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first =
		submitted("<a@example.fr>", "anne@example.com", "newsletter");
	struct event reply = later(EVENT_REPLIED, NULL);
	struct event stop = later(EVENT_UNSUBSCRIBED, &first);
	struct find_query query = query_for("", "", "anne@example.com", "");
	struct local local = { .arena = arena, .folder = folder };
	struct message_id_list ids;
	struct event_list here, there;
	struct error err;

	(void)state;
	reply.time += 1;
	stop.time += 2;
	event_fact_add(arena, &reply, "refs", "<a@example.fr>");
	event_fact_add(arena, &reply, "from", "anne@example.com");
	append(journal, &first);
	append(journal, &reply);
	journal_close(&journal);
	journal = open_journal("mx2");
	append(journal, &stop);
	journal_close(&journal);
	feed_journal("mx1.test");
	feed_journal("mx2.test");

	assert_int_equal(local_messages(&local, &query, &ids, &err), RESULT_OK);
	assert_int_equal(ids.count, 1);
	assert_true(message_id_same(ids.items[0], first.message));
	assert_int_equal(local_events(&local, first.message, &here, &err),
	                 RESULT_OK);
	assert_int_equal(find_events(arena, store, first.message, &there, &err),
	                 RESULT_OK);
	assert_int_equal(here.count, 3);
	assert_int_equal(there.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(here.items[i].kind, there.items[i].kind);
		assert_int_equal(here.items[i].recipient,
		                 there.items[i].recipient);
		assert_string_equal(here.items[i].writer,
		                    there.items[i].writer);
		assert_string_equal(event_fact(&here.items[i], "from"),
		                    event_fact(&there.items[i], "from"));
	}
	assert_false(local.is_damaged);
	assert_int_equal(local_events(&local, message_id_new(), &here, &err),
	                 RESULT_NONE);
	query.to = "bo@example.org";
	assert_int_equal(local_messages(&local, &query, &ids, &err),
	                 RESULT_NONE);
}

/* --- reading again ---------------------------------------------------- */

static const char *
value_of(const char *key)
{
	const char *type = ASK(SPAN("TYPE"), span_of(key))->text.at;
	const struct redis_reply *value;
	char *text = arena_strdup(arena, "");

	if (strcmp(type, "zset") == 0)
		value = ASK(SPAN("ZRANGE"), span_of(key), SPAN("0"), SPAN("-1"),
		            SPAN("WITHSCORES"));
	else if (strcmp(type, "hash") == 0)
		value = ASK(SPAN("HKEYS"), span_of(key));
	else
		return type;
	for (size_t i = 0; i < value->count; i++)
		text = arena_printf(arena, "%s %s", text,
		                    value->items[i].text.at);
	return text;
}

static void
test_reading_again_changes_nothing(void **state)
{
	struct error err;

	(void)state;
	feed_a_bit_of_all();
	const struct redis_reply *before = ASK(SPAN("KEYS"), SPAN("*"));
	const char *values[64];
	assert_true(before->count < 64);
	for (size_t i = 0; i < before->count; i++)
		values[i] = value_of(before->items[i].text.at);
	for (int round = 0; round < 2; round++) {
		if (round == 1)
			ASK(SPAN("FLUSHALL"));
		assert_int_equal(forward_all(folder, "mx1.test", store, keys,
		                             NULL, &err),
		                 RESULT_OK);
		assert_int_equal(ASK(SPAN("DBSIZE"))->number, before->count);
		for (size_t i = 0; i < before->count; i++)
			assert_string_equal(values[i],
			                    value_of(before->items[i].text.at));
	}
}

static uint64_t
count_of(const char *kind)
{
	const struct redis_reply *list =
		ASK(SPAN("KEYS"), SPAN("avis:{w:mx1.test}:n:*"));
	uint64_t sum = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct redis_reply *field =
			ASK(SPAN("HGET"), list->items[i].text, span_of(kind));

		if (field->type == REDIS_TEXT)
			sum += strtoull(field->text.at, NULL, 10);
	}
	return sum;
}

static void
test_counters_are_absolute(void **state)
{
	struct journal *journal;
	struct error err;

	(void)state;
	/* Over many days, and a clock that goes back. */
	for (int i = 0; i < 12; i++) {
		struct event event = submitted("<a@x>", "a@b", "service");

		clock_set(1795251602417 + (i % 5) * DAY_MS);
		journal = open_journal("mx1");
		append(journal, &event);
		append(journal, &event);
		journal_close(&journal);
		if (i % 4 == 3)
			feed_journal("mx1.test");
	}
	assert_int_equal(count_of("submitted"), 24);
	assert_int_equal(count_of("started"), 12);
	for (int round = 0; round < 3; round++) {
		if (round == 1) /* the cursor alone is lost */
			ASK(SPAN("DEL"), SPAN("avis:{w:mx1.test}:cursor"));
		feed_journal("mx1.test");
		assert_int_equal(count_of("submitted"), 24);
		if (round == 2)
			break;
		assert_int_equal(forward_all(folder, "mx1.test", store, keys,
		                             NULL, &err),
		                 RESULT_OK);
		assert_int_equal(count_of("submitted"), 24);
		assert_int_equal(count_of("started"), 12);
	}
	clock_set(-1);
}

static void
test_another_journal_is_read_from_its_start(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first = submitted("<a@x>", "a@b", "service");
	struct event_list events;
	char path[128];
	struct error err;

	(void)state;
	for (int i = 0; i < 20; i++)
		append(journal, &first);
	feed_journal("mx1.test");
	journal_close(&journal);
	/* The disk was replaced: a shorter one, then one as long. */
	for (int round = 0; round < 2; round++) {
		snprintf(path, sizeof(path), "%s/mx1.test", folder);
		empty_folder(path);
		journal = open_journal("mx1");
		first = submitted("<b@x>", "a@b", "service");
		for (int i = 0; i < 2 + round * 40; i++)
			append(journal, &first);
		feed_journal("mx1.test");
		journal_close(&journal);
		assert_int_equal(
			find_events(arena, store, first.message, &events, &err),
			RESULT_OK);
		assert_int_equal(count_of("submitted"), 2 + round * 40);
	}
}

/* --- a store in trouble ----------------------------------------------- */

static bool
wait_for(struct message_id id, int64_t most_ms)
{
	int64_t end = clock_steady_us() + most_ms * 1000;

	while (clock_steady_us() < end) {
		struct event event;
		struct error err;

		if (find_submission(arena, store, id, &event, &err) ==
		    RESULT_OK)
			return true;
		usleep(5000);
	}
	return false;
}

static void
test_the_forwarder_catches_up_with_an_empty_store(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct forwarder *forwarder =
		forwarder_start(folder, "mx1.test", store, keys);
	struct event first = submitted("<a@x>", "a@b", "service"), last;

	(void)state;
	journal_on_sync(journal, forwarder_wake, forwarder);
	append(journal, &first);
	assert_true(wait_for(first.message, 3000));
	redis_kill(&server);
	for (int i = 0; i < 500; i++) {
		last = submitted("<b@x>", "a@b", "service");
		append(journal, &last);
	}
	assert_false(wait_for(first.message, 30));
	assert_true(redis_start(&server, "--maxmemory", "0"));
	assert_true(wait_for(last.message, 9000));
	assert_true(wait_for(first.message, 10));
	forwarder_stop(&forwarder, 1000);
	journal_close(&journal);
	assert_int_equal(count_of("submitted"), 501);
}

static void
test_stopping_leaves_nothing_behind(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event last;

	(void)state;
	for (int i = 0; i < 300; i++) {
		last = submitted("<b@x>", "a@b", "service");
		append(journal, &last);
	}
	struct forwarder *forwarder =
		forwarder_start(folder, "mx1.test", store, keys);
	forwarder_stop(&forwarder, 5000);
	journal_close(&journal);
	assert_true(wait_for(last.message, 1));
	/* Nothing listens: it does not wait longer than told. */
	redis_kill(&server);
	int64_t start = clock_steady_us();
	forwarder = forwarder_start(folder, "mx1.test", store, keys);
	forwarder_stop(&forwarder, 200);
	assert_true(clock_steady_us() - start < 1500000);
}

static enum result
ask_once(struct store *which, int64_t *took_us, struct error *err)
{
	const char *address = "a@b";
	struct store_question question = { .class_name = "service",
		                           .addresses = &address,
		                           .count = 1 };
	struct store_answer answer;
	int64_t start = clock_steady_us();
	enum result result = store_ask(arena, which, &question, &answer, err);

	*took_us = clock_steady_us() - start;
	return result;
}

static void
test_MLT_21_a_hanging_store_costs_its_budget(void **state)
{
	struct store *quick = connect_store(server.url, 100);
	struct error err;
	int64_t took_us;

	(void)state;
	assert_int_equal(ask_once(quick, &took_us, &err), RESULT_OK);
	kill(server.pid, SIGSTOP);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask_once(quick, &took_us, &err), RESULT_RETRY);
		assert_true(took_us > 80000 && took_us < 300000);
	}
	/* The breaker is open: the others fail at once. */
	for (int i = 0; i < 10; i++) {
		assert_int_equal(ask_once(quick, &took_us, &err), RESULT_RETRY);
		assert_true(took_us < 20000);
	}
	assert_non_null(strstr(err.text, "away"));
	kill(server.pid, SIGCONT);
	usleep(1100000);
	assert_int_equal(ask_once(quick, &took_us, &err), RESULT_OK);
	assert_int_equal(ask_once(quick, &took_us, &err), RESULT_OK);
	store_close(&quick);
}

static void
test_a_restarted_store_is_reached_at_once(void **state)
{
	struct error err;
	int64_t took_us;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask_once(store, &took_us, &err), RESULT_OK);
		redis_kill(&server);
		assert_true(redis_start(&server, "--maxmemory", "0"));
	}
	redis_kill(&server);
	assert_int_equal(ask_once(store, &took_us, &err), RESULT_RETRY);
	assert_true(took_us < 500000);
}

static void
expect_retry(const char *says)
{
	struct feed *feed = feed_new(folder, "mx1.test", store, keys, false);
	struct error err = { "" };
	uint64_t count;

	assert_int_equal(feed_some(feed, &count, &err), RESULT_RETRY);
	if (strstr(err.text, says) == NULL)
		fail_msg("%s", err.text);
	feed_free(&feed);
}

static void
test_what_passes_is_tried_again(void **state)
{
	struct journal *journal = open_journal("mx1");
	struct event first = submitted("<a@x>", "a@b", "service");

	(void)state;
	append(journal, &first);
	redis_kill(&server);
	expect_retry("No such file");
	assert_true(redis_start(&server, "--maxmemory", "1"));
	expect_retry("out of memory");
	redis_kill(&server);
	assert_true(redis_start(&server, "--replicaof", "127.0.0.1 1"));
	expect_retry("read-only replica");
	redis_kill(&server);
	assert_true(redis_start(&server, "--requirepass", "secret"));
	expect_retry("password");
	redis_kill(&server);
	assert_true(redis_start(&server, "--cluster-enabled", "yes"));
	expect_retry("cluster");
	redis_kill(&server);
	char path[128];
	snprintf(path, sizeof(path), "%s/nodes.conf", server.folder);
	unlink(path);
	assert_true(redis_start(&server, "--maxmemory", "0"));
	feed_journal("mx1.test");
	assert_true(wait_for(first.message, 10));
	journal_close(&journal);
}

static void
test_another_schema_is_refused(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(store_check(store, &err), RESULT_OK);
	ASK(SPAN("SET"), SPAN("avis:schema"), SPAN("3"));
	store_close(&store);
	store = connect_store(server.url, 2000);
	assert_int_equal(store_check(store, &err), RESULT_BAD);
	assert_non_null(strstr(err.text, "avis:schema is \"3\""));
}

static void
test_settings_of_the_server(void **state)
{
	const char *value;
	struct error err;

	(void)state;
	assert_int_equal(store_setting(arena, store, "server", "redis_version",
	                               &value, &err),
	                 RESULT_OK);
	assert_true(value[0] >= '6' && value[0] <= '9');
	assert_int_equal(store_setting(arena, store, "config",
	                               "maxmemory-policy", &value, &err),
	                 RESULT_OK);
	assert_string_equal(value, "noeviction");
	assert_int_equal(
		store_setting(arena, store, "server", "nothing", &value, &err),
		RESULT_OK);
	assert_string_equal(value, "");
}

/* --- what Redis holds ------------------------------------------------- */

static void
test_a_packed_event_comes_back_or_is_refused(void **state)
{
	struct event first = submitted("<a@x>", "anne@example.com", "service");
	struct event back;
	struct buf value;
	struct error err;

	(void)state;
	first.has_raw_digest = true;
	first.recipient = 70000;
	first.sequence = 1ull << 40;
	event_fact_add(arena, &first, "raw", "the whole body");
	buf_init(&value, 100000);
	schema_pack(keys, &first, &value);
	assert_int_equal(schema_unpack(arena, keys, first.message,
	                               buf_as_span(&value), &back, &err),
	                 RESULT_OK);
	assert_true(message_id_same(back.message, first.message));
	assert_int_equal(back.recorded, first.time); /* not yet recorded */
	assert_int_equal(back.sequence, first.sequence);
	assert_int_equal(back.recipient, 70000);
	assert_int_equal(back.size_bytes, 4711);
	assert_int_equal(back.retention_ms, first.retention_ms);
	assert_string_equal(event_fact(&back, "client"), "10.0.0.12");
	assert_string_equal(event_fact(&back, "raw"), "");
	for (size_t i = 0; i < value.len; i++) {
		value.data[i] ^= 4;
		assert_int_equal(schema_unpack(arena, keys, first.message,
		                               buf_as_span(&value), &back,
		                               &err),
		                 RESULT_BAD);
		value.data[i] ^= 4;
		assert_int_equal(schema_unpack(arena, keys, first.message,
		                               span_make(value.data, i), &back,
		                               &err),
		                 RESULT_BAD);
		arena_reset(arena);
	}
	buf_done(&value);
}

/* The key is right, the bytes are not ours: read or refused, no crash. */
static void
test_sealed_garbage_is_refused(void **state)
{
	uint8_t plain[200], value[1 + sizeof(plain) + SEAL_EXTRA_BYTES];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct event back;
		struct error err;

		for (size_t i = 0; i < sizeof(plain); i++)
			plain[i] = (uint8_t)((seed = seed * 1103515245u +
			                             12345u) >>
			                     16);
		plain[0] = 1;
		plain[1] %= EVENT_KINDS;
		plain[2] %= 3;
		plain[3] %= 6;
		value[0] = 1;
		digest_seal(keyring_key(keys, KEY_STORE, 1), plain,
		            sizeof(plain), value + 1);
		assert_int_equal(
			schema_unpack(arena, keys, message_id_new(),
		                      span_make((char *)value, sizeof(value)),
		                      &back, &err),
			RESULT_BAD);
		arena_reset(arena);
	}
}

static void
test_CHAIN_7_old_store_keys_still_open(void **state)
{
	struct event first = submitted("<a@x>", "a@b", "service"), back;
	struct keyring *newer;
	struct buf value;
	char path[96];
	struct error err;
	unsigned version;

	(void)state;
	buf_init(&value, 100000);
	schema_pack(keys, &first, &value);
	snprintf(path, sizeof(path), "%s/keys", folder);
	assert_int_equal(keyring_rotate(path, KEY_STORE, &version, &err),
	                 RESULT_OK);
	assert_int_equal(keyring_read(path, &newer, &err), RESULT_OK);
	assert_int_equal(schema_unpack(arena, newer, first.message,
	                               buf_as_span(&value), &back, &err),
	                 RESULT_OK);
	buf_reset(&value);
	schema_pack(newer, &first, &value);
	assert_int_equal(value.data[0], 2);
	assert_int_equal(schema_unpack(arena, keys, first.message,
	                               buf_as_span(&value), &back, &err),
	                 RESULT_BAD);
	keyring_free(&newer);
	buf_done(&value);
}

static void
test_there_is_no_redis_server(void **state)
{
	(void)state;
	print_message("there is no /usr/bin/redis-server to start\n");
	skip();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	if (access("/usr/bin/redis-server", X_OK) != 0) {
		const struct CMUnitTest none[] = {
			cmocka_unit_test(test_there_is_no_redis_server),
		};

		return cmocka_run_group_tests(none, NULL, NULL);
	}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_fed_is_there),
		TEST(test_the_first_known_message_id_is_found),
		TEST(test_messages_are_found_by_what_people_know),
		TEST(test_GDPR_12_each_key_ends_or_says_why_not),
		TEST(test_GDPR_11_no_address_in_clear),
		TEST(test_indexes_are_trimmed_by_age),
		TEST(test_GDPR_4_who_unsubscribes_is_suppressed),
		TEST(test_unsubscribed_before_it_was_submitted),
		TEST(test_LST_6_a_message_to_several_takes_nobody_off),
		TEST(test_GDPR_6_suppression_survives_a_rebuilt_store),
		TEST(test_a_reply_is_joined_by_its_references),
		TEST(test_the_journals_answer_as_the_store_does),
		TEST(test_reading_again_changes_nothing),
		TEST(test_counters_are_absolute),
		TEST(test_another_journal_is_read_from_its_start),
		TEST(test_the_forwarder_catches_up_with_an_empty_store),
		TEST(test_stopping_leaves_nothing_behind),
		TEST(test_MLT_21_a_hanging_store_costs_its_budget),
		TEST(test_a_restarted_store_is_reached_at_once),
		TEST(test_what_passes_is_tried_again),
		TEST(test_another_schema_is_refused),
		TEST(test_settings_of_the_server),
		TEST(test_a_packed_event_comes_back_or_is_refused),
		TEST(test_sealed_garbage_is_refused),
		TEST(test_CHAIN_7_old_store_keys_still_open),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	redis_remove(&server);
	return failed;
}
