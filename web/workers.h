#ifndef WEB_WORKERS_H
#define WEB_WORKERS_H

#include <stddef.h>

/* Threads that take jobs from one queue, in the order they came. */
struct workers;

/* Lies in whatever the job is about; the queue owns nothing. */
struct job {
	struct job *next;
};
typedef void job_run(struct job *job);

struct workers *workers_new(size_t count, job_run *run);
void workers_push(struct workers *workers, struct job *job);
/* Does what is queued first. */
void workers_free(struct workers **workers);

#endif
