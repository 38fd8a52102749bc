#include <stdio.h>

#include "base/clock.h"
#include "record/cap.h"
#include "record/person_keys.h"
#include "record/pool.h"

/* What store_ask asks for one address, in one pipeline for all of them. */

#define NUMBER_SIZE 24

enum asked {
	ASKED_CLASS,
	ASKED_ALL,
	ASKED_RECEIPTS,
	ASKED_MEASURE,
	ASKED_CHANNEL,
	ASKED_LANGUAGE,
	ASKED_RESTRICTED,
	ASKED_COUNT
};

static const char *const subjects[ASKED_COUNT] = {
	[ASKED_CLASS] = "", /* its name */
	[ASKED_ALL] = REGISTER_ALL,
	[ASKED_RECEIPTS] = REGISTER_RECEIPTS,
	[ASKED_MEASURE] = REGISTER_MEASURE,
	[ASKED_CHANNEL] = REGISTER_CHANNEL,
	[ASKED_LANGUAGE] = REGISTER_LANGUAGE,
	[ASKED_RESTRICTED] = REGISTER_RESTRICTED,
};

static const char *const consents[] = {
	CONSENT_MEMBER_RECEIVE,
	CONSENT_MEMBER_OPEN,
	CONSENT_MEMBER_CLICK,
	CONSENT_MEMBER_SOFT,
};
#define CONSENTS (sizeof(consents) / sizeof(consents[0]))

static void
ask_choices(const char *person, const char *class_name, struct batch *batch)
{
	char members[ASKED_COUNT][REGISTER_MEMBER_SIZE];
	struct span words[2 + ASKED_COUNT];
	char key[SCHEMA_KEY_SIZE];

	register_key(person, key);
	words[0] = SPAN("ZMSCORE");
	words[1] = span_of(key);
	for (size_t i = 0; i < ASKED_COUNT; i++)
		words[2 + i] = register_member(
			person, i == ASKED_CLASS ? class_name : subjects[i],
			members[i]);
	batch_add(batch, words, 2 + ASKED_COUNT);
}

static void
ask_consents(const char *person, const char *class_name, struct batch *batch)
{
	char members[CONSENTS][REGISTER_MEMBER_SIZE];
	struct span words[2 + CONSENTS];
	char key[SCHEMA_KEY_SIZE];

	register_own_key(FAMILY_CONSENT, person, "", key);
	words[0] = SPAN("ZMSCORE");
	words[1] = span_of(key);
	for (size_t i = 0; i < CONSENTS; i++) {
		snprintf(members[i], sizeof(members[i]), "%s%s", class_name,
		         consents[i]);
		words[2 + i] = span_of(members[i]);
	}
	batch_add(batch, words, 2 + CONSENTS);
}

static bool
asks_cap(const struct store_question *question)
{
	return question->message != NULL && question->message[0] != '\0' &&
	       (question->is_marketing || question->cap_ms > 0);
}

static struct cap_question
cap_of(const struct store_question *question, const char *person,
       const char member[CAP_MEMBER_SIZE])
{
	return (struct cap_question){
		.person = person,
		.class_name = question->class_name,
		.member = span_of(member),
		.count = question->cap_count,
		.window_ms = question->cap_ms,
		.is_marketing = question->is_marketing,
	};
}

static void
write_questions(const struct keyring *keys,
                const struct store_question *question, struct batch *batch)
{
	char member[CAP_MEMBER_SIZE] = "";
	time_ms_t now = clock_now();

	if (asks_cap(question))
		cap_member(keys, question->message, member);
	for (size_t i = 0; i < question->count; i++) {
		char person[PERSON_SIZE];

		person_name(keys, question->addresses[i], person);
		ask_choices(person, question->class_name, batch);
		if (question->wants_consent)
			ask_consents(person, question->class_name, batch);
		if (asks_cap(question)) {
			struct cap_question cap =
				cap_of(question, person, member);

			cap_ask(&cap, now, batch);
		}
	}
}

/* The no that holds, if one does. person_refuses says the same. */
static struct register_value
refusal_of(const struct register_value said[ASKED_COUNT], bool is_marketing)
{
	struct register_value class = said[ASKED_CLASS];
	struct register_value all = said[ASKED_ALL];

	if (register_refuses(class))
		return class;
	if (is_marketing && register_refuses(all) && all.time >= class.time)
		return all;
	return (struct register_value){ 0, REGISTER_UNSAID };
}

