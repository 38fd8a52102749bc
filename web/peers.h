#ifndef WEB_PEERS_H
#define WEB_PEERS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/network.h"

/*
 * The connections that are open, and until when each may stay as it is: who
 * sends a byte now and then holds a place no longer than who sends nothing.
 * Safe from any thread.
 */
struct peers;
struct peer {
	struct network address;
	bool is_proxy;
	bool is_fresh; /* nothing asked yet; its server's to change */
	int fd;
	int64_t until_us; /* INT64_MAX: as long as it likes */
	struct peer *next, **link;
};

struct peers *peers_new(void); /* starts a thread */
void peers_free(struct peers **peers);

struct peer *peers_add(struct peers *peers, int fd,
                       const struct network *address, bool is_proxy);
/* Before fd is closed. */
void peers_remove(struct peers *peers, struct peer *peer);
void peers_give(struct peers *peers, struct peer *peer, int64_t until_us);

/* How many come from the network of this address. */
size_t peers_count(struct peers *peers, const struct network *address);

#endif
