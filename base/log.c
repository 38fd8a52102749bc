#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_BYTES 2048

static const char *log_program = "avis";
static enum log_target log_target = LOG_TO_STDERR;
static _Atomic enum log_level log_limit = LOG_LEVEL_INFO;
static bool log_is_journald;

static const struct {
	const char *word;
	int priority;
} log_levels[] = {
	[LOG_LEVEL_ERROR] = { "error: ", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warning: ", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug: ", LOG_DEBUG },
};

void
log_open(const char *program, enum log_target target)
{
	log_program = program;
	log_target = target;
	log_is_journald = getenv("JOURNAL_STREAM") != NULL;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_set_level(enum log_level level)
{
	atomic_store(&log_limit, level);
}

void
log_set_level_named(const char *word)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARN] = "warn",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};
	enum log_level level = LOG_LEVEL_INFO;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			level = (enum log_level)i;
	log_set_level(level);
}

/* One write(2) a line, so that lines of threads do not mix. */
static void
log_to_stderr(enum log_level level, const char *text)
{
	char line[LINE_BYTES + 128];
	char prefix[8] = "";
	int len;

	if (log_is_journald)
		snprintf(prefix, sizeof(prefix), "<%d>",
		         log_levels[level].priority);
	len = snprintf(line, sizeof(line), "%s%s: %s%s\n", prefix, log_program,
	               log_levels[level].word, text);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nobody is left to tell */
}

static void FORMAT_LIKE(2, 0)
	log_line(enum log_level level, const char *format, va_list args)
{
	char text[LINE_BYTES];

	if (level > atomic_load_explicit(&log_limit, memory_order_relaxed))
		return;
	vsnprintf(text, sizeof(text), format, args);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (log_target == LOG_TO_SYSLOG)
		syslog(log_levels[level].priority, "%s%s",
		       log_levels[level].word, text);
	else
		log_to_stderr(level, text);
}

#define LOG_FUNCTION(name, level)                                              \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		log_line(level, format, args);                                 \
		va_end(args);                                                  \
	}

LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)

void
log_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
	exit(1);
}

void
log_warn_gated(struct log_gate *gate, const char *format, ...)
{
	long now_s = (long)(clock_steady_us() / 1000000) + 60;
	long last_s = atomic_load(&gate->last_s);
	char text[LINE_BYTES];
	va_list args;

	if (now_s - last_s < 60 ||
	    !atomic_compare_exchange_strong(&gate->last_s, &last_s, now_s)) {
		atomic_fetch_add(&gate->held_back, 1);
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	unsigned long held_back = atomic_exchange(&gate->held_back, 0);

	if (held_back > 0)
		log_warn("%s (and %lu more since the last such line)", text,
		         held_back);
	else
		log_warn("%s", text);
}
