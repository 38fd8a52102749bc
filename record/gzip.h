#ifndef RECORD_GZIP_H
#define RECORD_GZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A file that may be compressed, read as what it was before: gzip.c is the
 * adapter for zlib and its only user.
 */
struct gzip;

/* A file without gzip's mark is read as it is. NONE: there is no such file. */
enum result gzip_open(const char *path, struct gzip **gzip_r,
                      struct error *err) MUST_CHECK;
void gzip_close(struct gzip **gzip);

/* Past that many bytes of text. NONE: it has fewer. */
enum result gzip_skip(struct gzip *gzip, uint64_t bytes,
                      struct error *err) MUST_CHECK;

/* NONE: the end. */
enum result gzip_read(struct gzip *gzip, void *at, size_t room, size_t *len_r,
                      struct error *err) MUST_CHECK;

#endif
