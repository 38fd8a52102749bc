#ifndef MAIL_BOUNCE_ADDRESS_H
#define MAIL_BOUNCE_ADDRESS_H

#include <stddef.h>

#include "mail/bounce_scan.h"

/*
 * Which addresses in a notice are the recipients it speaks of. Only the best
 * grade there is counts, so that a host's talk about other addresses adds no
 * recipient.
 */
struct found_list {
	struct found_address *items;
	size_t count;
	size_t room;
	size_t scanned; /* how many stood in the notice */
};

/* The chosen ones in their order; each address once. */
void bounce_addresses(const struct notice *notice, const char *const *sent,
                      size_t sent_count, struct found_list *found_r);

#endif
