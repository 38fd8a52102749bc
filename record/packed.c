#include "record/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/squeeze.h"
#include "record/frame.h"
#include "record/packed_form.h"

struct packed {
	char path[PATH_MAX];
	int keys;
	struct span bytes; /* the whole file, mapped */
	uint64_t first;
	uint64_t blocks;
	uint64_t entries;
	struct span offsets;

	/* the block */
	struct span sealed;  /* of the next entry and those behind it */
	struct buf squeezed; /* its entries, one a line, without prev */
	struct span rest;    /* of squeezed */
	uint64_t sequence;   /* of the next entry */
	uint32_t left;
	uint8_t prev[DIGEST_BYTES];

	struct buf entry;
	struct buf plain;
};

static enum result
broken(const struct packed *packed, const char *what, struct error *err)
{
	error_set(err, "%s: %s", packed->path, what);
	return RESULT_BAD;
}

static enum result
map_file(struct packed *packed, struct error *err)
{
	int fd = open(packed->path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0) {
		error_errno(err, errno, "cannot open %s", packed->path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	if (fstat(fd, &status) != 0 || status.st_size < PACKED_LEAST) {
		close(fd);
		return broken(packed, "it is cut short", err);
	}
	/* Files of an archive never change but for being replaced whole. */
	void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE,
	                fd, 0);
	close(fd);
	if (at == MAP_FAILED) {
		error_errno(err, errno, "cannot read %s", packed->path);
		return RESULT_BAD;
	}
	packed->bytes = span_make(at, (size_t)status.st_size);
	return RESULT_OK;
}

static enum result
read_tail(struct packed *packed, struct error *err)
{
	struct span bytes = packed->bytes;
	size_t end = bytes.len - PACKED_TAIL;
	const char *tail = bytes.at + end;

	if (memcmp(bytes.at, PACKED_HEAD, PACKED_MAGIC) != 0 ||
	    memcmp(bytes.at + bytes.len - PACKED_MAGIC, PACKED_END,
	           PACKED_MAGIC) != 0)
		return broken(packed,
		              "it is no segment of an archive, or cut "
		              "short",
		              err);
	packed->first = packed_get(bytes.at + PACKED_MAGIC, 8);
	packed->blocks = packed_get(tail, 8);
	packed->entries = packed_get(tail + 8, 8);
	if (packed->blocks > end / 8 ||
	    packed->blocks * 8 + PACKED_MAGIC + 8 > end)
		return broken(packed, "its tail is damaged", err);
	packed->offsets =
		span_make(tail - packed->blocks * 8, packed->blocks * 8);
	return RESULT_OK;
}

enum result
packed_open(const char *log_path, const char *keys_path,
            struct packed **packed_r, struct error *err)
{
	struct packed *packed = memory_zeroed(1, sizeof(*packed));

	snprintf(packed->path, sizeof(packed->path), "%s", log_path);
	packed->keys = -1;
	buf_init(&packed->squeezed, PACKED_RAW_LIMIT);
	buf_init(&packed->entry, FRAME_ENTRY_LIMIT + 1);
	buf_init(&packed->plain, FRAME_PLAIN_LIMIT + SEAL_EXTRA_BYTES);

	enum result result = map_file(packed, err);

	if (result == RESULT_OK)
		result = read_tail(packed, err);
	if (result == RESULT_OK) {
		packed->keys = open(keys_path, O_RDONLY | O_CLOEXEC);
		if (packed->keys < 0) {
			error_errno(err, errno, "cannot open %s", keys_path);
			result = RESULT_BAD;
		}
	}
	if (result != RESULT_OK)
		packed_close(&packed);
	else
		*packed_r = packed;
	return result;
}

void
packed_close(struct packed **packed)
{
	struct packed *old = *packed;

	if (old == NULL)
		return;
	if (old->bytes.len > 0)
		munmap((void *)(uintptr_t)old->bytes.at, old->bytes.len);
	if (old->keys >= 0)
		close(old->keys);
	buf_done(&old->squeezed);
	buf_done(&old->entry);
	buf_done(&old->plain);
	free(old);
	*packed = NULL;
}

uint32_t
packed_blocks(const struct packed *packed)
{
	return (uint32_t)packed->blocks;
}

uint64_t
packed_entries(const struct packed *packed)
{
	return packed->entries;
}

uint64_t
packed_first(const struct packed *packed)
{
	return packed->first;
}

const uint8_t *
packed_prev(const struct packed *packed)
{
	return packed->prev;
}

/* The body of a block, its checksum looked at. */
static enum result
find_block(struct packed *packed, uint32_t block, struct span *body_r,
           struct error *err)
{
	if (block >= packed->blocks)
		return broken(packed, "it has no such block", err);

	uint64_t at = packed_get(packed->offsets.at + (size_t)block * 8, 8);
	struct span rest = span_skip(packed->bytes, at);

	if (rest.len < 8)
		return broken(packed, "its tail is damaged", err);

	uint64_t len = packed_get(rest.at, 4);
	struct span body = span_take(span_skip(rest, 8), len);

	if (body.len != len || len < PACKED_BLOCK_HEAD ||
	    crc32c(0, body.at, body.len) != packed_get(rest.at + 4, 4))
		return broken(packed, "a block is damaged (length or checksum)",
		              err);
	*body_r = body;
	return RESULT_OK;
}

enum result
packed_seek(struct packed *packed, uint32_t block, struct error *err)
{
	struct span body;
	enum result result = find_block(packed, block, &body, err);

	if (result != RESULT_OK)
		return result;
	packed->sequence = packed_get(body.at, 8);
	memcpy(packed->prev, body.at + 8, DIGEST_BYTES);
	packed->left = (uint32_t)packed_get(body.at + 40, 4);

	size_t len = (size_t)packed_get(body.at + 44, 4);
	struct span squeezed =
		span_take(span_skip(body, PACKED_BLOCK_HEAD), len);

	packed->sealed = span_skip(body, PACKED_BLOCK_HEAD + len);
	buf_reset(&packed->squeezed);
	result = squeeze_undo(squeezed, SPAN(""), &packed->squeezed, err);
	if (result != RESULT_OK)
		error_prefix(err, "%s", packed->path);
	packed->rest = buf_as_span(&packed->squeezed);
	return result;
}

/* The entry as it was: prev goes back in its place. */
static bool
restore_entry(struct packed *packed, struct span line)
{
	char prev[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];
	size_t at = span_find_text(line, PACKED_PREV "\"", 0);

	if (at == line.len)
		return false;
	at += sizeof(PACKED_PREV) - 1;
	encode_base64url(packed->prev, DIGEST_BYTES, prev);
	buf_reset(&packed->entry);
	buf_span(&packed->entry, span_take(line, at));
	buf_text(&packed->entry, prev);
	buf_span(&packed->entry, span_skip(line, at));
	return !packed->entry.is_full;
}

static bool
take_sealed(struct packed *packed, struct span *sealed_r)
{
	struct span *rest = &packed->sealed;
	uint64_t len = 0;

	for (unsigned shift = 0; shift < 32; shift += 7) {
		if (rest->len == 0)
			return false;
		uint8_t byte = (uint8_t)rest->at[0];

		*rest = span_skip(*rest, 1);
		len |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*sealed_r = span_take(*rest, len);
			*rest = span_skip(*rest, len);
			return sealed_r->len == len;
		}
	}
	return false;
}

