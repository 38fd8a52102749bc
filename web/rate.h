#ifndef WEB_RATE_H
#define WEB_RATE_H

#include <stdint.h>

#include "conf/network.h"

/*
 * How much one client network may ask: a bucket that fills at a steady rate
 * and holds as much as the limit. In a table of fixed size: when many
 * networks come at once, who has been quiet longest is forgotten first. Safe
 * from any thread.
 */
struct rate;

/* count requests in `ms`; ms 0: no limit. */
struct rate *rate_new(unsigned count, int64_t ms);
void rate_free(struct rate **rate);

/*
 * Takes cost out of the bucket, at the time now_us. 0, or how many seconds
 * until it may ask again.
 */
unsigned rate_take(struct rate *rate, const struct network *client,
                   unsigned cost, int64_t now_us);

/* For what was done already: also what is not there is owed. */
void rate_charge(struct rate *rate, const struct network *client, unsigned cost,
                 int64_t now_us);

#endif
