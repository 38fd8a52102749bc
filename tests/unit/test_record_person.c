#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/log.h"
#include "fed_store.h"
#include "record/apply.h"
#include "record/cap.h"
#include "record/forward.h"
#include "record/held.h"
#include "record/person.h"
#include "record/register.h"
#include "record/slots.h"

#define ANNE "anne@example.com"
#define NEWS "newsletter"

static struct event
said(enum event_kind kind, const char *class_name, const char *detail,
     time_ms_t when)
{
	struct event event;

	person_event(arena, keys, kind, ANNE, class_name, detail, &event);
	event.source = SOURCE_PAGE;
	if (when > 0)
		event.time = when;
	return event;
}

/* What was said, in one journal, fed. */
static void
feed_events(const char *host, const struct event *events, size_t count)
{
	struct journal *journal = open_journal(host);
	char writer[80];

	for (size_t i = 0; i < count; i++)
		append(journal, &events[i]);
	journal_close(&journal);
	snprintf(writer, sizeof(writer), "%s.test", host);
	feed_journal(writer);
}

static void
feed_said(enum event_kind kind, const char *class_name, const char *detail,
          time_ms_t when)
{
	struct event event = said(kind, class_name, detail, when);

	feed_events("mx1", &event, 1);
}

static struct person
anne(void)
{
	char name[PERSON_SIZE];
	struct person person;
	struct error err;

	person_name(keys, ANNE, name);
	assert_int_equal(person_find(arena, store, name, &person, &err),
	                 RESULT_OK);
	return person;
}

static struct store_answer
ask_about(const char *class_name, bool is_marketing)
{
	const char *address = ANNE;
	struct store_question question = { .class_name = class_name,
		                           .addresses = &address,
		                           .count = 1,
		                           .is_marketing = is_marketing,
		                           .wants_consent = true };
	struct store_answer answer;
	struct error err;

	assert_int_equal(store_ask(arena, store, &question, &answer, &err),
	                 RESULT_OK);
	return answer;
}

/* --- names ------------------------------------------------------------ */

static void
test_GDPR_7_one_name_for_each_way_to_write_an_address(void **state)
{
	static const char *const same[] = { ANNE, "Anne@Example.COM",
		                            " anne@example.com. " };
	static const char *const others[] = { "an.ne@example.com",
		                              "anne+tag@example.com",
		                              "bo@example.com" };
	char name[PERSON_SIZE], other[PERSON_SIZE];

	(void)state;
	person_name(keys, ANNE, name);
	assert_true(register_is_person(name));
	for (size_t i = 0; i < 3; i++) {
		person_name(keys, same[i], other);
		assert_string_equal(other, name);
		person_name(keys, others[i], other);
		assert_string_not_equal(other, name);
	}
}

static void
test_GDPR_7_domains_in_the_letters_of_people(void **state)
{
	static const char *const same[] = { "anne@xn--exmple-cua.test",
		                            "anne@ex\xc3\xa4mple.test",
		                            "Anne@EX\xc3\x84MPLE.test",
		                            /* a, and two dots above */
		                            "anne@exa\xcc\x88mple.test",
		                            "anne@ex\xc3\xa4mple.test." };
	/* Letters before the @ are nobody's but the mailbox's own. */
	static const char *const others[] = { "\xc3\xa4nne@xn--exmple-cua.test",
		                              "anne@ex\xc3mple.test" };
	char name[PERSON_SIZE], other[PERSON_SIZE];

	(void)state;
	person_name(keys, same[0], name);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		person_name(keys, same[i], other);
		assert_string_equal(other, name);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		person_name(keys, others[i], other);
		assert_string_not_equal(other, name);
	}
}

static void
test_a_member_leads_back_to_its_person(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		char name[PERSON_SIZE], back[PERSON_SIZE];
		char key[SCHEMA_KEY_SIZE], same[SCHEMA_KEY_SIZE];
		char bytes[REGISTER_MEMBER_SIZE];
		struct span member, subject;
		unsigned bucket;

		person_name(keys, arena_printf(arena, "p%d@example.com", i),
		            name);
		bucket = (unsigned)strtoul(arena_strndup(arena, name, 5), NULL,
		                           16) >>
		         2;
		member = register_member(name, NEWS, bytes);
		assert_true(
			register_read_member(bucket, member, back, &subject));
		assert_string_equal(back, name);
		assert_true(span_equal(subject, SPAN(NEWS)));
		register_key(name, key);
		register_bucket_key(bucket, same);
		assert_string_equal(key, same);
		assert_false(register_read_member(bucket ^ 1, member, back,
		                                  &subject));
	}
}

/* --- choices ---------------------------------------------------------- */

