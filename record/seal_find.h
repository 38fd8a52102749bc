#ifndef RECORD_SEAL_FIND_H
#define RECORD_SEAL_FIND_H

#include "conf/settings.h"
#include "record/head.h"

/*
 * The head over an entry: the earliest with a stamp; the earliest, when none
 * has one. Looked for among the seals, then in the archive. RETRY: none
 * reaches that far yet. BAD: one does, and was made without it.
 */
enum result seal_find(struct arena *arena, const struct settings *settings,
                      const char *writer, uint64_t sequence,
                      struct head_file *file_r, struct error *err) MUST_CHECK;

#endif
