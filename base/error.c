#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
error_clean(struct error *err)
{
	for (char *p = err->text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

void
error_set(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	error_clean(err);
}

void
error_prefix(struct error *err, const char *format, ...)
{
	struct error old = *err;
	va_list args;
	int used;

	va_start(args, format);
	used = vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof(err->text))
		snprintf(err->text + used, sizeof(err->text) - (size_t)used,
		         ": %s", old.text);
	error_clean(err);
}

void
error_errno(struct error *err, int number, const char *format, ...)
{
	char reason[128];
	va_list args;

	if (strerror_r(number, reason, sizeof(reason)) != 0)
		snprintf(reason, sizeof(reason), "errno %d", number);
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	size_t used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", reason);
	error_clean(err);
}
