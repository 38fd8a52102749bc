#ifndef RECORD_MAILLOG_OLD_H
#define RECORD_MAILLOG_OLD_H

#include "conf/settings.h"
#include "record/archive.h"
#include "record/maillog.h"

/*
 * The archive's answer to a line of an old log, for what the store has
 * forgotten. What was read from logs since something was last archived is
 * looked for in our own journal, so that no line is recorded twice.
 */
struct maillog_old;

/* NULL: there is no archive. writer: whose journal has the lines. */
struct maillog_old *maillog_old_new(const struct settings *settings,
                                    const struct keyring *keys,
                                    const char *writer);
void maillog_old_free(struct maillog_old **old);

enum result maillog_old_find(struct maillog_old *old, struct arena *arena,
                             const struct maillog_question *question,
                             struct event_list *events_r,
                             struct error *err) MUST_CHECK;

#endif
