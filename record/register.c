#include "record/register.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

#define NAME_BYTES   12 /* 96 bits */
#define REST_START   2
#define REST_BYTES   (NAME_BYTES - REST_START)
#define BUCKET_CHARS 3

bool
register_is_person(const char *person)
{
	uint8_t bytes[NAME_BYTES];

	return strlen(person) == PERSON_SIZE - 1 &&
	       decode_hex(span_of(person), bytes, NAME_BYTES);
}

static void
name_bytes(const char person[PERSON_SIZE], uint8_t bytes_r[NAME_BYTES])
{
	memset(bytes_r, 0, NAME_BYTES);
	(void)decode_hex(span_of(person), bytes_r, NAME_BYTES);
}

static unsigned
bucket_of(const uint8_t bytes[NAME_BYTES])
{
	return (unsigned)bytes[0] << 10 | (unsigned)bytes[1] << 2 |
	       (unsigned)bytes[2] >> 6;
}

/* Three letters of base64url, 18 bits. */
static void
bucket_letters(unsigned bucket, char letters_r[BUCKET_CHARS + 2])
{
	uint8_t bytes[3] = { (uint8_t)(bucket >> 10), (uint8_t)(bucket >> 2),
		             (uint8_t)(bucket << 6) };

	encode_base64url(bytes, sizeof(bytes), letters_r);
	letters_r[BUCKET_CHARS] = '\0';
}

void
register_bucket_key(unsigned bucket, char key_r[SCHEMA_KEY_SIZE])
{
	char letters[BUCKET_CHARS + 2];

	bucket_letters(bucket, letters);
	snprintf(key_r, SCHEMA_KEY_SIZE, "avis:sup:{%s}", letters);
}

void
register_key(const char person[PERSON_SIZE], char key_r[SCHEMA_KEY_SIZE])
{
	uint8_t bytes[NAME_BYTES];

	name_bytes(person, bytes);
	register_bucket_key(bucket_of(bytes), key_r);
}

/* One tag with the refusals: a script may look at both in a cluster. */
void
register_own_key(enum family family, const char person[PERSON_SIZE],
                 const char *suffix, char key_r[SCHEMA_KEY_SIZE])
{
	const char *pattern = schema_family(family)->pattern;
	char letters[BUCKET_CHARS + 2];
	char rest[ENCODE_BASE64URL_SIZE(REST_BYTES)];
	uint8_t bytes[NAME_BYTES];

	name_bytes(person, bytes);
	bucket_letters(bucket_of(bytes), letters);
	encode_base64url(bytes + REST_START, REST_BYTES, rest);
	snprintf(key_r, SCHEMA_KEY_SIZE, "%.*s{%s}:%s%s",
	         (int)strlen(pattern) - 1, pattern, letters, rest, suffix);
}

struct span
register_member(const char person[PERSON_SIZE], const char *subject,
                char bytes_r[REGISTER_MEMBER_SIZE])
{
	size_t len =
		strnlen(subject, REGISTER_MEMBER_SIZE - (size_t)REST_BYTES);
	uint8_t bytes[NAME_BYTES];

	name_bytes(person, bytes);
	memcpy(bytes_r, bytes + REST_START, REST_BYTES);
	memcpy(bytes_r + REST_BYTES, subject, len);
	return span_make(bytes_r, REST_BYTES + len);
}

bool
register_read_member(unsigned bucket, struct span member,
                     char person_r[PERSON_SIZE], struct span *subject_r)
{
	uint8_t bytes[NAME_BYTES] = { (uint8_t)(bucket >> 10),
		                      (uint8_t)(bucket >> 2) };

	if (member.len <= REST_BYTES)
		return false;
	memcpy(bytes + REST_START, member.at, REST_BYTES);
	if (bucket_of(bytes) != bucket)
		return false;
	encode_hex(bytes, NAME_BYTES, person_r);
	*subject_r = span_skip(member, REST_BYTES);
	return true;
}

void
register_score(time_ms_t time, int code, char text_r[SCHEMA_SCORE_SIZE])
{
	snprintf(text_r, SCHEMA_SCORE_SIZE, "%lld",
	         (long long)(time > 0 ? time : 0) * REGISTER_CODES + code);
}

struct register_value
register_read(const struct redis_reply *score)
{
	int64_t number;

	if (score->type != REDIS_TEXT)
		return (struct register_value){ 0, REGISTER_UNSAID };
	number = (int64_t)strtod(score->text.at, NULL);
	return (struct register_value){ number / REGISTER_CODES,
		                        (int)(number % REGISTER_CODES) };
}

bool
register_refuses(struct register_value value)
{
	return value.code == REGISTER_NO || value.code == REGISTER_BOUNCED;
}
