#ifndef BASE_IDN_H
#define BASE_IDN_H

#include <stdbool.h>

#include "base/span.h"

/*
 * Domain names in the letters of people. base/idn.c is the adapter for
 * libidn2 and its only user.
 */
#define IDN_DOMAIN_SIZE 256

/*
 * The domain as DNS and SMTP have it, "xn--exmple-cua.fr". False: it cannot
 * be said that way (IDNA 2008).
 */
bool idn_to_ascii(struct span domain, char ascii_r[IDN_DOMAIN_SIZE]);

#endif
