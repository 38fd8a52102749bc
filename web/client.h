#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include <stdbool.h>

#include "base/span.h"
#include "conf/network.h"

/*
 * Who is asking: the peer of the connection, or, when that is a proxy we
 * trust, whoever the proxy says it is. Clients are told apart by network,
 * not by address: /24 of IPv4, /56 of IPv6 is what one household or site
 * has, and a whole address would be personal data (GDPR-11).
 */
struct client_trust {
	const struct network *proxies; /* whose word is taken */
	size_t proxy_count;
	bool is_rfc7239; /* Forwarded; else X-Forwarded-For */
};

bool client_is_proxy(const struct client_trust *trust,
                     const struct network *address);

/*
 * peer is a proxy we trust; value: the header that it adds to, its lines
 * joined by commas. The last address that is not a proxy of ours; the last
 * that can be read when there is none.
 */
struct network client_behind(const struct client_trust *trust,
                             const struct network *peer, struct span value);

/* Cut to its network. */
struct network client_network(const struct network *address);

#define CLIENT_TEXT_SIZE 64
/* "192.0.2.0/24", "2001:db8:0:100::/56" */
void client_text(const struct network *network, char text_r[CLIENT_TEXT_SIZE]);

#endif
