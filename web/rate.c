#include "web/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

#define SETS 4096
#define WAYS 8

struct bucket {
	uint8_t client[16];
	int64_t last_us; /* 0: never used */
	double left;
};

struct rate {
	pthread_mutex_t lock;
	double limit;
	double per_us;
	uint64_t seed; /* nobody can aim at the bucket of another */
	struct bucket sets[SETS][WAYS];
};

struct rate *
rate_new(unsigned count, int64_t ms)
{
	struct rate *rate = memory_zeroed(1, sizeof(*rate));

	pthread_mutex_init(&rate->lock, NULL);
	rate->limit = count;
	rate->per_us = ms > 0 ? count / ((double)ms * 1000) : 0;
	random_bytes(&rate->seed, sizeof(rate->seed));
	return rate;
}

void
rate_free(struct rate **rate)
{
	if (*rate == NULL)
		return;
	pthread_mutex_destroy(&(*rate)->lock);
	free(*rate);
	*rate = NULL;
}

static size_t
set_of(const struct rate *rate, const uint8_t client[16])
{
	uint64_t hash = rate->seed;

	for (size_t i = 0; i < 16; i++) {
		hash = (hash ^ client[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return (size_t)(hash % SETS);
}

/* The client's own, or that of who has been quiet longest. */
static struct bucket *
find_bucket(struct rate *rate, const uint8_t client[16])
{
	struct bucket *set = rate->sets[set_of(rate, client)];
	struct bucket *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].last_us != 0 &&
		    memcmp(set[i].client, client, 16) == 0)
			return &set[i];
		if (set[i].last_us < oldest->last_us)
			oldest = &set[i];
	}
	memcpy(oldest->client, client, 16);
	oldest->last_us = 0;
	return oldest;
}

static unsigned
take(struct rate *rate, struct bucket *bucket, unsigned cost, int64_t now_us)
{
	if (bucket->last_us == 0)
		bucket->left = rate->limit;
	else if (now_us > bucket->last_us)
		bucket->left +=
			(double)(now_us - bucket->last_us) * rate->per_us;
	if (bucket->left > rate->limit)
		bucket->left = rate->limit;
	bucket->last_us = now_us;
	if (bucket->left < cost)
		return 1 +
		       (unsigned)((cost - bucket->left) / rate->per_us / 1e6);
	bucket->left -= cost;
	return 0;
}

void
rate_charge(struct rate *rate, const struct network *client, unsigned cost,
            int64_t now_us)
{
	struct bucket *bucket;

	if (rate->per_us <= 0)
		return;
	pthread_mutex_lock(&rate->lock);
	bucket = find_bucket(rate, client->bytes);
	if (take(rate, bucket, cost, now_us) > 0)
		bucket->left -= cost;
	pthread_mutex_unlock(&rate->lock);
}

unsigned
rate_take(struct rate *rate, const struct network *client, unsigned cost,
          int64_t now_us)
{
	unsigned wait_s;

	if (rate->per_us <= 0)
		return 0;
	pthread_mutex_lock(&rate->lock);
	wait_s = take(rate, find_bucket(rate, client->bytes), cost, now_us);
	pthread_mutex_unlock(&rate->lock);
	return wait_s;
}
