#ifndef BASE_NO_REPLY_H
#define BASE_NO_REPLY_H

#include <stdbool.h>

#include "base/span.h"

/*
 * Does a name say that nobody reads what is sent there? In lower case,
 * without a +tag, digits at the end and the separators - _ . it is noreply,
 * donotreply, nereply, nepasrepondre, nonrispondere, keineantwort, or begins
 * with norespond (ADR-5). The whole name counts, never a part: monoreply is
 * none. Here because messages and settings are both asked.
 */
bool no_reply_name(struct span name);

#endif
