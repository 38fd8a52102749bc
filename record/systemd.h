#ifndef RECORD_SYSTEMD_H
#define RECORD_SYSTEMD_H

#include "record/maillog_input.h"

/*
 * The journal of systemd as a mail log: entries of the syslog facility mail.
 * systemd.c is the adapter for libsystemd and its only user.
 */
struct systemd_log;

enum result systemd_log_open(const struct maillog_input_options *options,
                             struct systemd_log **log_r,
                             struct error *err) MUST_CHECK;
void systemd_log_close(struct systemd_log **log);
enum result systemd_log_next(struct systemd_log *log,
                             struct maillog_entry *entry_r,
                             struct error *err) MUST_CHECK;
void systemd_log_cursor(const struct systemd_log *log,
                        char cursor_r[MAILLOG_CURSOR_SIZE]);
bool systemd_log_lost(struct systemd_log *log);

#endif
