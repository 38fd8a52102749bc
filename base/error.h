#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/result.h"

/*
 * One line of text about what went wrong, on the caller's stack. A function
 * returns an error or logs it, never both; logging is done once, at the top.
 */
struct error {
	char text[512];
};

/* Sets the text; control characters become '?', too long text is cut. */
void error_set(struct error *err, const char *format, ...) FORMAT_LIKE(2, 3);

/* Puts "prefix: " in front of what is there ("redis: timeout"). */
void error_prefix(struct error *err, const char *format, ...) FORMAT_LIKE(2, 3);

/* error_set with ": " and the text of the errno value at the end. */
void error_errno(struct error *err, int number, const char *format, ...)
	FORMAT_LIKE(3, 4);

#endif
