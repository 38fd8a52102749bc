#include "record/maillog_tls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "record/maillog_queue.h"

#define PROCESSES  4096
#define HOST_BYTES 256

struct process {
	unsigned pid;
	bool is_open;
	bool is_used; /* by queue_id; a line of another one needs is_reused */
	char queue_id[MAILLOG_ID_SIZE];
	char host[HOST_BYTES];
	char address[64];
	struct maillog_tls_connection connection;
};

struct maillog_tls {
	struct process processes[PROCESSES];
};

struct maillog_tls *
maillog_tls_new(void)
{
	return memory_zeroed(1, sizeof(struct maillog_tls));
}

void
maillog_tls_free(struct maillog_tls **tls)
{
	free(*tls);
	*tls = NULL;
}

static void
keep(char *place, size_t size, struct span text)
{
	snprintf(place, size, SPAN_FMT, SPAN_ARG(span_take(text, size - 1)));
}

void
maillog_tls_open(struct maillog_tls *tls, unsigned pid,
                 const struct maillog_fact *fact)
{
	struct process *process = &tls->processes[pid % PROCESSES];
	struct maillog_tls_connection *connection = &process->connection;

	*process = (struct process){ .pid = pid, .is_open = true };
	keep(process->host, sizeof(process->host), fact->host);
	keep(process->address, sizeof(process->address), fact->address);
	keep(connection->version, sizeof(connection->version),
	     fact->tls_version);
	keep(connection->cipher, sizeof(connection->cipher), fact->tls_cipher);
	keep(connection->trust, sizeof(connection->trust), fact->tls_trust);
}

void
maillog_tls_lost(struct maillog_tls *tls, unsigned pid)
{
	struct process *process = &tls->processes[pid % PROCESSES];

	if (process->pid == pid)
		process->is_open = false;
}

/* Sendmail names no address when the connection begins. */
static bool
is_same_server(const struct process *process, const struct maillog_fact *fact)
{
	return span_is(fact->host, process->host) &&
	       (process->address[0] == '\0' ||
	        span_is(fact->address, process->address));
}

const struct maillog_tls_connection *
maillog_tls_find(struct maillog_tls *tls, unsigned pid,
                 const struct maillog_fact *fact)
{
	struct process *process = &tls->processes[pid % PROCESSES];

	if (pid == 0 || process->pid != pid || !process->is_open ||
	    !is_same_server(process, fact))
		return NULL;
	/* Without word of its reuse, the next message had a new connection. */
	if (process->is_used && !fact->is_reused &&
	    !span_equal(fact->queue_id, span_of(process->queue_id))) {
		process->is_open = false;
		return NULL;
	}
	process->is_used = true;
	keep(process->queue_id, sizeof(process->queue_id), fact->queue_id);
	return &process->connection;
}
