#ifndef WEB_BUILTIN_H
#define WEB_BUILTIN_H

#include "base/span.h"

/*
 * The files of web/templates, as they were when avis was built. builtin.c
 * is made from them by make.
 */
struct span builtin_bytes(const char *name);  /* empty: there is none */
const char *builtin_bytes_name(size_t index); /* NULL past the last one */

#endif