static void
test_GDPR_4_refusals_of_one_class_and_of_all(void **state)
{
	time_ms_t t = 1795251602417;
	static const struct {
		enum event_kind kind;
		const char *class_name, *detail;
		bool news, offers, service; /* stopped afterwards */
	} steps[] = {
		{ EVENT_UNSUBSCRIBED, NEWS, "mailto", true, false, false },
		{ EVENT_PREFERENCE, NEWS, "on", false, false, false },
		{ EVENT_PREFERENCE, "", "off", true, true, false },
		/* Yes to one, said later than no to all. */
		{ EVENT_PREFERENCE, NEWS, "on", false, true, false },
		{ EVENT_SUPPRESSED, "", "bounces", true, true, false },
		{ EVENT_SUPPRESSED, "offers", "asked", true, true, false },
		/* Yes to all takes back no to all, and no more. */
		{ EVENT_READMITTED, "", "asked", false, true, false },
		{ EVENT_READMITTED, "offers", "asked", false, false, false },
		{ EVENT_SUPPRESSED, "service", "asked", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct person person;

		feed_said(steps[i].kind, steps[i].class_name, steps[i].detail,
		          t + (time_ms_t)i * 1000);
		person = anne();
		assert_int_equal(ask_about(NEWS, true).is_suppressed,
		                 steps[i].news);
		assert_int_equal(ask_about("offers", true).is_suppressed,
		                 steps[i].offers);
		assert_int_equal(ask_about("service", false).is_suppressed,
		                 steps[i].service);
		assert_int_equal(person_refuses(&person, NEWS, true)[0] != '\0',
		                 steps[i].news);
		assert_int_equal(person_refuses(&person, "offers", true)[0] !=
		                         '\0',
		                 steps[i].offers);
		assert_int_equal(person_refuses(&person, "service", false)[0] !=
		                         '\0',
		                 steps[i].service);
	}
	assert_string_equal(ask_about("service", false).suppressed_since,
	                    "2026-11-21T09:00:10.417Z");
}

static void
test_each_choice_is_told_back(void **state)
{
	struct store_answer answer;
	struct person person;

	(void)state;
	person = anne();
	assert_string_equal(person.channel, "email");
	assert_string_equal(person.language, "");
	assert_string_equal(ask_about(NEWS, true).channel, "email");
	for (int i = 0; i < CHOICES; i++)
		if (i != CHOICE_FEWER && i != CHOICE_FEWER_NOT)
			feed_said(EVENT_PREFERENCE, "",
			          choice_word((enum choice)i), clock_now() + i);
	feed_said(EVENT_PREFERENCE, "", person_cap_detail(arena, 2, 30), 0);
	feed_said(EVENT_RESTRICTED, "", "on", 1795251602417);
	person = anne();
	answer = ask_about(NEWS, true);
	assert_false(person.refuses_receipts);
	assert_false(person.refuses_measure);
	assert_string_equal(person.channel, "telephone");
	assert_string_equal(answer.channel, "telephone");
	assert_string_equal(person.language, "en");
	assert_string_equal(answer.language, "en");
	assert_int_equal(person.cap_count, 2);
	assert_int_equal(person.cap_days, 30);
	assert_string_equal(person.restricted_since,
	                    "2026-11-21T09:00:02.417Z");
	assert_true(answer.is_restricted);
	feed_said(EVENT_PREFERENCE, "", "receipts-off", clock_now() + 100);
	feed_said(EVENT_PREFERENCE, "", "measure-off", clock_now() + 100);
	feed_said(EVENT_PREFERENCE, "", "fewer-not", clock_now() + 100);
	feed_said(EVENT_RESTRICTED, "", "off", 0);
	person = anne();
	answer = ask_about(NEWS, true);
	assert_true(person.refuses_receipts && answer.refuses_receipts);
	assert_true(person.refuses_measure && answer.refuses_measure);
	assert_int_equal(person.cap_count, 0);
	assert_string_equal(person.restricted_since, "");
	assert_false(answer.is_restricted);
}

/* A clock that is ahead must not silence what is said later. */
static void
test_nothing_is_said_after_it_was_recorded(void **state)
{
	(void)state;
	feed_said(EVENT_PREFERENCE, NEWS, "on", clock_now() + 100 * DAY_MS);
	feed_said(EVENT_PREFERENCE, NEWS, "off", 0);
	assert_true(ask_about(NEWS, true).is_suppressed);
}

static void
test_words_of_no_list_change_nothing(void **state)
{
	static const char *const details[] = { "",          "fewer",
		                               "fewer-0-9", "fewer-10-9",
		                               "fewer-2-",  "fewer-2-30-1",
		                               "OFF",       "given-receive" };

	(void)state;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
		feed_said(EVENT_PREFERENCE, NEWS, details[i], 0);
	feed_said(EVENT_CONSENT, NEWS, "perhaps", 0);
	assert_int_equal(ASK(SPAN("KEYS"), SPAN("avis:sup:*"))->count, 0);
	assert_int_equal(ASK(SPAN("KEYS"), SPAN("avis:con:*"))->count, 0);
}

/* --- consents --------------------------------------------------------- */

static void
test_GDPR_3_three_flags_each_with_its_own_time(void **state)
{
	time_ms_t t = clock_now() - DAY_MS;
	struct event given =
		said(EVENT_CONSENT, NEWS, "given-receive-open-click", t);
	struct store_answer answer = ask_about(NEWS, true);

	(void)state;
	assert_false(answer.has_consent);
	event_fact_add(arena, &given, "text", "optin-fr-2026-03");
	/* CHAIN-6: it goes with its payload, so the entry names nobody. */
	assert_string_equal(given.person, "");
	feed_events("mx1", &given, 1);
	answer = ask_about(NEWS, true);
	assert_true(answer.has_consent && answer.may_receive);
	assert_true(answer.may_measure_opens && answer.may_measure_clicks);
	assert_false(answer.is_soft_opt_in);
	assert_false(ask_about("offers", true).has_consent);
	/* GDPR-5: the measuring is taken back, the subscription stays. */
	feed_said(EVENT_CONSENT, NEWS, "withdrawn-open-click", t + 10);
	/* An older consent, read later, brings nothing back. */
	feed_said(EVENT_CONSENT, NEWS, "given-receive-open", t + 5);
	answer = ask_about(NEWS, true);
	assert_true(answer.may_receive);
	assert_false(answer.may_measure_opens || answer.may_measure_clicks);
	struct person person = anne();
	assert_int_equal(person.class_count, 1);
	assert_string_equal(person.classes[0].class_name, NEWS);
	assert_true(person.classes[0].may_receive);
	assert_false(person.classes[0].may_measure_opens);
	assert_string_equal(person.classes[0].consent_text, "optin-fr-2026-03");
	feed_said(EVENT_CONSENT, NEWS, "withdrawn-receive", t + 20);
	assert_false(ask_about(NEWS, true).may_receive);
	assert_true(ask_about(NEWS, true).has_consent);
	feed_said(EVENT_CONSENT, NEWS, "soft-receive", t + 30);
	assert_true(ask_about(NEWS, true).is_soft_opt_in);
	assert_true(ask_about(NEWS, true).may_receive);
}

/* A consent is no answer to a refusal: only who refused takes it back. */
static void
test_GDPR_4_a_consent_lifts_no_refusal(void **state)
{
	(void)state;
	feed_said(EVENT_UNSUBSCRIBED, NEWS, "page", clock_now() - 1000);
	feed_said(EVENT_CONSENT, NEWS, "given-receive", 0);
	assert_true(ask_about(NEWS, true).is_suppressed);
}

static void
test_GDPR_12_a_consent_ends_some_years_after_the_last_word(void **state)
{
	char key[SCHEMA_KEY_SIZE], name[PERSON_SIZE];
	time_ms_t t = clock_now();
	int64_t ttl;

	(void)state;
	person_name(keys, ANNE, name);
	register_own_key(FAMILY_CONSENT, name, "", key);
	feed_said(EVENT_CONSENT, NEWS, "given-receive", t - 1900 * DAY_MS);
	assert_int_equal(ASK(SPAN("EXISTS"), span_of(key))->number, 0);
	feed_said(EVENT_CONSENT, NEWS, "given-receive", t - 100 * DAY_MS);
	feed_said(EVENT_CONSENT, NEWS, "given-receive", t - 200 * DAY_MS);
	ttl = ASK(SPAN("PTTL"), span_of(key))->number / DAY_MS;
	assert_in_range(ttl, 1720, 1727);
}

/* --- order ------------------------------------------------------------ */

static const struct {
	enum event_kind kind;
	const char *class_name, *detail;
} kinds_said[] = {
	{ EVENT_PREFERENCE, NEWS, "off" },
	{ EVENT_PREFERENCE, NEWS, "on" },
	{ EVENT_UNSUBSCRIBED, NEWS, "mailto" },
	{ EVENT_SUPPRESSED, "", "bounces" },
	{ EVENT_READMITTED, "", "asked" },
	{ EVENT_PREFERENCE, "", "receipts-off" },
	{ EVENT_PREFERENCE, "", "receipts-on" },
	{ EVENT_PREFERENCE, "", "channel-post" },
	{ EVENT_PREFERENCE, "", "fewer-2-30" },
	{ EVENT_PREFERENCE, "", "fewer-not" },
	{ EVENT_RESTRICTED, "", "on" },
	{ EVENT_RESTRICTED, "", "off" },
	{ EVENT_CONSENT, NEWS, "given-receive-open" },
	{ EVENT_CONSENT, NEWS, "soft-receive" },
	{ EVENT_CONSENT, NEWS, "withdrawn-open" },
	{ EVENT_CONSENT, NEWS, "withdrawn-receive-open-click" },
};
#define KINDS_SAID (sizeof(kinds_said) / sizeof(kinds_said[0]))

/* All that is known of Anne, as text. */
static const char *
all_of_anne(void)
{
	char name[PERSON_SIZE], key[2][SCHEMA_KEY_SIZE];
	const char *text = "";

	person_name(keys, ANNE, name);
	register_key(name, key[0]);
	register_own_key(FAMILY_CONSENT, name, "", key[1]);
	for (size_t k = 0; k < 2; k++) {
		const struct redis_reply *all =
			ASK(SPAN("ZRANGE"), span_of(key[k]), SPAN("0"),
		            SPAN("-1"), SPAN("WITHSCORES"));

		for (size_t i = 0; i < all->count; i++) {
			struct span item = all->items[i].text;
			char *hex = arena_alloc(arena, 2 * item.len + 1);

			encode_hex(item.at, item.len, hex);
			text = arena_printf(arena, "%s %s", text, hex);
		}
	}
	return text;
}

static void
apply_in_order(const struct event *events, const unsigned *order, size_t count)
{
	struct redis *redis;
	struct batch batch;
	struct apply apply;
	struct error err;

	batch_init(&batch);
	apply_init(&apply, keys, 100 * DAY_MS, &batch);
	apply.consent_keep_ms = 1000 * DAY_MS;
	apply.now = clock_now();
	for (size_t i = 0; i < count; i++)
		apply_event(&apply, &events[order[i]]);
	assert_int_equal(store_connect(store, 2000, &redis, &err), RESULT_OK);
	assert_int_equal(redis_run(redis, &batch, NULL,
	                           clock_steady_us() + 5000000, NULL, &err),
	                 RESULT_OK);
	redis_close(&redis);
	apply_done(&apply);
	batch_done(&batch);
}

/*
 * The same forty words, some at the same millisecond, in fifty orders, some
 * of them twice: one outcome.
 */
static void
test_GDPR_4_the_later_word_holds_in_whatever_order(void **state)
{
	enum {
		WORDS = 40,
		ROUNDS = 50
	};
	struct event events[WORDS];
	unsigned order[2 * WORDS];
	unsigned seed = 20261121;
	const char *first = NULL;

	(void)state;
	for (unsigned i = 0; i < WORDS; i++) {
		size_t kind = (size_t)rand_r(&seed) % KINDS_SAID;

		events[i] =
			said(kinds_said[kind].kind, kinds_said[kind].class_name,
		             kinds_said[kind].detail,
		             clock_now() - 5000 + rand_r(&seed) % 25);
		order[i] = i;
	}
	for (int round = 0; round < ROUNDS; round++) {
		size_t count = WORDS;

		for (unsigned i = WORDS - 1; i > 0; i--) {
			unsigned j = (unsigned)rand_r(&seed) % (i + 1);
			unsigned held = order[i];

			order[i] = order[j];
			order[j] = held;
		}
		for (; count < 2 * WORDS && round % 2 == 1; count++)
			order[count] = (unsigned)rand_r(&seed) % WORDS;
		ASK(SPAN("FLUSHALL"));
		apply_in_order(events, order, count);
		if (first == NULL)
			first = all_of_anne();
		assert_string_equal(all_of_anne(), first);
	}
	assert_true(strlen(first) > 100);
}

/* --- replays ---------------------------------------------------------- */

static void
replay(const char *writer)
{
	struct error err;

	assert_int_equal(forward_all(folder, writer, store, keys, NULL, &err),
	                 RESULT_OK);
}

static void
test_LST_11_a_replay_changes_nobodys_mind(void **state)
{
	struct event first = submitted("<a@x>", ANNE, NEWS);
	struct event stop = later(EVENT_UNSUBSCRIBED, &first);
	struct event events[] = { first, stop };
	time_ms_t t = clock_now();

	(void)state;
	events[0].time = t - 5000;
	events[1].time = t - 4000;
	feed_events("mx1", events, 2);
	assert_true(ask_about(NEWS, true).is_suppressed);
	/* Back again, said on another host. */
	struct event back = said(EVENT_PREFERENCE, NEWS, "on", t - 3000);
	feed_events("web1", &back, 1);
	assert_false(ask_about(NEWS, true).is_suppressed);
	replay("mx1.test");
	assert_false(ask_about(NEWS, true).is_suppressed);
	/* And gone again: no old yes brings anybody back. */
	struct event gone = said(EVENT_PREFERENCE, NEWS, "off", t - 2000);
	feed_events("mx2", &gone, 1);
	replay("web1.test");
	assert_true(ask_about(NEWS, true).is_suppressed);
	ASK(SPAN("FLUSHALL"));
	replay("web1.test");
	replay("mx2.test");
	replay("mx1.test");
	assert_true(ask_about(NEWS, true).is_suppressed);
}

/* payloads erased, Redis lost, messages forgotten; the no is not. */
static void
test_X_15_suppression_outlives_the_payload_and_the_store(void **state)
{
	struct event first = submitted("<a@x>", ANNE, NEWS);
	struct event stop = later(EVENT_UNSUBSCRIBED, &first);
	struct event off = said(EVENT_SUPPRESSED, "offers", "asked", 0);
	struct slots_report report = { 0 };
	const uint64_t all[] = { 1, 2, 3, 4, 5 };
	struct error err;
	char path[128];

	(void)state;
	person_name(keys, ANNE, stop.person);
	stop.class_name = NEWS;
	struct event events[] = { first, stop, off };
	feed_events("mx1", events, 3);
	snprintf(path, sizeof(path), "%s/mx1.test", folder);
	assert_int_equal(slots_erase(path, all, 4, &report, &err), RESULT_OK);
	assert_int_equal(report.erased, 4);
	ASK(SPAN("FLUSHALL"));
	assert_false(ask_about(NEWS, true).is_suppressed);
	replay("mx1.test");
	assert_true(ask_about(NEWS, true).is_suppressed);
	assert_true(ask_about("offers", true).is_suppressed);
	assert_false(ask_about("service", true).is_suppressed);
}

static void
test_GDPR_6_emptying_keeps_refusals(void **state)
{
	struct error err;

	(void)state;
	feed_said(EVENT_SUPPRESSED, NEWS, "asked", 0);
	feed_said(EVENT_CONSENT, "offers", "given-receive", 0);
	assert_int_equal(store_empty(store, &err), RESULT_OK);
	assert_true(ask_about(NEWS, true).is_suppressed);
	assert_false(ask_about("offers", true).has_consent);
	replay("mx1.test");
	assert_true(ask_about("offers", true).may_receive);
}

/* Two hosts feed at once; the store goes away in between. */
static void *
feed_until_done(void *writer)
{
	struct feed *feed = feed_new(folder, writer, store, keys, false);
	struct error err;
	enum result result;
	uint64_t count;

	do {
		result = feed_some(feed, &count, &err);
		if (result == RESULT_RETRY)
			usleep(2000);
	} while (result == RESULT_OK || result == RESULT_RETRY);
	feed_free(&feed);
	return result == RESULT_NONE ? NULL : writer;
}

static void
test_two_feeders_and_a_store_that_goes_away(void **state)
{
	enum {
		PEOPLE = 1500
	};
	char one[] = "mx1.test", two[] = "mx2.test";
	struct journal *journals[2] = { open_journal("mx1"),
		                        open_journal("mx2") };
	pthread_t threads[2];
	time_ms_t t = clock_now() - 1000;
	void *bad[2];

	(void)state;
	for (unsigned i = 0; i < 2 * PEOPLE; i++) {
		bool is_off = i % PEOPLE % 3 == 0 || i < PEOPLE;
		struct journal_ticket ticket;
		struct event event;

		/* Said no at t, and a third of them once more at t + 10. */
		person_event(arena, keys, EVENT_PREFERENCE,
		             arena_printf(arena, "p%u@example.com", i % PEOPLE),
		             NEWS, is_off ? "off" : "on", &event);
		event.time = i < PEOPLE ? t : t + 10;
		journal_queue(journals[(i + i / PEOPLE) % 2], &event, &ticket);
	}
	for (int i = 0; i < 2; i++)
		journal_close(&journals[i]);
	pthread_create(&threads[0], NULL, feed_until_done, one);
	pthread_create(&threads[1], NULL, feed_until_done, two);
	redis_kill(&server);
	assert_true(redis_start(&server, "--maxmemory", "0"));
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &bad[i]);
		assert_null(bad[i]);
	}
	for (unsigned i = 0; i < PEOPLE; i++) {
		const char *address = arena_printf(arena, "p%u@example.com", i);
		struct store_question question = { .class_name = NEWS,
			                           .addresses = &address,
			                           .count = 1 };
		struct store_answer answer;
		struct error err;

		assert_int_equal(
			store_ask(arena, store, &question, &answer, &err),
			RESULT_OK);
		assert_int_equal(answer.is_suppressed, i % 3 == 0);
	}
}

