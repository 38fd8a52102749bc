#ifndef RECORD_MAILLOG_FIND_H
#define RECORD_MAILLOG_FIND_H

#include "record/find.h"
#include "record/maillog.h"
#include "record/store.h"

/*
 * The store's answer to a line of the log: the message that had this queue
 * id on that host at that time, with all its events. With several, the last
 * one sent before the line; a Message-ID that differs rules one out (F-13).
 */
enum result maillog_find(struct arena *arena, struct store *store,
                         const struct maillog_question *question,
                         struct event_list *events_r,
                         struct error *err) MUST_CHECK;

/* The same in two steps, for whoever asks another than the store. */
struct find_query maillog_query(const struct maillog_question *question);
bool maillog_fits(const struct event_list *events,
                  const struct maillog_question *question);

#endif
