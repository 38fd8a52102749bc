#ifndef RECORD_LEDGER_H
#define RECORD_LEDGER_H

#include "base/error.h"
#include "base/keyring.h"
#include "conf/settings.h"
#include "record/event.h"
#include "record/journal.h"
#include "record/store.h"

/*
 * A writer's whole equipment in one: its journal, the store, and the thread
 * that feeds the one to the other. For avis-web and for the commands that
 * record something; safe from any thread.
 */
struct ledger;

/*
 * program names the writer ("web", "avis"). wait_ms: how long to wait for
 * another process of that name to let go of the journal, 0: not at all. BAD
 * and RETRY as journal_open.
 */
enum result ledger_open(const struct settings *settings,
                        const struct keyring *keys, const char *program,
                        int64_t wait_ms, struct ledger **ledger_r,
                        struct error *err) MUST_CHECK;

/* Lets the store be fed with what is there, at most wait_ms. */
void ledger_close(struct ledger **ledger, int64_t wait_ms);

/* On disk when it returns: as journal_append. */
enum result ledger_append(struct ledger *ledger, const struct event *event,
                          struct error *err) MUST_CHECK;

/*
 * The same in two steps, for those who record many: a thousand queued events
 * share one wait for the disk. As journal_queue and journal_wait.
 */
void ledger_queue(struct ledger *ledger, const struct event *event,
                  struct journal_ticket *ticket_r);
enum result ledger_wait(struct ledger *ledger, struct journal_ticket *ticket,
                        struct error *err) MUST_CHECK;

/*
 * Waits until the store holds all that was appended before. RETRY after
 * wait_ms: it is recorded and will take effect, but not yet.
 */
enum result ledger_settle(struct ledger *ledger, int64_t wait_ms,
                          struct error *err) MUST_CHECK;

/* The longest retention of any class, for store_options.keep_ms. */
int64_t ledger_keep_ms(const struct settings *settings);

struct store *ledger_store(struct ledger *ledger);
const char *ledger_writer(const struct ledger *ledger);

#endif
