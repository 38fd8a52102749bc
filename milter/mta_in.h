#ifndef MILTER_MTA_IN_H
#define MILTER_MTA_IN_H

#include "base/error.h"
#include "milter/service.h"

/*
 * The way in through libmilter: callbacks become session calls. One service
 * a process, given before the first connection.
 */

/* Registers the callbacks and opens the socket of settings->listen. */
enum result mta_in_open(struct service *service, struct error *err) MUST_CHECK;

/* Serves until mta_in_stop; from a thread of its own. True: all went well. */
bool mta_in_serve(void);
void mta_in_stop(void);

/*
 * Callbacks that use the record or the settings now. After mta_in_stop no
 * new ones begin; libmilter leaves idle connections open, which may last.
 */
unsigned long mta_in_busy(void);

#endif
