#include "web/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BITS (96 + 24)
#define IPV6_BITS 56

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
client_is_proxy(const struct client_trust *trust, const struct network *address)
{
	for (size_t i = 0; i < trust->proxy_count; i++)
		if (network_holds(&trust->proxies[i], address))
			return true;
	return false;
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711" */
static bool
read_node(struct span node, struct network *address_r)
{
	char text[INET6_ADDRSTRLEN + 2];
	size_t colon = span_find(node, ':', 0);

	if (node.len > 0 && node.at[0] == '[')
		node = span_take(node, span_find(node, ']', 0) + 1);
	else if (span_find(node, ':', colon + 1) == node.len)
		node = span_take(node, colon);
	if (node.len >= sizeof(text))
		return false;
	memcpy(text, node.at, node.len);
	text[node.len] = '\0';
	return network_parse_address(text, address_r);
}

/* The value of "for" in one element of Forwarded (RFC 7239, 4). */
static struct span
forwarded_for(struct span element)
{
	while (element.len > 0) {
		size_t end = span_find(element, ';', 0);
		struct span pair = span_trim(span_take(element, end));
		struct span value = span_skip(pair, 4);

		element = span_skip(element, end + 1);
		if (!span_starts(pair, "for="))
			continue;
		if (value.len >= 2 && value.at[0] == '"' &&
		    value.at[value.len - 1] == '"')
			value = span_make(value.at + 1, value.len - 2);
		return value;
	}
	return SPAN("");
}

struct network
client_behind(const struct client_trust *trust, const struct network *peer,
              struct span value)
{
	struct network found = *peer;
	bool is_proxy = true;

	/* From the right: what stands further left, anybody may have put. */
	while (value.len > 0 && is_proxy) {
		size_t start = value.len;
		struct network next;

		while (start > 0 && value.at[start - 1] != ',')
			start--;

		struct span element = span_trim(span_skip(value, start));

		value = span_take(value, start > 0 ? start - 1 : 0);
		if (trust->is_rfc7239)
			element = forwarded_for(element);
		if (!read_node(element, &next))
			break;
		found = next;
		is_proxy = client_is_proxy(trust, &found);
	}
	return found;
}

static bool
is_ipv4(const struct network *network)
{
	return memcmp(network->bytes, mapped, sizeof(mapped)) == 0;
}

struct network
client_network(const struct network *address)
{
	struct network network = *address;
	unsigned bits = is_ipv4(address) ? IPV4_BITS : IPV6_BITS;

	memset(network.bytes + bits / 8, 0, sizeof(network.bytes) - bits / 8);
	network.bits = bits;
	return network;
}

void
client_text(const struct network *network, char text_r[CLIENT_TEXT_SIZE])
{
	char address[INET6_ADDRSTRLEN] = "";
	bool is_4 = is_ipv4(network);

	inet_ntop(is_4 ? AF_INET : AF_INET6, network->bytes + (is_4 ? 12 : 0),
	          address, sizeof(address));
	snprintf(text_r, CLIENT_TEXT_SIZE, "%s/%u", address,
	         network->bits - (is_4 ? 96 : 0));
}
