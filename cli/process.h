#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "base/arena.h"
#include "base/error.h"

/*
 * Runs a program with these words (argv[0] is looked up in PATH and in the
 * sbin folders, no shell) and gives what it wrote to its output, at most
 * 4 MB; what it says to its errors is dropped. NONE: there is no such
 * program. BAD: it ended with another code than 0, or said too much. RETRY:
 * it was stopped after ten seconds.
 */
enum result process_output(struct arena *arena, const char *const *argv,
                           const char **text_r, struct error *err) MUST_CHECK;

#endif
