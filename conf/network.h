#ifndef CONF_NETWORK_H
#define CONF_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * An IPv4 or IPv6 network. IPv4 is held as ::ffff:0:0/96 says, so a client
 * that comes as ::ffff:192.0.2.1 is in 192.0.2.0/24.
 */
struct network {
	uint8_t bytes[16];
	unsigned bits; /* of 128 */
};

/*
 * "192.0.2.0/24", "2001:db8::/32", "192.0.2.1", "[::1]". BAD: no address, a
 * length out of range, or bits set behind the length.
 */
enum result network_parse(const char *text, struct network *network_r,
                          struct error *err) MUST_CHECK;

/* As network_parse for one address, without a length. */
bool network_parse_address(const char *text, struct network *address_r);

bool network_holds(const struct network *network,
                   const struct network *address);

#endif
