#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/squeeze.h"
#include "record/packed.h"
#include "record/packed_form.h"

#define BLOCK_LIMIT ((size_t)1024 * 1024 * 1024)

struct packer {
	char log_path[PATH_MAX];
	char keys_path[PATH_MAX];
	int log;
	int keys;
	uint64_t offset;
	uint64_t entries;
	struct digest *digest; /* of all that was written to the log */
	struct buf offsets;

	/* the block */
	uint64_t sequence; /* of its first entry */
	uint8_t prev[DIGEST_BYTES];
	uint32_t count;
	struct buf lines;
	struct buf sealed;
	struct buf slots; /* of the block: 32 bytes each */
	struct buf scratch;
};

static enum result
open_new(const char *path, int *fd_r, struct error *err)
{
	char name[PATH_MAX + 8];

	snprintf(name, sizeof(name), "%s.new", path);
	*fd_r = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (*fd_r >= 0)
		return RESULT_OK;
	error_errno(err, errno, "cannot create %s", name);
	return RESULT_RETRY;
}

enum result
packer_open(const char *log_path, const char *keys_path,
            struct packer **packer_r, struct error *err)
{
	struct packer *packer = memory_zeroed(1, sizeof(*packer));

	snprintf(packer->log_path, sizeof(packer->log_path), "%s", log_path);
	snprintf(packer->keys_path, sizeof(packer->keys_path), "%s", keys_path);
	packer->log = packer->keys = -1;
	packer->digest = digest_new();
	buf_init(&packer->offsets, BLOCK_LIMIT);
	buf_init(&packer->lines, PACKED_RAW_LIMIT);
	buf_init(&packer->sealed, BLOCK_LIMIT);
	buf_init(&packer->slots, (size_t)PACKED_ENTRIES * SEAL_KEY_BYTES);
	buf_init(&packer->scratch, BLOCK_LIMIT);

	enum result result = open_new(log_path, &packer->log, err);

	if (result == RESULT_OK)
		result = open_new(keys_path, &packer->keys, err);
	if (result != RESULT_OK)
		packer_close(&packer);
	else
		*packer_r = packer;
	return result;
}

void
packer_close(struct packer **packer)
{
	struct packer *old = *packer;

	if (old == NULL)
		return;
	if (old->log >= 0)
		close(old->log);
	if (old->keys >= 0)
		close(old->keys);
	digest_free(&old->digest);
	buf_done(&old->offsets);
	buf_done(&old->lines);
	buf_done(&old->sealed);
	buf_done(&old->slots);
	buf_done(&old->scratch);
	free(old);
	*packer = NULL;
}

static enum result
put_log(struct packer *packer, struct span bytes, struct error *err)
{
	digest_add(packer->digest, bytes.at, bytes.len);
	packer->offset += bytes.len;
	return file_write_all(packer->log, bytes.at, bytes.len, err);
}

static void
put_number(struct buf *out, unsigned bytes, uint64_t value)
{
	char text[8];

	packed_put(text, bytes, value);
	buf_add(out, text, bytes);
}

static enum result
end_block(struct packer *packer, struct error *err)
{
	struct buf *out = &packer->scratch;

	if (packer->count == 0)
		return RESULT_OK;
	buf_reset(out);
	buf_add(out, (char[8]){ 0 }, 8);
	put_number(out, 8, packer->sequence);
	buf_add(out, packer->prev, DIGEST_BYTES);
	put_number(out, 4, packer->count);
	put_number(out, 4, 0);

	size_t start = out->len;

	squeeze_add(buf_as_span(&packer->lines), SPAN(""), out);
	packed_put(out->data + start - 4, 4, out->len - start);
	buf_span(out, buf_as_span(&packer->sealed));
	packed_put(out->data, 4, out->len - 8);
	packed_put(out->data + 4, 4, crc32c(0, out->data + 8, out->len - 8));
	put_number(&packer->offsets, 8, packer->offset);

	enum result result = put_log(packer, buf_as_span(out), err);

	if (result == RESULT_OK)
		result = file_write_all(packer->keys, packer->slots.data,
		                        packer->slots.len, err);
	explicit_bzero(packer->slots.data, packer->slots.len);
	buf_reset(&packer->slots);
	buf_reset(&packer->lines);
	buf_reset(&packer->sealed);
	packer->count = 0;
	return result;
}

static enum result
put_head(struct packer *packer, uint64_t first, struct error *err)
{
	char head[PACKED_MAGIC + 8];

	memcpy(head, PACKED_HEAD, PACKED_MAGIC);
	packed_put(head + PACKED_MAGIC, 8, first);
	return put_log(packer, span_make(head, sizeof(head)), err);
}

