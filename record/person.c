#include "record/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "record/consent.h"
#include "record/find.h"
#include "record/person_keys.h"
#include "record/pool.h"

#define LABEL "person"

static const char *const words[CHOICES] = {
	[CHOICE_OFF] = "off",
	[CHOICE_ON] = "on",
	[CHOICE_RECEIPTS_OFF] = "receipts-off",
	[CHOICE_RECEIPTS_ON] = "receipts-on",
	[CHOICE_MEASURE_OFF] = "measure-off",
	[CHOICE_MEASURE_ON] = "measure-on",
	[CHOICE_CHANNEL_EMAIL] = "channel-email",
	[CHOICE_CHANNEL_POST] = "channel-post",
	[CHOICE_CHANNEL_TELEPHONE] = "channel-telephone",
	[CHOICE_LANGUAGE_FR] = "language-fr",
	[CHOICE_LANGUAGE_EN] = "language-en",
	[CHOICE_FEWER] = "fewer",
	[CHOICE_FEWER_NOT] = "fewer-not",
};

void
person_name(const struct keyring *keys, const char *address,
            char name_r[PERSON_SIZE])
{
	char uniform[SCHEMA_ADDRESS_BYTES], hash[KEYED_HASH_SIZE];
	size_t len = schema_uniform_address(span_of(address), uniform);

	keyring_hash(keys, LABEL, span_make(uniform, len), hash);
	snprintf(name_r, PERSON_SIZE, "%.*s", PERSON_SIZE - 1, hash);
}

const char *
choice_word(enum choice choice)
{
	return words[choice];
}

/* --- events ------------------------------------------------------------ */

/* A consent that is given goes with its payload, name and all. */
static bool
hides_person(enum event_kind kind, const char *detail)
{
	struct consent_words consent;

	return kind == EVENT_CONSENT && consent_read(detail, &consent) &&
	       consent.deed != CONSENT_WITHDRAWN;
}

void
person_event_named(enum event_kind kind, const char *person,
                   const char *class_name, const char *detail,
                   struct event *event_r)
{
	*event_r = (struct event){
		.time = clock_now(),
		.kind = kind,
		.grade = GRADE_OBSERVED,
		.class_name = class_name,
		.queue_id = "",
		.status = "",
		.detail = detail,
	};
	if (!hides_person(kind, detail))
		snprintf(event_r->person, PERSON_SIZE, "%s", person);
}

/* NOLINTBEGIN(readability-function-size): all that such an event says. */
void
person_event(struct arena *arena, const struct keyring *keys,
             enum event_kind kind, const char *address, const char *class_name,
             const char *detail, struct event *event_r)
{
	char name[PERSON_SIZE];

	person_name(keys, address, name);
	person_event_named(kind, name, class_name, detail, event_r);
	event_fact_add(arena, event_r, "address", address);
}
/* NOLINTEND(readability-function-size) */

const char *
person_cap_detail(struct arena *arena, unsigned count, unsigned days)
{
	return arena_printf(arena, "%s-%u-%u", words[CHOICE_FEWER], count,
	                    days);
}

/* --- what is known ----------------------------------------------------- */

static const char *
time_text(struct arena *arena, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	return arena_strdup(arena, text);
}

static struct person_class *
class_of(struct arena *arena, struct person *person, size_t *room,
         struct span name)
{
	struct person_class *class;

	for (size_t i = 0; i < person->class_count; i++)
		if (span_equal(span_of(person->classes[i].class_name), name))
			return &person->classes[i];
	class = arena_push(arena, (void **)&person->classes,
	                   &person->class_count, room, sizeof(*class));
	*class = (struct person_class){
		.class_name = arena_strndup(arena, name.at, name.len),
		.off_since = "",
		.on_since = "",
		.consent_text = "",
		.consent_time = "",
	};
	return class;
}

/* Choices that are no class's. */
static void
read_choice(struct arena *arena, struct person *person, struct span subject,
            struct register_value value)
{
	bool is_no = value.code == REGISTER_NO;

	if (span_equal(subject, SPAN(REGISTER_RECEIPTS)))
		person->refuses_receipts = is_no;
	else if (span_equal(subject, SPAN(REGISTER_MEASURE)))
		person->refuses_measure = is_no;
	else if (span_equal(subject, SPAN(REGISTER_CHANNEL)))
		person->channel = register_channel(value);
	else if (span_equal(subject, SPAN(REGISTER_LANGUAGE)))
		person->language = register_language(value);
	else if (span_equal(subject, SPAN(REGISTER_RESTRICTED)) && is_no)
		person->restricted_since = time_text(arena, value.time);
	else if (span_equal(subject, SPAN(REGISTER_FEWER))) {
		person->cap_count = (unsigned)value.code / REGISTER_DAYS;
		person->cap_days = (unsigned)value.code % REGISTER_DAYS;
	}
}

/* The members of the set that are this person's, among many others. */
static void
read_refusals(struct arena *arena, const char name[PERSON_SIZE],
              const struct redis_reply *reply, struct person *person,
              size_t *room)
{
	char bytes[REGISTER_MEMBER_SIZE];
	struct span own = register_member(name, "", bytes);

	for (size_t i = 0; i + 1 < reply->count; i += 2) {
		struct register_value value =
			register_read(&reply->items[i + 1]);
		struct span member = reply->items[i].text;
		struct span subject = span_skip(member, own.len);
		struct person_class *class;

		if (!span_equal(span_take(member, own.len), own))
			continue;
		if (subject.len > 0 && subject.at[0] == '/') {
			read_choice(arena, person, subject, value);
		} else if (span_equal(subject, SPAN(REGISTER_ALL))) {
			if (register_refuses(value))
				person->off_since =
					time_text(arena, value.time);
			person->is_bouncing = value.code == REGISTER_BOUNCED;
		} else {
			class = class_of(arena, person, room, subject);
			*(register_refuses(value) ? &class->off_since
			                          : &class->on_since) =
				time_text(arena, value.time);
		}
	}
}

