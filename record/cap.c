#include "record/cap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "record/person_keys.h"

#define NUMBER_SIZE 24

/*
 * KEYS: the person's refusals and choices, messages of the class, messages
 * of all marketing. ARGV: now, this message, count and window of the class
 * (0: no cap), the person's own cap as a member of the first key ("": does
 * not count). Answers: is it over, how many others are in the window, the
 * limit, when there is room again.
 */
const char cap_script[] =
	"local now, me = tonumber(ARGV[1]), ARGV[2]\n"
	"local function look(key, limit, window)\n"
	"  redis.call('ZREMRANGEBYSCORE', key, '-inf',\n"
	"    string.format('%.0f', now - window))\n"
	"  local used = redis.call('ZCARD', key)\n"
	"  if redis.call('ZSCORE', key, me) then\n"
	"    return { false, used - 1, limit, 0 }\n"
	"  end\n"
	"  if used < limit then return { false, used, limit, 0 } end\n"
	"  local free = redis.call('ZRANGE', key, used - limit, used - limit,\n"
	"    'WITHSCORES')\n"
	"  return { true, used, limit, (tonumber(free[2]) or now) + window }\n"
	"end\n"
	"local function reserve(key, window)\n"
	"  redis.call('ZADD', key, 'NX', ARGV[1], me)\n"
	"  redis.call('PEXPIRE', key, string.format('%.0f', window))\n"
	"end\n"
	"local limit, window = tonumber(ARGV[3]), tonumber(ARGV[4])\n"
	"local days, own, class = 0, nil, nil\n"
	"if ARGV[5] ~= '' then\n"
	"  local said = redis.call('ZSCORE', KEYS[1], ARGV[5])\n"
	"  local code = said and tonumber(said) % 1000 or 0\n"
	"  days = code % 100 * 86400000\n"
	"  if days > 0 then own = look(KEYS[3], math.floor(code / 100), days) "
	"end\n"
	"end\n"
	"if window > 0 then class = look(KEYS[2], limit, window) end\n"
	"local worst = class or own or { false, 0, 0, 0 }\n"
	"if own and own[1] and not (class and class[1] and class[4] > own[4]) "
	"then\n"
	"  worst = own\n"
	"end\n"
	"if not worst[1] then\n"
	"  if class then reserve(KEYS[2], window) end\n"
	"  if own then reserve(KEYS[3], days) end\n"
	"end\n"
	"return { worst[1] and 1 or 0, worst[2], worst[3],\n"
	"  string.format('%.0f', worst[4]) }\n";

void
cap_member(const struct keyring *keys, const char *message,
           char member_r[CAP_MEMBER_SIZE])
{
	char hash[KEYED_HASH_SIZE];

	keyring_hash(keys, "cap", span_of(message), hash);
	snprintf(member_r, CAP_MEMBER_SIZE, "%.*s", CAP_MEMBER_SIZE - 1, hash);
}

struct cap_keys {
	char person[SCHEMA_KEY_SIZE];
	char class[SCHEMA_KEY_SIZE];
	char all[SCHEMA_KEY_SIZE];
};

static void
make_keys(const struct cap_question *question, struct cap_keys *keys)
{
	char suffix[SCHEMA_KEY_SIZE / 2];

	snprintf(suffix, sizeof(suffix), ":%.*s", (int)sizeof(suffix) - 2,
	         question->class_name);
	register_key(question->person, keys->person);
	register_own_key(FAMILY_CAP, question->person, suffix, keys->class);
	register_own_key(FAMILY_CAP, question->person, "", keys->all);
}

void
cap_ask(const struct cap_question *question, time_ms_t now, struct batch *batch)
{
	char when[NUMBER_SIZE], count[NUMBER_SIZE], window[NUMBER_SIZE];
	char bytes[REGISTER_MEMBER_SIZE];
	struct cap_keys keys;
	struct span own = SPAN("");

	make_keys(question, &keys);
	snprintf(when, sizeof(when), "%lld", (long long)now);
	snprintf(count, sizeof(count), "%u", question->count);
	snprintf(window, sizeof(window), "%lld",
	         (long long)question->window_ms);
	if (question->is_marketing)
		own = register_member(question->person, REGISTER_FEWER, bytes);
	BATCH(batch, SPAN("EVALSHA"), SPAN(CAP_SHA), SPAN("3"),
	      span_of(keys.person), span_of(keys.class), span_of(keys.all),
	      span_of(when), question->member, span_of(count), span_of(window),
	      own);
}

void
cap_read(const struct redis_reply *reply, struct store_answer *answer)
{
	if (reply->count != 4)
		return;
	answer->is_over_cap = reply->items[0].number == 1;
	answer->cap_used = (unsigned)reply->items[1].number;
	answer->cap_limit = (unsigned)reply->items[2].number;
	answer->cap_next =
		(time_ms_t)strtoll(reply->items[3].text.at, NULL, 10);
}

void
cap_release(const struct cap_question *question, struct batch *batch)
{
	struct cap_keys keys;

	make_keys(question, &keys);
	BATCH(batch, SPAN("ZREM"), span_of(keys.class), question->member);
	BATCH(batch, SPAN("ZREM"), span_of(keys.all), question->member);
}
