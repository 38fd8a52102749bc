#ifndef BASE_SQUEEZE_H
#define BASE_SQUEEZE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Bytes made fewer, as raw deflate (RFC 1951); squeeze.c is an adapter for
 * zlib. A dictionary of what is likely to stand in them helps short texts:
 * the same one is needed to get them back. SPAN("") for none.
 */
void squeeze_add(struct span bytes, struct span dictionary, struct buf *out);

/* Appends to out. BAD: broken, or more than out's limit. */
enum result squeeze_undo(struct span squeezed, struct span dictionary,
                         struct buf *out, struct error *err) MUST_CHECK;

#endif
