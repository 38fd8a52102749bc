#ifndef CLI_BUNDLE_H
#define CLI_BUNDLE_H

#include "cli/open.h"
#include "record/bundle.h"

/*
 * avis proof --bundle: makes it, has it sealed and signed, by ourselves where
 * the key may be read and else by the sealing process, and writes it to path.
 * Gives the exit code.
 */
int bundle_answer(const struct opened *opened,
                  const struct bundle_request *request, const char *path);

#endif