static void
read_choices(struct arena *arena, const struct store_question *question,
             const struct redis_reply *reply, struct store_answer *answer)
{
	struct register_value said[ASKED_COUNT];
	char since[CLOCK_TEXT_SIZE] = "";
	struct register_value refusal;

	for (size_t i = 0; i < ASKED_COUNT; i++)
		said[i] = register_read(&reply->items[i]);
	refusal = refusal_of(said, question->is_marketing);
	if (register_refuses(refusal))
		clock_format(refusal.time, since);
	*answer = (struct store_answer){
		.is_suppressed = register_refuses(refusal),
		.is_bouncing = refusal.code == REGISTER_BOUNCED,
		.suppressed_since = arena_strdup(arena, since),
		.refuses_receipts = said[ASKED_RECEIPTS].code == REGISTER_NO,
		.refuses_measure = said[ASKED_MEASURE].code == REGISTER_NO,
		.channel = register_channel(said[ASKED_CHANNEL]),
		.language = register_language(said[ASKED_LANGUAGE]),
		.is_restricted = said[ASKED_RESTRICTED].code == REGISTER_NO,
	};
}

static void
read_consents(const struct redis_reply *reply, struct store_answer *answer)
{
	int codes[CONSENTS];

	for (size_t i = 0; i < CONSENTS; i++) {
		codes[i] = register_read(&reply->items[i]).code;
		if (codes[i] != REGISTER_UNSAID)
			answer->has_consent = true;
	}
	answer->may_receive = codes[0] == REGISTER_YES;
	answer->may_measure_opens = codes[1] == REGISTER_YES;
	answer->may_measure_clicks = codes[2] == REGISTER_YES;
	answer->is_soft_opt_in = codes[3] == REGISTER_YES;
}

enum result
store_ask(struct arena *arena, struct store *store,
          const struct store_question *question, struct store_answer *answers_r,
          struct error *err)
{
	struct redis_reply *reply;
	struct batch batch;

	if (question->count == 0)
		return RESULT_OK;
	batch_init(&batch);
	write_questions(store_keys(store), question, &batch);
	enum result result = store_run(store, &batch, arena, &reply, err);
	batch_done(&batch);
	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; i < question->count; i++) {
		read_choices(arena, question, reply++, &answers_r[i]);
		if (question->wants_consent)
			read_consents(reply++, &answers_r[i]);
		if (asks_cap(question))
			cap_read(reply++, &answers_r[i]);
	}
	return RESULT_OK;
}

enum result
store_cap_release(struct store *store, const struct store_question *question,
                  struct error *err)
{
	char member[CAP_MEMBER_SIZE];
	struct batch batch;

	if (question->count == 0 || !asks_cap(question))
		return RESULT_OK;
	cap_member(store_keys(store), question->message, member);
	batch_init(&batch);
	for (size_t i = 0; i < question->count; i++) {
		char person[PERSON_SIZE];

		person_name(store_keys(store), question->addresses[i], person);
		struct cap_question cap = cap_of(question, person, member);

		cap_release(&cap, &batch);
	}
	enum result result = store_run(store, &batch, NULL, NULL, err);
	batch_done(&batch);
	return result;
}

enum result
store_count_bounce(struct store *store, const char *address,
                   struct message_id message, int64_t window_ms,
                   unsigned *count_r, struct error *err)
{
	char key[SCHEMA_KEY_SIZE], person[PERSON_SIZE];
	char now[NUMBER_SIZE], start[NUMBER_SIZE], keep[NUMBER_SIZE];
	struct span id =
		span_make((const char *)message.bytes, MESSAGE_ID_BYTES);
	struct arena *arena = arena_new();
	struct redis_reply *replies;
	struct batch batch;

	person_name(store_keys(store), address, person);
	register_own_key(FAMILY_BOUNCES, person, "", key);
	snprintf(now, sizeof(now), "%lld", (long long)clock_now());
	snprintf(start, sizeof(start), "%lld",
	         (long long)(clock_now() - window_ms));
	snprintf(keep, sizeof(keep), "%lld", (long long)window_ms);
	batch_init(&batch);
	BATCH(&batch, SPAN("ZADD"), span_of(key), SPAN("NX"), span_of(now), id);
	BATCH(&batch, SPAN("ZREMRANGEBYSCORE"), span_of(key), SPAN("-inf"),
	      span_of(start));
	BATCH(&batch, SPAN("ZCARD"), span_of(key));
	BATCH(&batch, SPAN("PEXPIRE"), span_of(key), span_of(keep));
	enum result result = store_run(store, &batch, arena, &replies, err);
	batch_done(&batch);
	if (result == RESULT_OK)
		*count_r = (unsigned)replies[2].number;
	arena_free(&arena);
	return result;
}