/* False: the slot is missing. */
static bool
read_key(const struct packed *packed, uint8_t key_r[SEAL_KEY_BYTES])
{
	uint64_t slot = packed->sequence - packed->first;

	return pread(packed->keys, key_r, SEAL_KEY_BYTES,
	             (off_t)(slot * SEAL_KEY_BYTES)) == SEAL_KEY_BYTES;
}

static bool
is_zeroed(const uint8_t key[SEAL_KEY_BYTES])
{
	uint8_t all = 0;

	for (size_t i = 0; i < SEAL_KEY_BYTES; i++)
		all |= key[i];
	return all == 0;
}

/* Opens what is sealed into packed->plain: salt and payload. */
static bool
open_sealed(struct packed *packed, const uint8_t key[SEAL_KEY_BYTES],
            struct span sealed)
{
	struct error ignored;
	struct buf opened;
	bool is_open;

	if (sealed.len < SEAL_EXTRA_BYTES + FRAME_SALT_BYTES)
		return false;
	buf_init(&opened, sealed.len);
	buf_span(&opened, sealed); /* makes the room */
	is_open = digest_open(key, sealed.at, sealed.len, opened.data);
	opened.len = sealed.len - SEAL_EXTRA_BYTES;

	struct span squeezed =
		span_skip(buf_as_span(&opened), FRAME_SALT_BYTES);

