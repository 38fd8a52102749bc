#ifndef RECORD_MAILLOG_FILE_H
#define RECORD_MAILLOG_FILE_H

#include "record/maillog_input.h"

/* A log file and what rotation made of it: see record/maillog_input.h. */
struct maillog_file;

enum result maillog_file_open(const struct maillog_input_options *options,
                              struct maillog_file **file_r,
                              struct error *err) MUST_CHECK;
void maillog_file_close(struct maillog_file **file);
enum result maillog_file_next(struct maillog_file *file,
                              struct maillog_entry *entry_r,
                              struct error *err) MUST_CHECK;
void maillog_file_cursor(const struct maillog_file *file,
                         char cursor_r[MAILLOG_CURSOR_SIZE]);
bool maillog_file_lost(struct maillog_file *file);

#endif
