#include "base/random.h"

#include <stdlib.h>
#include <sys/random.h>

/* Up to so many bytes come whole, whatever signal arrives (getrandom(2)). */
#define WHOLE_BYTES 256

void
random_bytes(void *at_r, size_t len)
{
	char *at = at_r;

	while (len > 0) {
		ssize_t got =
			getrandom(at, len < WHOLE_BYTES ? len : WHOLE_BYTES, 0);

		if (got <= 0)
			abort();
		at += got;
		len -= (size_t)got;
	}
}
