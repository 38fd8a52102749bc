#ifndef RECORD_CAP_H
#define RECORD_CAP_H

#include "record/batch.h"
#include "record/person.h"
#include "record/redis.h"

/*
 * How often a person may be written to: the class's cap and the person's own
 * ("fewer"). One script on the server trims, counts and reserves, so that
 * two hosts cannot both send the last one.
 */
#define CAP_SHA "0a5d36b5cc981237efd082d6b6a1584c95d31ecc"
extern const char cap_script[];

#define CAP_MEMBER_SIZE 13

/* By the message's name: a retry after a 4xx counts once. */
void cap_member(const struct keyring *keys, const char *message,
                char member_r[CAP_MEMBER_SIZE]);

struct cap_question {
	const char *person;
	const char *class_name;
	struct span member;
	unsigned count;
	int64_t window_ms; /* 0: only the person's own */
	bool is_marketing; /* the person's own counts */
};

void cap_ask(const struct cap_question *question, time_ms_t now,
             struct batch *batch);
void cap_read(const struct redis_reply *reply, struct store_answer *answer);

/* Two commands. */
void cap_release(const struct cap_question *question, struct batch *batch);

#endif