/* --- whose is a token ------------------------------------------------- */

static void
test_LST_12_a_token_answers_when_its_message_is_forgotten(void **state)
{
	struct event first = submitted("<a@x>", "Anne@Example.com", NEWS);
	struct event shared = submitted("<b@x>", ANNE, NEWS);
	char name[PERSON_SIZE], key[SCHEMA_KEY_SIZE];
	struct person_of_token found;
	struct error err;

	(void)state;
	first.way_out_ms = shared.way_out_ms = 1096 * DAY_MS;
	shared.recipients = arena_array(arena, 2, sizeof(*shared.recipients));
	shared.recipients[0] = (struct event_recipient){ ANNE, "", 0 };
	shared.recipients[1] =
		(struct event_recipient){ "bo@example.org", "", 0 };
	shared.recipient_count = 2;
	struct event events[] = { first, shared };
	feed_events("mx1", events, 2);
	person_name(keys, ANNE, name);
	assert_int_equal(
		person_by_message(arena, store, first.message, &found, &err),
		RESULT_OK);
	assert_string_equal(found.person, name);
	assert_string_equal(found.address, "Anne@Example.com");
	schema_message_key(FAMILY_MESSAGE, first.message, key);
	ASK(SPAN("DEL"), span_of(key));
	schema_message_key(FAMILY_MESSAGE, shared.message, key);
	ASK(SPAN("DEL"), span_of(key));
	assert_int_equal(
		person_by_message(arena, store, first.message, &found, &err),
		RESULT_OK);
	assert_string_equal(found.person, name);
	assert_string_equal(found.class_name, NEWS);
	assert_string_equal(found.address, "");
	assert_false(found.is_shared);
	assert_int_equal(
		person_by_message(arena, store, shared.message, &found, &err),
		RESULT_OK);
	assert_true(found.is_shared);
	assert_string_equal(found.person, "");
	assert_string_equal(found.class_name, NEWS);
	assert_int_equal(
		person_by_message(arena, store, message_id_new(), &found, &err),
		RESULT_NONE);
}