/* The entry without its prev, and a line end: no entry has one inside. */
static bool
add_line(struct packer *packer, struct span entry)
{
	size_t at = span_find_text(entry, PACKED_PREV, 0);
	size_t letters = ENCODE_BASE64URL_SIZE(DIGEST_BYTES) - 1;

	if (at == entry.len)
		return false;
	at += sizeof(PACKED_PREV) - 1;
	buf_span(&packer->lines, span_take(entry, at));
	buf_span(&packer->lines, span_skip(entry, at + letters));
	buf_byte(&packer->lines, '\n');
	return !packer->lines.is_full;
}

static void
add_sealed(struct packer *packer, const struct reader_entry *entry)
{
	uint8_t key[SEAL_KEY_BYTES] = { 0 };
	struct buf *out = &packer->sealed, *plain = &packer->scratch;

	if (entry->is_erased) {
		buf_byte(out, 0);
		buf_add(&packer->slots, key, sizeof(key));
		return;
	}
	buf_reset(plain);
	buf_span(plain, span_take(entry->salted, FRAME_SALT_BYTES));
	squeeze_add(entry->payload, packed_dictionary(), plain);

	uint64_t len = plain->len + SEAL_EXTRA_BYTES;

	for (; len >= 0x80; len >>= 7)
		buf_byte(out, (char)(uint8_t)(len | 0x80));
	buf_byte(out, (char)len);
	random_bytes(key, sizeof(key));

	size_t at = out->len;

	/* Room for the sealed bytes, which overwrite what is put here. */
	buf_span(out, buf_as_span(plain));
	buf_add(out, (char[SEAL_EXTRA_BYTES]){ 0 }, SEAL_EXTRA_BYTES);
	digest_seal(key, plain->data, plain->len, out->data + at);
	buf_add(&packer->slots, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
}

enum result
packer_add(struct packer *packer, const struct reader_entry *entry,
           struct error *err)
{
	struct event_links links;
	enum result result = RESULT_OK;

	if (!event_read_links(entry->entry, &links)) {
		error_set(err, "an entry without c, prev or seq");
		return RESULT_BAD;
	}
	if (packer->entries == 0)
		result = put_head(packer, links.sequence, err);
	if (result == RESULT_OK && packer->count == PACKED_ENTRIES)
		result = end_block(packer, err);
	if (result != RESULT_OK)
		return result;
	if (packer->count == 0) {
		packer->sequence = links.sequence;
		memcpy(packer->prev, links.prev, DIGEST_BYTES);
	}
	if (!add_line(packer, entry->entry)) {
		error_set(err, "an entry that cannot be packed");
		return RESULT_BAD;
	}
	add_sealed(packer, entry);
	packer->count++;
	packer->entries++;
	return RESULT_OK;
}

uint32_t
packer_block(const struct packer *packer)
{
	return (uint32_t)(packer->entries / PACKED_ENTRIES);
}

static enum result
put_in_place(const char *path, int *fd, struct error *err)
{
	char name[PATH_MAX + 8];
	int synced = fsync(*fd);

	snprintf(name, sizeof(name), "%s.new", path);
	close(*fd);
	*fd = -1;
	if (synced == 0 && rename(name, path) == 0)
		return RESULT_OK;
	error_errno(err, errno, "cannot write %s", path);
	return RESULT_RETRY;
}

enum result
packer_finish(struct packer *packer, uint8_t sum_r[DIGEST_BYTES],
              struct error *err)
{
	char folder[PATH_MAX];
	enum result result = end_block(packer, err);

	if (result != RESULT_OK)
		return result;
	uint64_t blocks = packer->offsets.len / 8;

	put_number(&packer->offsets, 8, blocks);
	put_number(&packer->offsets, 8, packer->entries);
	result = put_log(packer, buf_as_span(&packer->offsets), err);
	digest_take(packer->digest, sum_r);
	if (result == RESULT_OK)
		result = file_write_all(packer->log, sum_r, DIGEST_BYTES, err);
	if (result == RESULT_OK)
		result = file_write_all(packer->log, PACKED_END, PACKED_MAGIC,
		                        err);
	/* The keys first: a log whose keys are an earlier attempt's is never
	 * in the catalogue, and made again. */
	if (result == RESULT_OK)
		result = put_in_place(packer->keys_path, &packer->keys, err);
	if (result == RESULT_OK)
		result = put_in_place(packer->log_path, &packer->log, err);
	if (result != RESULT_OK)
		return result;
	snprintf(folder, sizeof(folder), "%.*s",
	         (int)(strrchr(packer->log_path, '/') - packer->log_path),
	         packer->log_path);
	return file_sync_folder(folder, err);
}
