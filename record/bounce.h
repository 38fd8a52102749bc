#ifndef RECORD_BOUNCE_H
#define RECORD_BOUNCE_H

#include <stdbool.h>

/*
 * Is the address gone for good (STAT-4)? By the enhanced status code alone:
 * 5.1.x is about the address, 5.2.1 says that the mailbox is closed. 5.1.7
 * and 5.1.8 are about the sender, 5.7.x about our reputation (BULK-5).
 */
bool bounce_is_hard(const char *status);

#endif
