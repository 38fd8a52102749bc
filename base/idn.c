#include "base/idn.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN_BYTES 1024 /* in UTF-8 */

bool
idn_to_ascii(struct span domain, char ascii_r[IDN_DOMAIN_SIZE])
{
	char text[DOMAIN_BYTES + 1];
	char *ascii = NULL;
	bool is_done;

	if (domain.len > DOMAIN_BYTES)
		return false;
	memcpy(text, domain.at, domain.len);
	text[domain.len] = '\0';
	is_done = strlen(text) == domain.len &&
	          idn2_to_ascii_8z(text, &ascii,
	                           IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
	                  IDN2_OK &&
	          strlen(ascii) < IDN_DOMAIN_SIZE;
	if (is_done)
		snprintf(ascii_r, IDN_DOMAIN_SIZE, "%s", ascii);
	idn2_free(ascii);
	return is_done;
}
