#ifndef CLI_REBUILD_H
#define CLI_REBUILD_H

#include "cli/open.h"
#include "record/event.h"

/*
 * The message as it left, from what its class kept: the whole of it, or its
 * header. Written to a file only once every digest in the record agrees.
 */
bool rebuild_message(const struct opened *opened,
                     const struct event_list *events, const char *path);

#endif