static void
read_consent(struct person_class *class, struct span what,
             struct register_value value)
{
	bool is_yes = value.code == REGISTER_YES;

	class->has_consent = true;
	if (span_equal(what, SPAN(CONSENT_MEMBER_RECEIVE)))
		class->may_receive = is_yes;
	else if (span_equal(what, SPAN(CONSENT_MEMBER_OPEN)))
		class->may_measure_opens = is_yes;
	else if (span_equal(what, SPAN(CONSENT_MEMBER_CLICK)))
		class->may_measure_clicks = is_yes;
	else if (span_equal(what, SPAN(CONSENT_MEMBER_SOFT)))
		class->is_soft_opt_in = is_yes;
}

/* "newsletter/receive"; "newsletter/=TEXT" names the wording. */
static void
read_consents(struct arena *arena, const struct redis_reply *reply,
              struct person *person, size_t *room)
{
	for (size_t i = 0; i + 1 < reply->count; i += 2) {
		struct span member = reply->items[i].text;
		size_t slash = span_find(member, '/', 0);
		struct span what = span_skip(member, slash);
		struct register_value value =
			register_read(&reply->items[i + 1]);
		struct person_class *class;

		class = class_of(arena, person, room, span_take(member, slash));
		if (!span_starts(what, CONSENT_MEMBER_TEXT)) {
			read_consent(class, what, value);
			continue;
		}
		/* By time: the last one is the one that holds. */
		what = span_skip(what, strlen(CONSENT_MEMBER_TEXT));
		class->consent_text = arena_strndup(arena, what.at, what.len);
		class->consent_time = time_text(arena, value.time);
	}
}

enum result
person_find(struct arena *arena, struct store *store,
            const char name[PERSON_SIZE], struct person *person_r,
            struct error *err)
{
	char key[SCHEMA_KEY_SIZE], consents[SCHEMA_KEY_SIZE];
	struct redis_reply *replies;
	struct batch batch;
	size_t room = 0;

	register_key(name, key);
	register_own_key(FAMILY_CONSENT, name, "", consents);
	batch_init(&batch);
	BATCH(&batch, SPAN("ZRANGE"), span_of(key), SPAN("0"), SPAN("-1"),
	      SPAN("WITHSCORES"));
	BATCH(&batch, SPAN("ZRANGE"), span_of(consents), SPAN("0"), SPAN("-1"),
	      SPAN("WITHSCORES"));
	enum result result = store_run(store, &batch, arena, &replies, err);
	batch_done(&batch);
	if (result != RESULT_OK)
		return result;
	*person_r = (struct person){ .off_since = "",
		                     .channel = "email",
		                     .language = "",
		                     .restricted_since = "" };
	read_refusals(arena, name, &replies[0], person_r, &room);
	read_consents(arena, &replies[1], person_r, &room);
	return RESULT_OK;
}

const char *
person_refuses(const struct person *person, const char *class_name,
               bool is_marketing)
{
	const char *all = is_marketing ? person->off_since : "";

	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *class = &person->classes[i];

		if (strcmp(class->class_name, class_name) != 0)
			continue;
		if (class->off_since[0] != '\0')
			return class->off_since;
		return strcmp(class->on_since, all) > 0 ? "" : all;
	}
	return all;
}

/* --- whose is a token -------------------------------------------------- */

static void
from_submission(const struct keyring *keys, const struct event *submitted,
                struct person_of_token *found)
{
	found->class_name = submitted->class_name;
	found->is_shared = submitted->recipient_count != 1;
	if (found->is_shared)
		return;
	found->address = submitted->recipients[0].address;
	person_name(keys, found->address, found->person);
}

static enum result
find_way_out(struct arena *arena, struct store *store, struct message_id id,
             struct person_of_token *found, struct error *err)
{
	struct redis_reply *replies;
	struct batch batch;

	batch_init(&batch);
	way_out_ask(id, &batch);
	enum result result = store_run(store, &batch, arena, &replies, err);
	size_t count = batch.count;
	batch_done(&batch);
	if (result == RESULT_OK &&
	    !way_out_among(arena, replies, count, found)) {
		error_set(err, "this message is not known");
		result = RESULT_NONE;
	}
	return result;
}

enum result
person_by_message(struct arena *arena, struct store *store,
                  struct message_id message, struct person_of_token *found_r,
                  struct error *err)
{
	struct person_of_token found = { .person = "",
		                         .class_name = "",
		                         .address = "" };
	struct event submitted;
	enum result result =
		find_submission(arena, store, message, &submitted, err);

	/* The erased leave a submission without its recipients. */
	if (result == RESULT_OK && submitted.recipient_count > 0)
		from_submission(store_keys(store), &submitted, &found);
	else if (result == RESULT_OK || result == RESULT_NONE)
		result = find_way_out(arena, store, message, &found, err);
	if (result == RESULT_OK)
		*found_r = found;
	return result;
}
