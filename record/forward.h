#ifndef RECORD_FORWARD_H
#define RECORD_FORWARD_H

#include <stdbool.h>

#include "record/journal.h"
#include "record/store.h"

/*
 * Feeds Redis from one writer's journal, in order, pipelined, idempotently:
 * every write is keyed by the event, so reading again is harmless. The
 * cursor lives in Redis with the data: an emptied Redis is filled again from
 * the first entry, one that lost its last second goes back just as far.
 */
struct forwarder;

/* Starts a thread. It waits for Redis as long as it takes. */
struct forwarder *forwarder_start(const char *folder, const char *writer,
                                  struct store *store,
                                  const struct keyring *keys);
/* Call after each sync of the journal; any thread. */
void forwarder_wake(void *forwarder);
/*
 * Waits until Redis holds all that was in the journal at the call: a report
 * may come back within milliseconds of its message. False after wait_ms.
 */
bool forwarder_wait_current(struct forwarder *forwarder, int64_t wait_ms);
/* Lets it finish what is there, at most wait_ms. */
void forwarder_stop(struct forwarder **forwarder, int64_t wait_ms);

/*
 * The same work once, from the first entry to the last, for `avis journal
 * replay`: progress is called now and then.
 */
enum result forward_all(const char *folder, const char *writer,
                        struct store *store, const struct keyring *keys,
                        void (*progress)(uint64_t done, uint64_t total),
                        struct error *err) MUST_CHECK;

#endif
