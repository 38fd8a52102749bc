#ifndef MILTER_HEALTH_H
#define MILTER_HEALTH_H

#include "milter/service.h"

/*
 * Asks the public pages now and then whether they are well (LST-4 c): a
 * one-click link is only given out while somebody answers it.
 */
struct health;

/* NULL when no `web` is set. Starts a thread. */
struct health *health_start(struct service *service);
void health_stop(struct health **health);

#endif
