#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Runs a program with these words (argv[0] is looked up in PATH and in the
 * sbin folders, no shell) and gives what it wrote to its output, at most
 * 4 MB; what it says to its errors is dropped. NONE: there is no such
 * program. BAD: it ended with another code than 0, or said too much. RETRY:
 * it was stopped after ten seconds.
 */
enum result process_output(struct arena *arena, const char *const *argv,
                           const char **text_r, struct error *err) MUST_CHECK;

/*
 * The same for one that reads its input, or says more, or takes longer. A
 * NUL in what it says ends the text.
 */
struct process_request {
	const char *const *argv;
	struct span input;
	size_t limit;
	int64_t budget_ms;
};
enum result process_run(struct arena *arena,
                        const struct process_request *request,
                        const char **text_r, struct error *err) MUST_CHECK;

#endif
