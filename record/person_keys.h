#ifndef RECORD_PERSON_KEYS_H
#define RECORD_PERSON_KEYS_H

#include "record/person.h"
#include "record/register.h"

/* How record/person.c and what feeds it name things in Redis. */

/* Consents of a person: members of avis:con, behind the class's name. */
#define CONSENT_MEMBER_RECEIVE "/receive"
#define CONSENT_MEMBER_OPEN    "/open"
#define CONSENT_MEMBER_CLICK   "/click"
#define CONSENT_MEMBER_SOFT    "/soft"
#define CONSENT_MEMBER_TEXT    "/="

/* The code of "fewer": count * REGISTER_DAYS + days. */
#define REGISTER_DAYS 100

const char *register_channel(struct register_value value);
const char *register_language(struct register_value value);

/*
 * What an event says about a person: the subject and its code, by kind and
 * detail. False: it is about no choice.
 */
bool register_choice(const struct event *event, const char **subject_r,
                     int *code_r);

/*
 * Ways out: one hash for each month in which they end and first 12 bits of
 * the message's name; the field is the other 15 bytes (four bits stand in
 * both), the value whose it is and which class.
 */
#define WAY_OUT_LONGEST_MS ((int64_t)3653 * 24 * 3600 * 1000)
void way_out_key(struct message_id id, time_ms_t expiry,
                 char key_r[SCHEMA_KEY_SIZE]);
struct span way_out_field(const struct message_id *id);
void way_out_write(const struct keyring *keys, const struct event *submitted,
                   struct buf *out);
bool way_out_read(struct arena *arena, struct span value,
                  struct person_of_token *found_r);

/* One question for each month in which one of now or before may end. */
void way_out_ask(struct message_id id, struct batch *batch);
bool way_out_among(struct arena *arena, const struct redis_reply *replies,
                   size_t count, struct person_of_token *found_r);

#endif
