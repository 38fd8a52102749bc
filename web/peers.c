#include "web/peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/client.h"

#define STEP_US 250000

struct peers {
	pthread_mutex_t lock; /* over the list and each peer's until_us */
	pthread_cond_t wake;
	pthread_t thread;
	struct peer *first;
	bool is_stopping;
};

/* Its owner finds the connection closed, and removes it. */
static void
cut_late(struct peers *peers)
{
	int64_t now_us = clock_steady_us();

	for (struct peer *peer = peers->first; peer != NULL; peer = peer->next)
		if (peer->until_us <= now_us) {
			shutdown(peer->fd, SHUT_RDWR);
			peer->until_us = INT64_MAX;
		}
}

static void *
run(void *context)
{
	struct peers *peers = context;

	pthread_mutex_lock(&peers->lock);
	while (!peers->is_stopping) {
		int64_t next_us = clock_steady_us() + STEP_US;
		const struct timespec until = {
			.tv_sec = next_us / 1000000,
			.tv_nsec = next_us % 1000000 * 1000,
		};

		cut_late(peers);
		pthread_cond_timedwait(&peers->wake, &peers->lock, &until);
	}
	pthread_mutex_unlock(&peers->lock);
	return NULL;
}

struct peers *
peers_new(void)
{
	struct peers *peers = memory_zeroed(1, sizeof(*peers));
	pthread_condattr_t clock;

	pthread_mutex_init(&peers->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&peers->wake, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&peers->thread, NULL, run, peers) != 0)
		log_fatal("cannot start a thread");
	return peers;
}

void
peers_free(struct peers **peers)
{
	if (*peers == NULL)
		return;
	pthread_mutex_lock(&(*peers)->lock);
	(*peers)->is_stopping = true;
	pthread_cond_signal(&(*peers)->wake);
	pthread_mutex_unlock(&(*peers)->lock);
	pthread_join((*peers)->thread, NULL);
	pthread_cond_destroy(&(*peers)->wake);
	pthread_mutex_destroy(&(*peers)->lock);
	free(*peers);
	*peers = NULL;
}

struct peer *
peers_add(struct peers *peers, int fd, const struct network *address,
          bool is_proxy)
{
	struct peer *peer = memory_zeroed(1, sizeof(*peer));

	peer->fd = fd;
	peer->address = *address;
	peer->is_proxy = is_proxy;
	peer->until_us = INT64_MAX;
	pthread_mutex_lock(&peers->lock);
	peer->next = peers->first;
	peer->link = &peers->first;
	if (peer->next != NULL)
		peer->next->link = &peer->next;
	peers->first = peer;
	pthread_mutex_unlock(&peers->lock);
	return peer;
}

void
peers_remove(struct peers *peers, struct peer *peer)
{
	pthread_mutex_lock(&peers->lock);
	*peer->link = peer->next;
	if (peer->next != NULL)
		peer->next->link = peer->link;
	pthread_mutex_unlock(&peers->lock);
	free(peer);
}

void
peers_give(struct peers *peers, struct peer *peer, int64_t until_us)
{
	pthread_mutex_lock(&peers->lock);
	peer->until_us = until_us;
	pthread_mutex_unlock(&peers->lock);
}

size_t
peers_count(struct peers *peers, const struct network *address)
{
	struct network network = client_network(address);
	size_t count = 0;

	pthread_mutex_lock(&peers->lock);
	for (struct peer *peer = peers->first; peer != NULL; peer = peer->next)
		count += network_holds(&network, &peer->address);
	pthread_mutex_unlock(&peers->lock);
	return count;
}
