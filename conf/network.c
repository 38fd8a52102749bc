#include "conf/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"

#define MAPPED_BITS 96

static const uint8_t mapped_start[12] = { 0, 0, 0, 0, 0,    0,
	                                  0, 0, 0, 0, 0xff, 0xff };

static bool
parse_ip(struct span text, struct network *network_r)
{
	char ip[INET6_ADDRSTRLEN];

	if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
		text = span_make(text.at + 1, text.len - 2);
	if (text.len >= sizeof(ip) || memchr(text.at, '\0', text.len) != NULL)
		return false;
	memcpy(ip, text.at, text.len);
	ip[text.len] = '\0';
	network_r->bits = 128;
	if (inet_pton(AF_INET6, ip, network_r->bytes) == 1)
		return true;
	memcpy(network_r->bytes, mapped_start, sizeof(mapped_start));
	return inet_pton(AF_INET, ip, network_r->bytes + 12) == 1;
}

bool
network_parse_address(const char *text, struct network *address_r)
{
	return parse_ip(span_of(text), address_r);
}

static bool
parse_length(struct span text, unsigned most, unsigned *length_r)
{
	unsigned length = 0;

	if (text.len < 1 || text.len > 3)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.at[i]))
			return false;
		length = length * 10 + (unsigned)(text.at[i] - '0');
	}
	*length_r = length;
	return length <= most;
}

/* Clears what lies behind the length; true when there was something. */
static bool
cut_host(struct network *network)
{
	bool had_host = false;

	for (unsigned bit = network->bits; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		had_host = had_host || (network->bytes[bit / 8] & mask) != 0;
		network->bytes[bit / 8] &= (uint8_t)~mask;
	}
	return had_host;
}

static void
print_ip(const struct network *network, bool is_mapped,
         char text_r[INET6_ADDRSTRLEN])
{
	int family = is_mapped ? AF_INET : AF_INET6;

	inet_ntop(family, network->bytes + (is_mapped ? 12 : 0), text_r,
	          INET6_ADDRSTRLEN);
}

enum result
network_parse(const char *text, struct network *network_r, struct error *err)
{
	struct span all = span_of(text);
	size_t slash = span_find(all, '/', 0);
	bool is_mapped = span_find(span_take(all, slash), ':', 0) ==
	                 span_take(all, slash).len;
	unsigned most = is_mapped ? 32 : 128, length = most;
	char fixed[INET6_ADDRSTRLEN];

	if (!parse_ip(span_take(all, slash), network_r)) {
		error_set(err, "is not an address or a network such as "
		               "192.0.2.0/24 or 2001:db8::/32");
		return RESULT_BAD;
	}
	if (slash < all.len &&
	    !parse_length(span_skip(all, slash + 1), most, &length)) {
		error_set(err, "wants a length of 0 to %u behind the /", most);
		return RESULT_BAD;
	}
	network_r->bits = length + (is_mapped ? MAPPED_BITS : 0);
	if (cut_host(network_r)) {
		print_ip(network_r, is_mapped, fixed);
		error_set(err,
		          "has bits set behind its length: %s/%u is "
		          "the network",
		          fixed, length);
		return RESULT_BAD;
	}
	return RESULT_OK;
}

bool
network_holds(const struct network *network, const struct network *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->bytes, address->bytes, whole) != 0)
		return false;
	if (rest == 0)
		return true;

	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return ((network->bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}
