#include "record/ledger.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "record/forward.h"
#include "record/journal.h"

#define LOCK_STEP_MS 20

struct ledger {
	struct journal *journal;
	struct store *store;
	struct forwarder *forwarder;
};

/* Indexes must outlive the messages they lead to. */
int64_t
ledger_keep_ms(const struct settings *settings)
{
	int64_t longest_ms = 0;

	for (size_t i = 0; i < settings->class_count; i++)
		if (settings->classes[i].retention_ms > longest_ms)
			longest_ms = settings->classes[i].retention_ms;
	return longest_ms;
}

static enum result
open_journal(const struct settings *settings, const char *program,
             int64_t wait_ms, struct journal **journal_r, struct error *err)
{
	const struct journal_options options = {
		.folder = settings->journal,
		.host = settings->host,
		.program = program,
		.segment_bytes = settings->segment_bytes,
		.segment_age_ms = settings->segment_age_ms,
	};
	const struct timespec pause = { .tv_nsec = LOCK_STEP_MS * 1000000L };
	int64_t until_us = clock_steady_us() + wait_ms * 1000;
	enum result result;

	/* Commands that run at the same time take turns. */
	while ((result = journal_open(&options, journal_r, err)) != RESULT_OK &&
	       clock_steady_us() < until_us)
		nanosleep(&pause, NULL);
	return result;
}

enum result
ledger_open(const struct settings *settings, const struct keyring *keys,
            const char *program, int64_t wait_ms, struct ledger **ledger_r,
            struct error *err)
{
	const struct store_options options = {
		.url = settings->store,
		.budget_ms = settings->store_budget_ms,
		.keys = keys,
		.keep_ms = ledger_keep_ms(settings),
		.consent_keep_ms = settings->consent_keep_ms,
	};
	struct ledger *ledger = memory_zeroed(1, sizeof(*ledger));
	enum result result = store_open(&options, &ledger->store, err);

	if (result == RESULT_OK)
		result = open_journal(settings, program, wait_ms,
		                      &ledger->journal, err);
	if (result != RESULT_OK) {
		store_close(&ledger->store);
		free(ledger);
		return result;
	}
	ledger->forwarder = forwarder_start(settings->journal,
	                                    journal_writer(ledger->journal),
	                                    ledger->store, keys);
	journal_on_sync(ledger->journal, forwarder_wake, ledger->forwarder);
	*ledger_r = ledger;
	return RESULT_OK;
}

void
ledger_close(struct ledger **ledger, int64_t wait_ms)
{
	if (*ledger == NULL)
		return;
	forwarder_stop(&(*ledger)->forwarder, wait_ms);
	journal_close(&(*ledger)->journal);
	store_close(&(*ledger)->store);
	free(*ledger);
	*ledger = NULL;
}

enum result
ledger_append(struct ledger *ledger, const struct event *event,
              struct error *err)
{
	return journal_append(ledger->journal, event, err);
}

void
ledger_queue(struct ledger *ledger, const struct event *event,
             struct journal_ticket *ticket_r)
{
	journal_queue(ledger->journal, event, ticket_r);
}

enum result
ledger_wait(struct ledger *ledger, struct journal_ticket *ticket,
            struct error *err)
{
	return journal_wait(ledger->journal, ticket, err);
}

enum result
ledger_settle(struct ledger *ledger, int64_t wait_ms, struct error *err)
{
	if (forwarder_wait_current(ledger->forwarder, wait_ms))
		return RESULT_OK;
	error_set(err, "recorded, but the store cannot be reached: it takes "
	               "effect when the store is back");
	return RESULT_RETRY;
}

struct store *
ledger_store(struct ledger *ledger)
{
	return ledger->store;
}

const char *
ledger_writer(const struct ledger *ledger)
{
	return journal_writer(ledger->journal);
}
