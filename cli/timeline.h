#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdio.h>

#include "record/case.h"

/*
 * A case as text for a terminal. Times are local to this machine, with the
 * zone of the first event given once.
 */
void timeline_print(struct arena *arena, const struct case_file *file,
                    FILE *out);

#endif
