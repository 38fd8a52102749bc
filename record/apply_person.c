#include "record/apply_person.h"

#include <stdio.h>
#include <string.h>

#include "record/consent.h"
#include "record/held.h"
#include "record/person_keys.h"

#define NUMBER_SIZE 24

static struct span
number_text(int64_t number, char text_r[NUMBER_SIZE])
{
	snprintf(text_r, NUMBER_SIZE, "%lld", (long long)number);
	return span_of(text_r);
}

/*
 * When it was said. A clock that is ahead must not silence what is said
 * later: nothing is said after it was recorded.
 */
static time_ms_t
said_at(const struct event *event)
{
	return event->recorded > 0 && event->time > event->recorded
	               ? event->recorded
	               : event->time;
}

/* Only ever raised: the later word stays. */
static void
raise(struct apply *apply, struct span key, struct span member, time_ms_t when,
      int code)
{
	char score[SCHEMA_SCORE_SIZE];

	register_score(when, code, score);
	BATCH(apply->batch, SPAN("ZADD"), key, SPAN("GT"), span_of(score),
	      member);
}

static void
set_choice(struct apply *apply, const char *person, const char *subject,
           time_ms_t when, int code)
{
	char key[SCHEMA_KEY_SIZE], bytes[REGISTER_MEMBER_SIZE];

	register_key(person, key);
	raise(apply, span_of(key), register_member(person, subject, bytes),
	      when, code);
}

void
apply_refusal(struct apply *apply, const char person[PERSON_SIZE],
              const char *class_name, time_ms_t since)
{
	set_choice(apply, person,
	           class_name[0] != '\0' ? class_name : REGISTER_ALL, since,
	           REGISTER_NO);
}

/* --- consents ---------------------------------------------------------- */

struct consent_key {
	char key[SCHEMA_KEY_SIZE];
	const char *class_name;
	time_ms_t when;
};

static void
set_consent(struct apply *apply, const struct consent_key *at, const char *what,
            const char *more, int code)
{
	char member[512];

	snprintf(member, sizeof(member), "%s%s%s", at->class_name, what, more);
	raise(apply, span_of(at->key), span_of(member), at->when, code);
}

static void
set_consents(struct apply *apply, const struct consent_key *at,
             const struct consent_words *words, const char *text)
{
	static const struct {
		enum consent_flag flag;
		const char *member;
	} flags[] = {
		{ CONSENT_RECEIVE, CONSENT_MEMBER_RECEIVE },
		{ CONSENT_OPEN, CONSENT_MEMBER_OPEN },
		{ CONSENT_CLICK, CONSENT_MEMBER_CLICK },
	};
	bool is_withdrawal = words->deed == CONSENT_WITHDRAWN;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		bool is_named = (words->flags & flags[i].flag) != 0;

		/* GDPR-5: a withdrawal leaves what it does not name. */
		if (is_named || !is_withdrawal)
			set_consent(apply, at, flags[i].member, "",
			            is_named && !is_withdrawal ? REGISTER_YES
			                                       : REGISTER_NO);
	}
	if (is_withdrawal)
		return;
	set_consent(apply, at, CONSENT_MEMBER_SOFT, "",
	            words->deed == CONSENT_SOFT ? REGISTER_YES : REGISTER_NO);
	if (text[0] != '\0')
		set_consent(apply, at, CONSENT_MEMBER_TEXT, text, 0);
}

static void
apply_consent(struct apply *apply, const struct event *event,
              const char *person)
{
	time_ms_t until = said_at(event) + apply->consent_keep_ms;
	struct consent_key at = { .class_name = event->class_name,
		                  .when = said_at(event) };
	struct consent_words words;

	if (event->class_name[0] == '\0' || until <= apply->now ||
	    !consent_read(event->detail, &words))
		return;
	register_own_key(FAMILY_CONSENT, person, "", at.key);
	set_consents(apply, &at, &words, event_fact(event, "text"));
	apply_keep_until(apply, span_of(at.key), until);
}

/* --- tokens and holds -------------------------------------------------- */

static void
apply_way_out(struct apply *apply, const struct event *event)
{
	char key[SCHEMA_KEY_SIZE], number[NUMBER_SIZE];
	time_ms_t expiry = event->time + event->way_out_ms;

	if (expiry <= apply->now || event->recipient_count == 0)
		return;
	way_out_key(event->message, expiry, key);
	buf_reset(&apply->value);
	way_out_write(apply->keys, event, &apply->value);
	BATCH(apply->batch, SPAN("HSET"), span_of(key),
	      way_out_field(&event->message), buf_as_span(&apply->value));
	BATCH(apply->batch, SPAN("PEXPIREAT"), span_of(key),
	      number_text(schema_next_month(expiry), number));
}

/*
 * Let go is a score past every due time, and scores are only raised: it
 * holds even when it is read before the hold.
 */
static void
apply_held(struct apply *apply, const struct event *event)
{
	struct span id =
		span_make((const char *)event->message.bytes, MESSAGE_ID_BYTES);
	char score[NUMBER_SIZE], old[NUMBER_SIZE], keep[NUMBER_SIZE];
	bool is_held = event->kind == EVENT_HELD;

	BATCH(apply->batch, SPAN("ZADD"), SPAN(HELD_KEY), SPAN("GT"),
	      number_text(is_held ? event->due : HELD_GONE + event->time,
	                  score),
	      id);
	BATCH(apply->batch, SPAN("ZREMRANGEBYSCORE"), SPAN(HELD_KEY),
	      SPAN(HELD_GONE_TEXT),
	      number_text(HELD_GONE + apply->now - SCHEMA_LATE_MS, old));
	BATCH(apply->batch, SPAN("PEXPIRE"), SPAN(HELD_KEY),
	      number_text(SCHEMA_KEEP_MS, keep));
}

static bool
changes_hold(const struct event *event)
{
	return event->kind == EVENT_HELD || event->kind == EVENT_RELEASED ||
	       (event->kind == EVENT_REFUSED &&
	        (strcmp(event->detail, HELD_REFUSED) == 0 ||
	         strcmp(event->detail, HELD_TAKEN_BACK) == 0));
}

void
apply_person(struct apply *apply, const struct event *event)
{
	const char *address = event_fact(event, "address"), *subject;
	char person[PERSON_SIZE] = "";
	int code;

	if (event->has_message && event->kind == EVENT_SUBMITTED &&
	    event->way_out_ms > 0)
		apply_way_out(apply, event);
	if (event->has_message && changes_hold(event))
		apply_held(apply, event);
	if (register_is_person(event->person))
		snprintf(person, sizeof(person), "%s", event->person);
	else if (address[0] != '\0')
		person_name(apply->keys, address, person);
	else
		return;
	if (event->kind == EVENT_CONSENT)
		apply_consent(apply, event, person);
	else if (register_choice(event, &subject, &code))
		set_choice(apply, person, subject, said_at(event), code);
}
