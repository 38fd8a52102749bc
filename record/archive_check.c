#include <string.h>

#include "record/archive_parts.h"
#include "record/merkle.h"
#include "record/packed.h"

static enum result
open_packed(struct archive *archive, const struct archive_segment *segment,
            struct packed **packed_r, struct error *err)
{
	char log[PATH_MAX], keys[PATH_MAX];

	archive_path(archive, segment->writer, segment->number, PACKED_LOG,
	             log);
	archive_path(archive, segment->writer, segment->number, PACKED_KEYS,
	             keys);
	enum result result = packed_open(log, keys, packed_r, err);
	return result == RESULT_NONE ? RESULT_BAD : result;
}

struct walk {
	archive_visit *visit;
	void *context;
	struct arena *scratch;
	uint8_t hash[DIGEST_BYTES]; /* of the last entry */
	bool has_hash;
	bool is_stopped;
};

static enum result
walk_block(struct walk *walk, struct packed *packed, struct error *err)
{
	struct reader_entry entry;
	struct event event;
	enum result result = RESULT_OK;

	if (walk->has_hash &&
	    memcmp(packed_prev(packed), walk->hash, DIGEST_BYTES) != 0) {
		error_set(err, "the chain is broken between two blocks");
		return RESULT_BAD;
	}
	while (!walk->is_stopped &&
	       (result = packed_next(packed, &entry, err)) == RESULT_OK) {
		memcpy(walk->hash, entry.hash, DIGEST_BYTES);
		walk->has_hash = true;
		result = event_read(walk->scratch, entry.entry, entry.payload,
		                    &event, err);
		if (result != RESULT_OK)
			return result;
		walk->is_stopped = !walk->visit(walk->context, &event, &entry);
		arena_reset(walk->scratch);
	}
	return result == RESULT_NONE ? RESULT_OK : result;
}

static enum result
walk_packed(struct walk *walk, struct packed *packed, struct error *err)
{
	enum result result = RESULT_OK;

	walk->scratch = arena_new();
	for (uint32_t i = 0; result == RESULT_OK && !walk->is_stopped &&
	                     i < packed_blocks(packed);
	     i++) {
		result = packed_seek(packed, i, err);
		if (result == RESULT_OK)
			result = walk_block(walk, packed, err);
	}
	arena_free(&walk->scratch);
	return result;
}

enum result
archive_walk(struct archive *archive, const struct archive_segment *segment,
             archive_visit *visit, void *context, struct error *err)
{
	struct walk walk = { .visit = visit, .context = context };
	struct packed *packed = NULL;
	enum result result = open_packed(archive, segment, &packed, err);

	if (result == RESULT_OK)
		result = walk_packed(&walk, packed, err);
	packed_close(&packed);
	if (result != RESULT_OK)
		error_prefix(err, "%s/%08u", segment->writer,
		             (unsigned)segment->number);
	return result;
}

struct checking {
	struct archive_report *report;
	struct merkle tree;
	struct archive_heads heads;
	bool is_forged; /* a head has another root */
};

static bool
check_entry(void *context, const struct event *event,
            const struct reader_entry *entry)
{
	struct checking *checking = context;
	uint8_t leaf[DIGEST_BYTES], root[DIGEST_BYTES];

	(void)event;
	checking->report->entries++;
	checking->report->erased += entry->is_erased ? 1 : 0;
	merkle_leaf(entry->entry, leaf);
	merkle_add(&checking->tree, leaf);
	for (size_t i = 0; i < checking->heads.count; i++) {
		const struct head *head = &checking->heads.items[i];

		if (head->size != checking->tree.size)
			continue;
		merkle_root(&checking->tree, root);
		checking->is_forged |=
			memcmp(root, head->root, DIGEST_BYTES) != 0;
		checking->report->seals++;
	}
	return !checking->is_forged;
}

static enum result
differs(const char *what, struct error *err)
{
	error_set(err, "%s", what);
	return RESULT_BAD;
}

static enum result
verify_packed(const struct archive_segment *segment, const uint8_t *prev,
              struct packed *packed, struct checking *checking,
              struct error *err)
{
	struct archive_report *report = checking->report;
	uint64_t before = report->entries;
	struct walk walk = { .visit = check_entry,
		             .context = checking,
		             .has_hash = prev != NULL };
	uint8_t sum[DIGEST_BYTES];
	enum result result = packed_sum(packed, sum, err);

	if (result != RESULT_OK)
		return result;
	if (memcmp(sum, segment->sum, DIGEST_BYTES) != 0)
		return differs("it is not the file that was archived", err);
	if (prev != NULL)
		memcpy(walk.hash, prev, DIGEST_BYTES);
	result = walk_packed(&walk, packed, err);
	if (result != RESULT_OK)
		return result;
	if (checking->is_forged)
		return differs("a seal is over other entries than these", err);
	if (memcmp(walk.hash, segment->last_hash, DIGEST_BYTES) != 0 ||
	    report->entries - before != segment->last + 1 - segment->first)
		return differs("it ends with another entry than the index "
		               "says",
		               err);
	report->segments++;
	return RESULT_OK;
}

enum result
archive_verify(struct archive *archive, const struct archive_segment *segment,
               const uint8_t *prev, struct archive_report *report,
               struct error *err)
{
	struct checking checking = { .report = report };
	struct arena *arena = arena_new();
	struct packed *packed = NULL;
	enum result result = open_packed(archive, segment, &packed, err);

	merkle_init(&checking.tree);
	if (result == RESULT_OK)
		result = archive_heads_of(arena, archive, segment,
		                          &checking.heads, err);
	if (result == RESULT_OK)
		result = verify_packed(segment, prev, packed, &checking, err);
	packed_close(&packed);
	arena_free(&arena);
	if (result != RESULT_OK)
		error_prefix(err, "%s/%08u", segment->writer,
		             (unsigned)segment->number);
	return result;
}