/* A message of two years ago is read from an old journal. */
static void
test_LST_12_a_way_out_is_rebuilt_and_ends(void **state)
{
	struct event old = submitted("<a@x>", ANNE, NEWS);
	struct event over = submitted("<b@x>", ANNE, NEWS);
	struct event events[2];
	const struct redis_reply *list;

	(void)state;
	old.way_out_ms = over.way_out_ms = 1096 * DAY_MS;
	old.time -= 730 * DAY_MS;
	over.time -= 1100 * DAY_MS;
	events[0] = old;
	events[1] = over;
	feed_events("mx1", events, 2);
	list = ASK(SPAN("KEYS"), SPAN("avis:out:*"));
	assert_int_equal(list->count, 1);
	assert_in_range(ASK(SPAN("PTTL"), list->items[0].text)->number / DAY_MS,
	                365, 366 + 31);
}

/* --- on hold ---------------------------------------------------------- */

static void
test_what_is_on_hold_is_listed_until_let_go(void **state)
{
	struct event first = submitted("<a@x>", ANNE, NEWS);
	struct event second = submitted("<b@x>", ANNE, NEWS);
	struct event held = later(EVENT_HELD, &first);
	struct event gone = later(EVENT_RELEASED, &first);
	struct event other = later(EVENT_HELD, &second);
	struct event taken_back = later(EVENT_REFUSED, &second);
	time_ms_t now = clock_now();
	struct held_list list;
	struct error err;

	(void)state;
	held.due = now + 1000;
	other.due = now + 500;
	held.queue_id = "4F8A12";
	held.class_name = NEWS;
	struct event events[] = { held, other };
	assert_int_equal(held_find(arena, store, 0, 10, &list, &err),
	                 RESULT_NONE);
	feed_events("mx1", events, 2);
	assert_int_equal(held_find(arena, store, 0, 10, &list, &err),
	                 RESULT_OK);
	assert_int_equal(list.count, 2);
	assert_true(message_id_same(list.items[1].message, first.message));
	assert_string_equal(list.items[1].queue_id, "4F8A12");
	assert_string_equal(list.items[1].host, "mx1");
	assert_string_equal(list.items[1].class_name, NEWS);
	assert_int_equal(list.items[1].due, now + 1000);
	assert_int_equal(held_find(arena, store, now + 600, 10, &list, &err),
	                 RESULT_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(held_find(arena, store, now, 10, &list, &err),
	                 RESULT_NONE);
	feed_events("mx1", &gone, 1);
	assert_int_equal(held_find(arena, store, 0, 10, &list, &err),
	                 RESULT_OK);
	assert_int_equal(list.count, 1);
	/* The MTA made no change: it was 4xx, and no queue ever had it. */
	taken_back.detail = HELD_TAKEN_BACK;
	feed_events("mx3", &taken_back, 1);
	assert_int_equal(held_find(arena, store, 0, 10, &list, &err),
	                 RESULT_NONE);
	/* Let go on one host before the other's hold is read. */
	ASK(SPAN("FLUSHALL"));
	feed_events("mx2", &gone, 1);
	replay("mx1.test");
	assert_int_equal(held_find(arena, store, 0, 10, &list, &err),
	                 RESULT_OK);
	assert_int_equal(list.count, 1);
}

/* --- caps ------------------------------------------------------------- */

static struct store_answer
try_to_send(struct store *through, const char *message, unsigned count,
            int64_t window_ms)
{
	const char *address = ANNE;
	struct store_question question = { .class_name = NEWS,
		                           .addresses = &address,
		                           .count = 1,
		                           .is_marketing = true,
		                           .cap_count = count,
		                           .cap_ms = window_ms,
		                           .message = message };
	struct arena *scratch = arena_new();
	struct store_answer answer;
	struct error err;

	if (store_ask(scratch, through, &question, &answer, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	arena_free(&scratch);
	return answer;
}

static void
test_a_cap_slides_and_counts_a_retry_once(void **state)
{
	const char *address = ANNE;
	struct store_question question = { .class_name = NEWS,
		                           .addresses = &address,
		                           .count = 1,
		                           .is_marketing = true,
		                           .cap_count = 2,
		                           .cap_ms = 30 * DAY_MS,
		                           .message = "<2@x>" };
	time_ms_t t = 1795251602417;
	struct store_answer answer;
	struct error err;

	(void)state;
	clock_set(t);
	assert_false(try_to_send(store, "<1@x>", 2, 30 * DAY_MS).is_over_cap);
	assert_false(try_to_send(store, "<1@x>", 2, 30 * DAY_MS).is_over_cap);
	clock_set(t + DAY_MS);
	answer = try_to_send(store, "<2@x>", 2, 30 * DAY_MS);
	assert_false(answer.is_over_cap);
	assert_int_equal(answer.cap_used, 1);
	assert_int_equal(answer.cap_limit, 2);
	answer = try_to_send(store, "<3@x>", 2, 30 * DAY_MS);
	assert_true(answer.is_over_cap);
	assert_int_equal(answer.cap_used, 2);
	assert_int_equal(answer.cap_next, t + 30 * DAY_MS);
	/* The second one comes again after a 4xx, and still counts once. */
	assert_false(try_to_send(store, "<2@x>", 2, 30 * DAY_MS).is_over_cap);
	/* It does not leave after all. */
	assert_int_equal(store_cap_release(store, &question, &err), RESULT_OK);
	assert_false(try_to_send(store, "<3@x>", 2, 30 * DAY_MS).is_over_cap);
	/* A stricter cap after a reload. */
	answer = try_to_send(store, "<4@x>", 1, 30 * DAY_MS);
	assert_true(answer.is_over_cap);
	assert_int_equal(answer.cap_next, t + 31 * DAY_MS);
	clock_set(t + 30 * DAY_MS - 1);
	assert_true(try_to_send(store, "<4@x>", 2, 30 * DAY_MS).is_over_cap);
	clock_set(t + 30 * DAY_MS);
	assert_false(try_to_send(store, "<4@x>", 2, 30 * DAY_MS).is_over_cap);
	clock_set(-1);
}

static void
test_a_person_may_want_fewer_than_the_class_allows(void **state)
{
	time_ms_t t = clock_now();
	struct store_answer answer;

	(void)state;
	feed_said(EVENT_PREFERENCE, "", person_cap_detail(arena, 1, 30), 0);
	clock_set(t);
	answer = try_to_send(store, "<1@x>", 5, DAY_MS);
	assert_false(answer.is_over_cap);
	answer = try_to_send(store, "<2@x>", 5, DAY_MS);
	assert_true(answer.is_over_cap);
	assert_int_equal(answer.cap_limit, 1);
	assert_int_equal(answer.cap_next, t + 30 * DAY_MS);
	/* Without a cap of the class the person's holds all the same. */
	assert_true(try_to_send(store, "<3@x>", 0, 0).is_over_cap);
	clock_set(-1);
	feed_said(EVENT_PREFERENCE, "", "fewer-not", clock_now() + 1);
	assert_false(try_to_send(store, "<2@x>", 0, 0).is_over_cap);
	assert_int_equal(try_to_send(store, "<2@x>", 0, 0).cap_limit, 0);
}

struct contender {
	struct store *store;
	unsigned number;
	unsigned passed;
};

static void *
contend(void *arg)
{
	struct contender *self = arg;

	for (unsigned i = 0; i < 50; i++) {
		char message[32];

		snprintf(message, sizeof(message), "<%u.%u@x>", self->number,
		         i);
		if (!try_to_send(self->store, message, 17, DAY_MS).is_over_cap)
			self->passed++;
	}
	return NULL;
}

/* Eight hosts want to send 400; exactly 17 leave. */
static void
test_a_cap_lets_exactly_so_many_through(void **state)
{
	struct contender contenders[8] = { 0 };
	pthread_t threads[8];
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		contenders[i].number = i;
		contenders[i].store = connect_store(server.url, 5000);
		pthread_create(&threads[i], NULL, contend, &contenders[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		passed += contenders[i].passed;
		store_close(&contenders[i].store);
	}
	assert_int_equal(passed, 17);
}

static void
test_a_script_that_was_forgotten_is_told_again(void **state)
{
	const struct redis_reply *sha;

	(void)state;
	sha = ASK(SPAN("SCRIPT"), SPAN("LOAD"), span_of(cap_script));
	assert_string_equal(sha->text.at, CAP_SHA);
	assert_false(try_to_send(store, "<1@x>", 1, DAY_MS).is_over_cap);
	ASK(SPAN("SCRIPT"), SPAN("FLUSH"));
	assert_true(try_to_send(store, "<2@x>", 1, DAY_MS).is_over_cap);
}

/* --- bounces ---------------------------------------------------------- */

static void
test_STAT_4_a_message_bounces_once(void **state)
{
	struct message_id one = message_id_new();
	unsigned count = 0;
	struct error err;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_count_bounce(store, ANNE, one,
		                                    30 * DAY_MS, &count, &err),
		                 RESULT_OK);
	assert_int_equal(count, 1);
	assert_int_equal(store_count_bounce(store, "Anne@example.com",
	                                    message_id_new(), 30 * DAY_MS,
	                                    &count, &err),
	                 RESULT_OK);
	assert_int_equal(count, 2);
	clock_set(clock_now() + 31 * DAY_MS);
	assert_int_equal(store_count_bounce(store, ANNE, message_id_new(),
	                                    30 * DAY_MS, &count, &err),
	                 RESULT_OK);
	clock_set(-1);
	assert_int_equal(count, 1);
}

/* --- memory ----------------------------------------------------------- */

/* People share sorted sets, and small ones are packed. */
static void
test_a_refusal_takes_few_bytes(void **state)
{
	enum {
		PEOPLE = 40
	};
	const struct redis_reply *encoding;
	struct batch batch;
	struct redis *redis;
	struct error err;

	(void)state;
	batch_init(&batch);
	for (unsigned i = 0; i < PEOPLE; i++) {
		char name[PERSON_SIZE], bytes[REGISTER_MEMBER_SIZE];
		char score[SCHEMA_SCORE_SIZE];

		snprintf(name, sizeof(name), "000000%018u", i);
		register_score(clock_now(), REGISTER_NO, score);
		BATCH(&batch, SPAN("ZADD"), SPAN("avis:sup:{AAA}"), SPAN("GT"),
		      span_of(score), register_member(name, NEWS, bytes));
	}
	assert_int_equal(store_connect(store, 2000, &redis, &err), RESULT_OK);
	assert_int_equal(redis_run(redis, &batch, NULL,
	                           clock_steady_us() + 2000000, NULL, &err),
	                 RESULT_OK);
	redis_close(&redis);
	batch_done(&batch);
	encoding =
		ASK(SPAN("OBJECT"), SPAN("ENCODING"), SPAN("avis:sup:{AAA}"));
	assert_string_equal(encoding->text.at, "listpack");
	assert_in_range(
		ASK(SPAN("MEMORY"), SPAN("USAGE"), SPAN("avis:sup:{AAA}"))
				->number /
			PEOPLE,
		20, 45);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_GDPR_7_one_name_for_each_way_to_write_an_address),
		TEST(test_GDPR_7_domains_in_the_letters_of_people),
		TEST(test_a_member_leads_back_to_its_person),
		TEST(test_GDPR_4_refusals_of_one_class_and_of_all),
		TEST(test_each_choice_is_told_back),
		TEST(test_nothing_is_said_after_it_was_recorded),
		TEST(test_words_of_no_list_change_nothing),
		TEST(test_GDPR_3_three_flags_each_with_its_own_time),
		TEST(test_GDPR_4_a_consent_lifts_no_refusal),
		TEST(test_GDPR_12_a_consent_ends_some_years_after_the_last_word),
		TEST(test_GDPR_4_the_later_word_holds_in_whatever_order),
		TEST(test_LST_11_a_replay_changes_nobodys_mind),
		TEST(test_X_15_suppression_outlives_the_payload_and_the_store),
		TEST(test_GDPR_6_emptying_keeps_refusals),
		TEST(test_two_feeders_and_a_store_that_goes_away),
		TEST(test_LST_12_a_token_answers_when_its_message_is_forgotten),
		TEST(test_LST_12_a_way_out_is_rebuilt_and_ends),
		TEST(test_what_is_on_hold_is_listed_until_let_go),
		TEST(test_a_cap_slides_and_counts_a_retry_once),
		TEST(test_a_person_may_want_fewer_than_the_class_allows),
		TEST(test_a_cap_lets_exactly_so_many_through),
		TEST(test_a_script_that_was_forgotten_is_told_again),
		TEST(test_STAT_4_a_message_bounces_once),
		TEST(test_a_refusal_takes_few_bytes),
	};
	int failed;

	log_open("test", LOG_TO_STDERR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	redis_remove(&server);
	return failed;
}
