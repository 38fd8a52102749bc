#include "record/bundle_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

#define PLACE_BYTES ((size_t)16 * 1024)

void
bundle_place_write(const struct bundle_place *place, struct buf *out)
{
	char hex[DIGEST_HEX_SIZE];

	buf_printf(out,
	           "log_id %s\nseq %llu\nhead %03llu\nindex %llu\nsize %llu\n",
	           place->event.writer,
	           (unsigned long long)place->event.sequence,
	           (unsigned long long)place->event.head,
	           (unsigned long long)place->event.index,
	           (unsigned long long)place->size);
	for (size_t i = 0; i < place->path.count; i++) {
		digest_hex(place->path.nodes[i], hex);
		buf_printf(out, "path %s\n", hex);
	}
}

static uint64_t
number_in(struct span line, const char *name)
{
	size_t len = strlen(name);

	return span_starts(line, name) && line.len > len + 1
	               ? strtoull(line.at + len + 1, NULL, 10)
	               : 0;
}

static bool
read_line(struct bundle_place *place, struct span line)
{
	struct merkle_path *path = &place->path;
	struct span name = span_take(line, span_find(line, ' ', 0));
	struct span value = span_skip(line, name.len + 1);

	if (span_is(name, "log_id"))
		snprintf(place->event.writer, sizeof(place->event.writer),
		         SPAN_FMT, SPAN_ARG(value));
	else if (span_is(name, "seq"))
		place->event.sequence = number_in(line, "seq");
	else if (span_is(name, "head"))
		place->event.head = number_in(line, "head");
	else if (span_is(name, "index"))
		place->event.index = number_in(line, "index");
	else if (span_is(name, "size"))
		place->size = number_in(line, "size");
	else
		return span_is(name, "path") && path->count < MERKLE_LEVELS &&
		       decode_hex(value, path->nodes[path->count++],
		                  DIGEST_BYTES);
	return true;
}

enum result
bundle_place_read(struct span bytes, struct bundle_place *place_r,
                  struct error *err)
{
	struct bundle_place place = { .size = 0 };
	struct span rest = bytes, line;
	struct buf again;
	bool is_good = true;

	while (is_good && span_line(&rest, &line))
		is_good = read_line(&place, line);
	buf_init(&again, PLACE_BYTES);
	bundle_place_write(&place, &again);
	is_good = is_good && span_equal(buf_as_span(&again), bytes);
	buf_done(&again);
	if (!is_good) {
		error_set(err, "not a place in a tree as we write it");
		return RESULT_BAD;
	}
	*place_r = place;
	return RESULT_OK;
}

bool
bundle_is_summed(const char *name)
{
	static const char *const others[] = { BUNDLE_SUMS, BUNDLE_MANIFEST,
		                              BUNDLE_SIGNATURE, BUNDLE_STAMP,
		                              BUNDLE_SEALED };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return true;
}
