#include "web/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, **last;
	bool is_stopping;
	job_run *run;
	size_t count;
	pthread_t *threads;
};

static void *
work(void *context)
{
	struct workers *workers = context;

	pthread_mutex_lock(&workers->lock);
	while (workers->first != NULL || !workers->is_stopping) {
		struct job *job = workers->first;

		if (job == NULL) {
			pthread_cond_wait(&workers->wake, &workers->lock);
			continue;
		}
		workers->first = job->next;
		if (workers->first == NULL)
			workers->last = &workers->first;
		pthread_mutex_unlock(&workers->lock);
		workers->run(job);
		pthread_mutex_lock(&workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

struct workers *
workers_new(size_t count, job_run *run)
{
	struct workers *workers = memory_zeroed(1, sizeof(*workers));

	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->wake, NULL);
	workers->last = &workers->first;
	workers->run = run;
	workers->count = count;
	workers->threads = memory_zeroed(count, sizeof(pthread_t));
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&workers->threads[i], NULL, work, workers) !=
		    0)
			log_fatal("cannot start a thread");
	return workers;
}

void
workers_push(struct workers *workers, struct job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&workers->lock);
	*workers->last = job;
	workers->last = &job->next;
	pthread_cond_signal(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
}

void
workers_free(struct workers **workers)
{
	if (*workers == NULL)
		return;
	pthread_mutex_lock(&(*workers)->lock);
	(*workers)->is_stopping = true;
	pthread_cond_broadcast(&(*workers)->wake);
	pthread_mutex_unlock(&(*workers)->lock);
	for (size_t i = 0; i < (*workers)->count; i++)
		pthread_join((*workers)->threads[i], NULL);
	pthread_cond_destroy(&(*workers)->wake);
	pthread_mutex_destroy(&(*workers)->lock);
	free((*workers)->threads);
	free(*workers);
	*workers = NULL;
}
