#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/*
 * "did you mean": the name closest to what was typed, or "" when none is
 * close (more than a third of the letters would have to change). The walk
 * ends when name_at gives NULL.
 */
typedef const char *nearest_name_at(const void *names, size_t index);

const char *nearest_name(const char *typed, nearest_name_at *name_at,
                         const void *names);

#endif
