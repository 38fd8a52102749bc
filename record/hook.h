#ifndef RECORD_HOOK_H
#define RECORD_HOOK_H

#include <stdbool.h>

#include "base/keyring.h"
#include "conf/settings.h"
#include "record/event.h"
#include "record/hook_cursor.h"
#include "record/store.h"

/*
 * Another system is told of what people say (GDPR-10, article 19): each event
 * of the journals of this host that it wants is posted to its URL, in the
 * order in which they were recorded, signed, at least once; its id stays the
 * same, so that the receiver can tell a repetition.
 *
 * A receiver that is away, busy (429) or broken (5xx) holds all that follows:
 * it gets them in order when it is back. One that refuses an event (other
 * 4xx) is asked again a few times, then the event is put aside and told.
 */
struct hook;

struct hook_options {
	const struct settings *settings;
	const struct hook_settings *hook;
	const struct keyring *keys;
	struct store *store;
};

/*
 * BAD: the secret cannot be read, the folder not written, or another process
 * serves this receiver.
 */
enum result hook_open(const struct hook_options *options, struct hook **hook_r,
                      struct error *err) MUST_CHECK;
/* Keeps how far it is. */
void hook_close(struct hook **hook);

/*
 * The next event. OK: one was posted, or put aside. NONE: nothing to do for
 * now. RETRY: not taken, the text says why; call again after *wait_ms_r.
 */
enum result hook_step(struct hook *hook, int64_t *wait_ms_r,
                      struct error *err) MUST_CHECK;

/* Something is read and waits for its turn. */
bool hook_has_more(const struct hook *hook);

/* Posts an event of no meaning; status_r is the answer's. */
enum result hook_try(const struct hook_options *options, long *status_r,
                     struct error *err) MUST_CHECK;

const char *hook_name(const struct hook *hook);

/* The word of an event for receivers; 0: it is none of theirs. */
unsigned hook_event_of(const struct event *event);
const char *hook_event_word(unsigned bit);

#endif
