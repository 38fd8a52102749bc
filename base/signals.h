#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include "base/error.h"

/*
 * What a daemon hears: SIGHUP (read the settings again), SIGTERM and SIGINT
 * (stop). Only main waits for them; SIGPIPE is ignored.
 */
enum signal_word {
	SIGNAL_RELOAD,
	SIGNAL_STOP
};

/* Before any thread starts; main keeps these signals unblocked. */
enum result signals_take(struct error *err) MUST_CHECK;

/* Waits. Reloads that came together are one; a stop goes before them. */
enum signal_word signals_wait(void);

/* From any thread: main hears SIGNAL_STOP. */
void signals_stop(void);

/*
 * Threads inherit the mask: what is started between the two never sees the
 * signals, so that a library cannot take them for itself.
 */
void signals_block(void);
void signals_unblock(void);

#endif
