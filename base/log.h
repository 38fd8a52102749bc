#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/result.h"

/*
 * Five words, five meanings: debug, info, warn, error (this message or
 * request failed), fatal (cannot go on; exits 1). One line each, safe from
 * any thread. Control characters in arguments become '?': a header cannot
 * forge a log line.
 */
enum log_target {
	LOG_TO_STDERR, /* plain on a terminal, "<3>..." under systemd */
	LOG_TO_SYSLOG  /* facility mail */
};

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Before any thread starts. program is kept, not copied. */
void log_open(const char *program, enum log_target target);
void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug"; any other word is info. */
void log_set_level_named(const char *word);

void log_debug(const char *format, ...) FORMAT_LIKE(1, 2);
void log_info(const char *format, ...) FORMAT_LIKE(1, 2);
void log_warn(const char *format, ...) FORMAT_LIKE(1, 2);
void log_error(const char *format, ...) FORMAT_LIKE(1, 2);
void log_fatal(const char *format, ...) FORMAT_LIKE(1, 2)
	__attribute__((noreturn));

/*
 * At most one such line a minute, with the number held back: for what a
 * stranger or a broken part can cause thousands of times. `gate` is a
 * static variable of the caller, zero at start.
 */
struct log_gate {
	_Atomic long last_s;
	_Atomic unsigned long held_back;
};
void log_warn_gated(struct log_gate *gate, const char *format, ...)
	FORMAT_LIKE(2, 3);

#endif
