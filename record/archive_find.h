#ifndef RECORD_ARCHIVE_FIND_H
#define RECORD_ARCHIVE_FIND_H

#include "record/archive.h"
#include "record/find.h"

/*
 * Entries of the archive, found by its index: each block that may have what
 * is asked for is opened, and every entry in it shown. The newest segments
 * come first. record/local.c puts this together with the journals.
 */

/* Of the index by Message-ID, queue id, recipient or sender: the first of
 * them that the query names. visit says false when it has enough. */
enum result archive_by_query(struct archive *archive,
                             const struct find_query *query,
                             archive_visit *visit, void *context,
                             struct error *err) MUST_CHECK;
enum result archive_by_message(struct archive *archive,
                               struct message_id message, archive_visit *visit,
                               void *context, struct error *err) MUST_CHECK;

#endif
