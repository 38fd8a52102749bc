#ifndef RECORD_FRAME_H
#define RECORD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/span.h"

/*
 * One frame of a journal: how bytes on disk become an entry and a sealed
 * payload. The form is drawn in record/journal.h.
 *
 *     | body length | CRC-32C of body | entry length | entry | sealed |
 *       4             4                 4              ...     ...
 */
#define FRAME_HEAD_BYTES  8
#define FRAME_SALT_BYTES  16
#define FRAME_ENTRY_LIMIT ((size_t)4 * 1024)
#define FRAME_PLAIN_LIMIT ((size_t)8 * 1024 * 1024) /* salt and payload */
#define FRAME_BODY_LIMIT                                                       \
	(4 + FRAME_ENTRY_LIMIT + FRAME_PLAIN_LIMIT + SEAL_EXTRA_BYTES)

enum frame_state {
	FRAME_WHOLE,
	FRAME_END,   /* no bytes at all */
	FRAME_SHORT, /* the bytes end inside it */
	FRAME_BROKEN /* lengths or checksum are wrong */
};

struct frame {
	struct span entry;
	struct span sealed;
	size_t size; /* of all of it; when SHORT: how much is needed */
};

/* Reads the frame at the start of bytes; spans point into them. */
enum frame_state frame_read(struct span bytes, struct frame *frame_r);

/* Adds a frame; plain (salt and payload) is sealed with the key. */
void frame_write(struct buf *out, struct span entry, struct span plain,
                 const uint8_t key[SEAL_KEY_BYTES]);

/*
 * Where the next whole frame starts, from that position on: bytes.len when
 * there is none. Looks for the way every entry begins, so that a damaged
 * megabyte costs no more than reading it.
 */
size_t frame_search(struct span bytes, size_t from);

#endif
