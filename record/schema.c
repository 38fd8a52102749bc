#include "record/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/idn.h"

#define HASH_DIGITS  24 /* 96 bits name an index key */
#define SCORE_DIGITS 13
#define TEXT_BYTES   SCHEMA_ADDRESS_BYTES
#define NAME26       "??????????????????????????"

static const struct family_row families[FAMILIES] = {
	[FAMILY_MESSAGE] = { "avis:{" NAME26 "}", "submitted event",
	                     "retention of the class" },
	[FAMILY_EVENTS] = { "avis:{" NAME26 "}:e", "all other events",
	                    "retention of the class, from the last event" },
	[FAMILY_MESSAGE_ID] = { "avis:i:*", "messages by Message-ID",
	                        "that of the last message in it" },
	[FAMILY_QUEUE_ID] = { "avis:q:*", "messages by queue id",
	                      "to the end of the month its messages go" },
	[FAMILY_RECIPIENT] = { "avis:t:*", "messages by recipient",
	                       "that of the last message in it" },
	[FAMILY_SENDER] = { "avis:f:*", "messages by sender",
	                    "that of the last message in it" },
	[FAMILY_SUPPRESSED] = { "avis:sup:*", "refusals and choices of people",
	                        "" },
	[FAMILY_CONSENT] = { "avis:con:*", "consents of a person",
	                     "consent_keep, from the last event" },
	[FAMILY_CAP] = { "avis:cap:*", "messages that count against a cap",
	                 "the cap's window" },
	[FAMILY_BOUNCES] = { "avis:bou:*", "hard bounces of an address",
	                     "the window of hard_bounces" },
	[FAMILY_WAY_OUT] = { "avis:out:*", "whose a token is",
	                     "to the end of the month way_out_keep ends" },
	[FAMILY_HELD] = { "avis:held", "messages on hold",
	                  "13 months from the last change" },
	[FAMILY_LATE] = { "avis:late", "unsubscribed before submitted",
	                  "30 days" },
	[FAMILY_CURSOR] = { "avis:{w:*}:cursor", "how far a journal was read",
	                    "13 months" },
	[FAMILY_COUNTS] = { "avis:{w:*}:n:*", "events of a writer and day",
	                    "13 months" },
	[FAMILY_GAPS] = { "avis:{w:*}:gaps", "what a writer missed",
	                  "13 months from the last" },
	[FAMILY_SCHEMA] = { SCHEMA_KEY, "version of all this", "" },
};

const struct family_row *
schema_family(enum family family)
{
	return &families[family];
}

void
schema_message_key(enum family family, struct message_id id,
                   char key_r[SCHEMA_KEY_SIZE])
{
	char name[MESSAGE_NAME_SIZE];

	message_id_name(id, name);
	snprintf(key_r, SCHEMA_KEY_SIZE, "avis:{%s}%s", name,
	         family == FAMILY_EVENTS ? ":e" : "");
}

/*
 * GDPR-7: the domain as it stands in DNS, all in lower case, tags and dots
 * kept. What is no domain there stays as it is written.
 */
size_t
schema_uniform_address(struct span text, char uniform_r[TEXT_BYTES])
{
	char ascii[IDN_DOMAIN_SIZE];
	size_t len = 0, at;
	bool is_ascii = true;

	text = span_trim(text);
	if (text.len > 0 && text.at[text.len - 1] == '.')
		text.len--;
	text = span_take(text, TEXT_BYTES);
	for (at = text.len; at > 0 && text.at[at - 1] != '@'; at--)
		is_ascii = is_ascii && (unsigned char)text.at[at - 1] < 0x80;
	for (; len < text.len; len++)
		uniform_r[len] = ascii_lower(text.at[len]);
	if (is_ascii || at == 0 || !idn_to_ascii(span_skip(text, at), ascii) ||
	    at + strlen(ascii) > TEXT_BYTES)
		return len;
	memcpy(uniform_r + at, ascii, strlen(ascii));
	return at + strlen(ascii);
}

static size_t
uniform_id(struct span text, char *out)
{
	text = span_trim(text);
	if (text.len > 1 && text.at[0] == '<' && text.at[text.len - 1] == '>')
		text = span_make(text.at + 1, text.len - 2);
	text = span_take(text, TEXT_BYTES);
	if (text.len > 0)
		memcpy(out, text.at, text.len);
	return text.len;
}

void
schema_hash_key(const struct keyring *keys, enum family family,
                struct span text, char key_r[SCHEMA_KEY_SIZE])
{
	const char *pattern = families[family].pattern;
	bool is_address = family == FAMILY_RECIPIENT || family == FAMILY_SENDER;
	char uniform[TEXT_BYTES], hash[KEYED_HASH_SIZE];
	size_t len = is_address ? schema_uniform_address(text, uniform)
	                        : uniform_id(text, uniform);

	/* The pattern is the label too: hashes of two families differ. */
	keyring_hash(keys, pattern, span_make(uniform, len), hash);
	snprintf(key_r, SCHEMA_KEY_SIZE, "%.*s%.*s", (int)strlen(pattern) - 1,
	         pattern, HASH_DIGITS, hash);
}

static struct tm
in_utc(time_ms_t when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm;
}

time_ms_t
schema_next_month(time_ms_t when)
{
	struct tm tm = in_utc(when);
	struct tm next = { .tm_year = tm.tm_year,
		           .tm_mon = tm.tm_mon + 1,
		           .tm_mday = 1 };

	return (time_ms_t)timegm(&next) * 1000;
}

void
schema_queue_key(const struct keyring *keys, const char *queue_id,
                 time_ms_t expiry, char key_r[SCHEMA_KEY_SIZE],
                 char score_r[SCHEMA_SCORE_SIZE])
{
	struct tm tm = in_utc(expiry);
	char hash[KEYED_HASH_SIZE], digits[SCORE_DIGITS + 1];

	keyring_hash(keys, families[FAMILY_QUEUE_ID].pattern, span_of(queue_id),
	             hash);
	snprintf(key_r, SCHEMA_KEY_SIZE, "avis:q:%04d%02d:%.2s",
	         tm.tm_year + 1900, tm.tm_mon + 1, hash);
	/* 52 bits: a score is a double. */
	snprintf(digits, sizeof(digits), "%.*s", SCORE_DIGITS, hash + 2);
	snprintf(score_r, SCHEMA_SCORE_SIZE, "%llu",
	         strtoull(digits, NULL, 16));
}

void
schema_writer_key(enum family family, const char *writer, const char *day,
                  char key_r[SCHEMA_KEY_SIZE])
{
	if (family == FAMILY_CURSOR)
		snprintf(key_r, SCHEMA_KEY_SIZE, "avis:{w:%s}:cursor", writer);
	else if (family == FAMILY_GAPS)
		snprintf(key_r, SCHEMA_KEY_SIZE, "avis:{w:%s}:gaps", writer);
	else
		snprintf(key_r, SCHEMA_KEY_SIZE, "avis:{w:%s}:n:%s", writer,
		         day);
}

time_ms_t
schema_expiry(const struct event *event)
{
	return event->time +
	       (event->retention_ms > 0 ? event->retention_ms : SCHEMA_KEEP_MS);
}
