#include "milter/health.h"

#include <stdlib.h>
#include <time.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#define EVERY_S      30
#define TIMEOUT_MS   5000L
#define ADDRESS_ROOM 2048

struct health {
	struct service *service;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_stopping;
};

static size_t
drop_answer(char *at, size_t size, size_t count, void *context)
{
	(void)at;
	(void)context;
	return size * count;
}

static bool
is_healthy(CURL *curl, const char *web)
{
	const char *authorities = getenv("SSL_CERT_FILE");
	struct buf address;
	long status = 0;

	buf_init(&address, ADDRESS_ROOM);
	buf_printf(&address, "%s/health", web);
	curl_easy_setopt(curl, CURLOPT_URL, address.data);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
	/* As OpenSSL's own programs: a site's own authority is named so. */
	if (authorities != NULL && authorities[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);

	CURLcode code = curl_easy_perform(curl);

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	buf_done(&address);
	return code == CURLE_OK && status == 200;
}

static void
check_once(struct health *health, CURL *curl)
{
	struct snapshot *snapshot = service_hold(health->service);
	const char *web = snapshot->settings->web;
	bool is_well = web[0] != '\0' && is_healthy(curl, web);
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
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		abort();
	pthread_mutex_lock(&health->lock);
	while (!health->is_stopping) {
		pthread_mutex_unlock(&health->lock);
		check_once(health, curl);
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
	curl_easy_cleanup(curl);
	return NULL;
}

struct health *
health_start(struct service *service)
{
	struct health *health;
	pthread_condattr_t clock;

	if (service->now->settings->web[0] == '\0')
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
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
	curl_global_cleanup();
}
