#include "record/person_keys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/encode.h"

#define NAME_BYTES ((size_t)(PERSON_SIZE - 1) / 2)

/* --- choices ----------------------------------------------------------- */

static const char *const channels[] = { "", "email", "post", "telephone" };
static const char *const languages[] = { "", "fr", "en" };
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *
register_channel(struct register_value value)
{
	return value.code > 0 && (size_t)value.code < COUNT(channels)
	               ? channels[value.code]
	               : "email";
}

const char *
register_language(struct register_value value)
{
	return value.code > 0 && (size_t)value.code < COUNT(languages)
	               ? languages[value.code]
	               : "";
}

/* subject "" : the event's class, or all marketing. */
static const struct {
	const char *subject;
	enum choice choice;
	int code;
} choices[] = {
	{ "", CHOICE_OFF, REGISTER_NO },
	{ "", CHOICE_ON, REGISTER_YES },
	{ REGISTER_RECEIPTS, CHOICE_RECEIPTS_OFF, REGISTER_NO },
	{ REGISTER_RECEIPTS, CHOICE_RECEIPTS_ON, REGISTER_YES },
	{ REGISTER_MEASURE, CHOICE_MEASURE_OFF, REGISTER_NO },
	{ REGISTER_MEASURE, CHOICE_MEASURE_ON, REGISTER_YES },
	{ REGISTER_CHANNEL, CHOICE_CHANNEL_EMAIL, 1 },
	{ REGISTER_CHANNEL, CHOICE_CHANNEL_POST, REGISTER_POST },
	{ REGISTER_CHANNEL, CHOICE_CHANNEL_TELEPHONE, REGISTER_TELEPHONE },
	{ REGISTER_LANGUAGE, CHOICE_LANGUAGE_FR, REGISTER_FR },
	{ REGISTER_LANGUAGE, CHOICE_LANGUAGE_EN, REGISTER_EN },
	{ REGISTER_FEWER, CHOICE_FEWER_NOT, 0 },
};

static const char *
class_subject(const struct event *event)
{
	return event->class_name[0] != '\0' ? event->class_name : REGISTER_ALL;
}

static bool
read_cap(const char *detail, int *code_r)
{
	unsigned count, days;
	char end;

	if (sscanf(detail, "fewer-%2u-%2u%c", &count, &days, &end) != 2 ||
	    count < 1 || count > PERSON_CAP_COUNT || days < 1 ||
	    days > PERSON_CAP_DAYS)
		return false;
	*code_r = (int)(count * REGISTER_DAYS + days);
	return true;
}

static bool
read_preference(const struct event *event, const char **subject_r, int *code_r)
{
	for (size_t i = 0; i < COUNT(choices); i++) {
		if (strcmp(choice_word(choices[i].choice), event->detail) != 0)
			continue;
		*subject_r = choices[i].subject[0] != '\0'
		                     ? choices[i].subject
		                     : class_subject(event);
		*code_r = choices[i].code;
		return true;
	}
	*subject_r = REGISTER_FEWER;
	return read_cap(event->detail, code_r);
}

bool
register_choice(const struct event *event, const char **subject_r, int *code_r)
{
	if (event->kind == EVENT_PREFERENCE)
		return read_preference(event, subject_r, code_r);
	*subject_r = class_subject(event);
	*code_r = REGISTER_NO;
	if (event->kind == EVENT_SUPPRESSED) {
		if (strcmp(event->detail, PERSON_BOUNCES) == 0)
			*code_r = REGISTER_BOUNCED;
		return true;
	}
	/* Of which class a token is, its message or its way out says. */
	if (event->kind == EVENT_UNSUBSCRIBED)
		return event->class_name[0] != '\0';
	if (event->kind == EVENT_READMITTED) {
		*code_r = REGISTER_YES;
		return true;
	}
	if (event->kind != EVENT_RESTRICTED)
		return false;
	*subject_r = REGISTER_RESTRICTED;
	if (strcmp(event->detail, "off") == 0)
		*code_r = REGISTER_YES;
	return true;
}

/* --- ways out ---------------------------------------------------------- */

void
way_out_key(struct message_id id, time_ms_t expiry, char key_r[SCHEMA_KEY_SIZE])
{
	time_t seconds = (time_t)(expiry / 1000);
	char letters[ENCODE_BASE64URL_SIZE(2)];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	encode_base64url(id.bytes, 2, letters);
	snprintf(key_r, SCHEMA_KEY_SIZE, "avis:out:%04d%02d:%.2s",
	         tm.tm_year + 1900, tm.tm_mon + 1, letters);
}

struct span
way_out_field(const struct message_id *id)
{
	return span_make((const char *)id->bytes + 1, MESSAGE_ID_BYTES - 1);
}

/* 1 and the person, or 2 for many; then the class. */
void
way_out_write(const struct keyring *keys, const struct event *submitted,
              struct buf *out)
{
	if (submitted->recipient_count == 1) {
		char name[PERSON_SIZE];
		uint8_t bytes[NAME_BYTES];

		person_name(keys, submitted->recipients[0].address, name);
		(void)decode_hex(span_of(name), bytes, NAME_BYTES);
		buf_byte(out, 1);
		buf_add(out, bytes, NAME_BYTES);
	} else {
		buf_byte(out, 2);
	}
	buf_text(out, submitted->class_name);
}

bool
way_out_read(struct arena *arena, struct span value,
             struct person_of_token *found_r)
{
	bool is_shared = value.len > 0 && value.at[0] == 2;

	if (!is_shared && (value.len <= NAME_BYTES || value.at[0] != 1))
		return false;
	found_r->is_shared = is_shared;
	found_r->address = "";
	if (!is_shared)
		encode_hex(value.at + 1, NAME_BYTES, found_r->person);
	value = span_skip(value, is_shared ? 1 : 1 + NAME_BYTES);
	found_r->class_name = arena_strndup(arena, value.at, value.len);
	return true;
}

void
way_out_ask(struct message_id id, struct batch *batch)
{
	time_ms_t month = clock_now(), last = month + WAY_OUT_LONGEST_MS;

	for (; month <= last; month = schema_next_month(month)) {
		char key[SCHEMA_KEY_SIZE];

		way_out_key(id, month, key);
		BATCH(batch, SPAN("HGET"), span_of(key), way_out_field(&id));
	}
}

bool
way_out_among(struct arena *arena, const struct redis_reply *replies,
              size_t count, struct person_of_token *found_r)
{
	for (size_t i = 0; i < count; i++)
		if (replies[i].type == REDIS_TEXT &&
		    way_out_read(arena, replies[i].text, found_r))
			return true;
	return false;
}
