#include "record/bounce.h"

#include <stdlib.h>

bool
bounce_is_hard(const char *status)
{
	unsigned long subject, detail;
	char *end;

	if (status[0] != '5' || status[1] != '.')
		return false;
	subject = strtoul(status + 2, &end, 10);
	if (end == status + 2 || *end != '.')
		return false;
	status = end + 1;
	detail = strtoul(status, &end, 10);
	if (end == status || *end != '\0')
		return false;
	if (subject == 2)
		return detail == 1;
	return subject == 1 && detail != 7 && detail != 8;
}
