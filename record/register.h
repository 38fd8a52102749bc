#ifndef RECORD_REGISTER_H
#define RECORD_REGISTER_H

#include "base/clock.h"
#include "record/event.h"
#include "record/redis.h"
#include "record/schema.h"

/*
 * How a person's word is kept in Redis so that the later one wins, in
 * whatever order and however often journals are read (GDPR-4): each subject
 * is a member of a sorted set, its score is
 *
 *     1000 * milliseconds since 1970 + code
 *
 * and is only ever raised (ZADD GT). Of two words of the same millisecond
 * the greater code wins: the one that refuses. 2^53 holds that until 2255.
 *
 * Ten million people cost little that way: they share sorted sets, and a
 * small sorted set is a few bytes an entry. The first 18 bits of a person's
 * name choose the set (avis:sup:{abc}), the last 80 begin the member.
 */
#define REGISTER_CODES   1000
#define REGISTER_BUCKETS (64 * 64 * 64)

enum register_code {
	REGISTER_UNSAID = -1,
	REGISTER_YES = 1, /* mail, receipts, a consent */
	REGISTER_NO = 2,
	REGISTER_BOUNCED = 3, /* a no of ours: nobody is there (STAT-4) */
	REGISTER_POST = 2,    /* the channel: 1 is mail */
	REGISTER_TELEPHONE = 3,
	REGISTER_FR = 1, /* the language */
	REGISTER_EN = 2,
};

struct register_value {
	time_ms_t time; /* 0: nothing was said */
	int code;
};

/* Subjects beside the names of classes, which have no such letters. */
#define REGISTER_ALL        "*"
#define REGISTER_RECEIPTS   "/receipts"
#define REGISTER_MEASURE    "/measure"
#define REGISTER_CHANNEL    "/channel"
#define REGISTER_LANGUAGE   "/language"
#define REGISTER_FEWER      "/fewer"
#define REGISTER_RESTRICTED "/restricted"

#define REGISTER_MEMBER_SIZE 80

/* False: not a name of a person. */
bool register_is_person(const char *person);

/* "avis:sup:{abc}" */
void register_key(const char person[PERSON_SIZE], char key_r[SCHEMA_KEY_SIZE]);
void register_bucket_key(unsigned bucket, char key_r[SCHEMA_KEY_SIZE]);

/* "avis:con:{abc}:REST", of one person; suffix "" or ":more". */
void register_own_key(enum family family, const char person[PERSON_SIZE],
                      const char *suffix, char key_r[SCHEMA_KEY_SIZE]);

/* The member of a shared set, in bytes; gives it in the storage given. */
struct span register_member(const char person[PERSON_SIZE], const char *subject,
                            char bytes_r[REGISTER_MEMBER_SIZE]);

/* Back: whose it is and about what. False: not a member of ours. */
bool register_read_member(unsigned bucket, struct span member,
                          char person_r[PERSON_SIZE], struct span *subject_r);

void register_score(time_ms_t time, int code, char text_r[SCHEMA_SCORE_SIZE]);
/* No mail, whoever said so. */
bool register_refuses(struct register_value value);
struct register_value register_read(const struct redis_reply *score);

#endif
