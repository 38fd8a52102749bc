#include "base/squeeze.h"

#include <stdint.h>

#include <zlib.h>

#include "base/log.h"

#define RAW_WINDOW (-15)
#define PART_BYTES 16384
/* What is short wants no large tables: setting them up costs the most. */
#define SHORT_BYTES  ((size_t)3072)
#define SHORT_WINDOW (-13)
#define SHORT_MEMORY 4

static Bytef *
loose(const char *at)
{
	return (Bytef *)(uintptr_t)at;
}

static void
must(bool is_good)
{
	/* Out of memory, or a bug of ours. */
	if (!is_good)
		log_fatal("zlib failed");
}

void
squeeze_add(struct span bytes, struct span dictionary, struct buf *out)
{
	z_stream stream = { .next_in = loose(bytes.at),
		            .avail_in = (uInt)bytes.len };
	char part[PART_BYTES];
	bool is_short = bytes.len <= SHORT_BYTES;
	int state;

	must(deflateInit2(&stream, 9, Z_DEFLATED,
	                  is_short ? SHORT_WINDOW : RAW_WINDOW,
	                  is_short ? SHORT_MEMORY : 9,
	                  Z_DEFAULT_STRATEGY) == Z_OK);
	if (dictionary.len > 0)
		must(deflateSetDictionary(&stream, loose(dictionary.at),
		                          (uInt)dictionary.len) == Z_OK);
	do {
		stream.next_out = (Bytef *)part;
		stream.avail_out = sizeof(part);
		state = deflate(&stream, Z_FINISH);
		must(state == Z_OK || state == Z_STREAM_END);
		buf_add(out, part, sizeof(part) - stream.avail_out);
	} while (state != Z_STREAM_END);
	deflateEnd(&stream);
}

enum result
squeeze_undo(struct span squeezed, struct span dictionary, struct buf *out,
             struct error *err)
{
	z_stream stream = { .next_in = loose(squeezed.at),
		            .avail_in = (uInt)squeezed.len };
	char part[PART_BYTES];
	int state;

	must(inflateInit2(&stream, RAW_WINDOW) == Z_OK);
	if (dictionary.len > 0)
		must(inflateSetDictionary(&stream, loose(dictionary.at),
		                          (uInt)dictionary.len) == Z_OK);
	do {
		stream.next_out = (Bytef *)part;
		stream.avail_out = sizeof(part);
		state = inflate(&stream, Z_NO_FLUSH);
		buf_add(out, part, sizeof(part) - stream.avail_out);
	} while (state == Z_OK && !out->is_full);
	inflateEnd(&stream);
	if (state == Z_STREAM_END && stream.avail_in == 0 && !out->is_full)
		return RESULT_OK;
	error_set(err, "the squeezed bytes are broken");
	return RESULT_BAD;
}
