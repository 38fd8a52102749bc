#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include <stdbool.h>

#include "base/keyring.h"
#include "base/token.h"
#include "record/event.h"

/*
 * Which keys there are in Redis, how they are named, and how long they live:
 * one table. avis-store(5) describes each row.
 */
#define SCHEMA_KEY     "avis:schema"
#define SCHEMA_VERSION "2"

/* For what says nothing itself: thirteen months (GDPR-12). */
#define SCHEMA_KEEP_MS ((int64_t)396 * 24 * 3600 * 1000)
#define SCHEMA_LATE_MS ((int64_t)30 * 24 * 3600 * 1000)
#define SCHEMA_PAST_MS ((int64_t)24 * 3600 * 1000)

enum family {
	FAMILY_MESSAGE,
	FAMILY_EVENTS,
	FAMILY_MESSAGE_ID,
	FAMILY_QUEUE_ID,
	FAMILY_RECIPIENT,
	FAMILY_SENDER,
	FAMILY_SUPPRESSED,
	FAMILY_CONSENT,
	FAMILY_CAP,
	FAMILY_BOUNCES,
	FAMILY_WAY_OUT,
	FAMILY_HELD,
	FAMILY_LATE,
	FAMILY_CURSOR,
	FAMILY_COUNTS,
	FAMILY_GAPS,
	FAMILY_SCHEMA,
	FAMILIES
};

struct family_row {
	const char *pattern; /* as for fnmatch(3) and SCAN */
	const char *what;
	const char *ttl; /* the rule in words; "" : for ever */
};
const struct family_row *schema_family(enum family family);

#define SCHEMA_KEY_SIZE 128

/* "avis:{NAME}" and "avis:{NAME}:e" */
void schema_message_key(enum family family, struct message_id id,
                        char key_r[SCHEMA_KEY_SIZE]);

/*
 * The key of an index: a keyed hash of the text, which is made uniform first
 * (addresses in lower case: GDPR-7; Message-IDs without their brackets).
 */
void schema_hash_key(const struct keyring *keys, enum family family,
                     struct span text, char key_r[SCHEMA_KEY_SIZE]);

/*
 * Queue ids are asked for rarely and there is one a message: they share keys,
 * one for each month in which messages go and first byte of the hash. The
 * rest of the hash is the score.
 */
#define SCHEMA_SCORE_SIZE 20
void schema_queue_key(const struct keyring *keys, const char *queue_id,
                      time_ms_t expiry, char key_r[SCHEMA_KEY_SIZE],
                      char score_r[SCHEMA_SCORE_SIZE]);
/* The text of an address that is hashed; gives its length. */
#define SCHEMA_ADDRESS_BYTES 1024
size_t schema_uniform_address(struct span text,
                              char uniform_r[SCHEMA_ADDRESS_BYTES]);

/* The first moment of the next month, UTC. */
time_ms_t schema_next_month(time_ms_t when);

/* day is "2026-11-21", or "" for the cursor. */
void schema_writer_key(enum family family, const char *writer, const char *day,
                       char key_r[SCHEMA_KEY_SIZE]);

/* When what this event writes goes away. */
time_ms_t schema_expiry(const struct event *event);

/*
 * An event as Redis holds it: packed, then sealed under the newest store
 * key. Facts that are of no use there (the raw report) are left out.
 */
void schema_pack(const struct keyring *keys, const struct event *event,
                 struct buf *out);
/* message: whose key the value was under. BAD: an unknown store key, or
 * changed bytes. */
enum result schema_unpack(struct arena *arena, const struct keyring *keys,
                          struct message_id message, struct span value,
                          struct event *event_r, struct error *err) MUST_CHECK;

#endif
