#include "milter/health.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/transfer.h"

#define EVERY_S    30
#define TIMEOUT_MS 5000

struct health {
	struct service *service;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_stopping;
};

static bool
is_healthy(struct transfer *transfer, const char *web)
{
	struct arena *arena = arena_new();
	const struct transfer_request request = {
		.url = arena_printf(arena, "%s/health", web),
		.timeout_ms = TIMEOUT_MS,
	};
	struct transfer_answer answer;
	struct error err;
	bool is_well = transfer_run(arena, transfer, &request, &answer, &err) ==
	                       RESULT_OK &&
	               answer.status == 200;

	arena_free(&arena);
	return is_well;
}

static void
check_once(struct health *health, struct transfer *transfer)
{
	struct snapshot *snapshot = snapshot_hold(health->service->place);
	const char *web = snapshot->settings->web;
	bool is_well = web[0] != '\0' && is_healthy(transfer, web);
	bool was_well =
		atomic_exchange(&health->service->web_is_healthy, is_well);

	if (is_well != was_well && web[0] != '\0')
		log_warn("%s/health %s", web,
		         is_well ? "answers: one-click links are given out"
		                 : "does not answer: no one-click links");
	snapshot_release(snapshot);
}

static void *
health_run(void *context)
{
	struct health *health = context;
	struct transfer *transfer = transfer_new();

	pthread_mutex_lock(&health->lock);
	while (!health->is_stopping) {
		pthread_mutex_unlock(&health->lock);
		check_once(health, transfer);
		pthread_mutex_lock(&health->lock);

		const struct timespec until = {
			.tv_sec = clock_steady_us() / 1000000 + EVERY_S
		};

		while (!health->is_stopping &&
		       pthread_cond_timedwait(&health->wake, &health->lock,
		                              &until) == 0)
			continue;
	}
	pthread_mutex_unlock(&health->lock);
	transfer_free(&transfer);
	return NULL;
}

struct health *
health_start(struct service *service)
{
	struct health *health;
	pthread_condattr_t clock;

	if (service->first->settings->web[0] == '\0')
		return NULL;
	health = memory_zeroed(1, sizeof(*health));
	health->service = service;
	pthread_mutex_init(&health->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&health->wake, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&health->thread, NULL, health_run, health) != 0)
		log_fatal("cannot start a thread");
	return health;
}

void
health_stop(struct health **health)
{
	if (*health == NULL)
		return;
	pthread_mutex_lock(&(*health)->lock);
	(*health)->is_stopping = true;
	pthread_cond_signal(&(*health)->wake);
	pthread_mutex_unlock(&(*health)->lock);
	pthread_join((*health)->thread, NULL);
	pthread_cond_destroy(&(*health)->wake);
	pthread_mutex_destroy(&(*health)->lock);
	free(*health);
	*health = NULL;
}