	buf_reset(&packed->plain);
	buf_add(&packed->plain, opened.data, FRAME_SALT_BYTES);
	is_open =
		is_open && squeeze_undo(squeezed, packed_dictionary(),
	                                &packed->plain, &ignored) == RESULT_OK;
	buf_done(&opened);
	return is_open;
}

static enum result
open_payload(struct packed *packed, struct span sealed,
             const struct event_links *links, struct reader_entry *entry,
             struct error *err)
{
	uint8_t key[SEAL_KEY_BYTES], sum[DIGEST_BYTES];

	entry->payload = entry->salted = SPAN("");
	if (!read_key(packed, key))
		return broken(packed, "the key of an entry is missing", err);
	entry->is_erased = is_zeroed(key);
	if (entry->is_erased)
		return RESULT_OK;

	bool is_open = open_sealed(packed, key, sealed);

	explicit_bzero(key, sizeof(key));
	if (!is_open)
		return broken(packed,
		              "a payload does not open: it or its key "
		              "was changed",
		              err);
	digest_sha256(packed->plain.data, packed->plain.len, sum);
	if (memcmp(sum, links->commitment, DIGEST_BYTES) != 0)
		return broken(packed,
		              "a payload is not the one its entry "
		              "committed to",
		              err);
	entry->salted = buf_as_span(&packed->plain);
	entry->payload = span_skip(entry->salted, FRAME_SALT_BYTES);
	return RESULT_OK;
}

enum result
packed_next(struct packed *packed, struct reader_entry *entry_r,
            struct error *err)
{
	struct event_links links;
	struct span line, sealed;

	if (packed->left == 0)
		return RESULT_NONE;
	if (!span_line(&packed->rest, &line) || !restore_entry(packed, line) ||
	    !take_sealed(packed, &sealed))
		return broken(packed, "a block is damaged", err);
	entry_r->entry = buf_as_span(&packed->entry);
	if (!event_read_links(entry_r->entry, &links) ||
	    links.sequence != packed->sequence)
		return broken(packed, "an entry is out of its sequence", err);

	enum result result = open_payload(packed, sealed, &links, entry_r, err);

	if (result != RESULT_OK) {
		error_prefix(err, "entry %llu",
		             (unsigned long long)packed->sequence);
		return result;
	}
	digest_sha256(entry_r->entry.at, entry_r->entry.len, entry_r->hash);
	memcpy(packed->prev, entry_r->hash, DIGEST_BYTES);
	packed->sequence++;
	packed->left--;
	return RESULT_OK;
}

enum result
packed_sum(const struct packed *packed, uint8_t sum_r[DIGEST_BYTES],
           struct error *err)
{
	size_t len = packed->bytes.len - PACKED_MAGIC - DIGEST_BYTES;

	digest_sha256(packed->bytes.at, len, sum_r);
	if (memcmp(sum_r, packed->bytes.at + len, DIGEST_BYTES) == 0)
		return RESULT_OK;
	return broken(packed, "its SHA-256 is not the one in its tail", err);
}
