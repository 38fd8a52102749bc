#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "record/extents.h"
#include "record/leaves.h"
#include "record/merkle.h"
#include "record/sealer.h"
#include "record/segment.h"

/* One writer's heads while new ones are made. */
struct writing {
	struct sealer *sealer;
	struct arena *arena;
	const char *writer;
	const char *journal;
	const char *folder;
	struct head last; /* number 0: there is none */
	uint8_t last_sum[DIGEST_BYTES];
};

/* --- the tree --------------------------------------------------------- */

/* The tree of a segment, and its root where an earlier head stood. */
struct growing {
	struct merkle tree;
	uint64_t earlier;
	uint8_t earlier_root[DIGEST_BYTES];
};

static void
grow(void *context, uint64_t index, struct span entry,
     const uint8_t leaf[DIGEST_BYTES])
{
	struct growing *growing = context;

	(void)entry;
	merkle_add(&growing->tree, leaf);
	if (index + 1 == growing->earlier)
		merkle_root(&growing->tree, growing->earlier_root);
}

/* What was sealed before must still be there, as it was. */
static enum result
check_earlier(const struct writing *writing, const struct growing *growing,
              struct error *err)
{
	const struct head *last = &writing->last;

	if (growing->earlier == 0 ||
	    (growing->tree.size >= growing->earlier &&
	     memcmp(growing->earlier_root, last->root, DIGEST_BYTES) == 0))
		return RESULT_OK;
	error_set(err,
	          "%s: what head %llu sealed is no longer there as it was: "
	          "nothing more of this journal is sealed",
	          writing->writer, (unsigned long long)last->number);
	return RESULT_BAD;
}

/* RESULT_BAD with head_r->size > 0: what stands before the damage. */
static enum result
make_head(const struct writing *writing, const struct extent *extent,
          struct head *head_r, struct error *err)
{
	struct leaves_limit limit = { extent->before, extent->first };
	struct growing growing = { .earlier = 0 };
	char path[PATH_MAX], name[SEGMENT_NAME_SIZE];
	struct leaves_report report;
	struct error wrong;

	if (writing->last.segment == extent->segment)
		growing.earlier = writing->last.size;
	merkle_init(&growing.tree);
	segment_name(extent->segment, SEGMENT_LOG, name);
	snprintf(path, sizeof(path), "%s/%s", writing->journal, name);
	*head_r = (struct head){ .number = writing->last.number + 1,
		                 .segment = extent->segment,
		                 .first = extent->first,
		                 .time = clock_now() };
	enum result result =
		leaves_read(path, limit, grow, &growing, &report, &wrong);
	if (check_earlier(writing, &growing, err) != RESULT_OK)
		return RESULT_BAD;
	snprintf(head_r->writer, sizeof(head_r->writer), "%s", writing->writer);
	head_r->size = growing.tree.size;
	merkle_root(&growing.tree, head_r->root);
	memcpy(head_r->last, report.last, DIGEST_BYTES);
	memcpy(head_r->prev, writing->last_sum, DIGEST_BYTES);
	*err = wrong;
	return result;
}

/* --- the files -------------------------------------------------------- */

static const char *
path_of(const struct writing *writing, uint64_t number, const char *ending)
{
	char name[HEAD_NAME_SIZE];

	head_name(number, ending, name);
	return arena_printf(writing->arena, "%s/%s", writing->folder, name);
}

static void
note_last(struct writing *writing, const struct head *head, struct span bytes)
{
	writing->last = *head;
	digest_sha256(bytes.at, bytes.len, writing->last_sum);
}

/* The signature first: where a head is, there is its signature. */
static enum result
write_head(struct writing *writing, const struct head *head, struct error *err)
{
	struct sealer *sealer = writing->sealer;
	struct span signature = SPAN("");
	struct buf bytes;

	buf_init(&bytes, HEAD_LIMIT);
	head_write(head, &bytes);
	enum result result = cms_sign(writing->arena, sealer->signer,
	                              buf_as_span(&bytes), &signature, err);
	if (result == RESULT_OK)
		result = file_replace(
			path_of(writing, head->number, HEAD_SIGNATURE),
			signature, 0640, err);
	if (result == RESULT_OK)
		result = file_replace(path_of(writing, head->number, ""),
		                      buf_as_span(&bytes), 0640, err);
	if (result == RESULT_OK) {
		note_last(writing, head, buf_as_span(&bytes));
		sealer->report.heads++;
	}
	buf_done(&bytes);
	return result;
}

static enum result
seal_segment(struct writing *writing, const struct extent *extent,
             struct error *err)
{
	const struct head *last = &writing->last;
	struct error wrong;
	struct head head;

	if (extent->segment < last->segment ||
	    (extent->segment == last->segment &&
	     extent->before - extent->first == last->size))
		return RESULT_OK;
	enum result result = make_head(writing, extent, &head, &wrong);
	bool is_new = head.size > 0 && (extent->segment != last->segment ||
	                                head.size > last->size);
	if (is_new) {
		enum result written = write_head(writing, &head, err);

		if (written != RESULT_OK)
			return written;
	}
	if (result != RESULT_OK)
		sealer_complain(writing->sealer, "%s", wrong.text);
	return RESULT_OK;
}

/* --- stamps ----------------------------------------------------------- */

static void
stamp_head(struct writing *writing, uint64_t number)
{
	struct sealer *sealer = writing->sealer;
	struct head_file file;
	struct error err;
	enum result result =
		head_load(writing->arena, writing->folder, number, &file, &err);

	if (result == RESULT_OK)
		result = seal_stamp(sealer, file.signature,
		                    path_of(writing, number, HEAD_STAMP), &err);
	if (result == RESULT_OK)
		sealer->report.stamped++;
	else if (result != RESULT_NONE)
		sealer->report.pending++;
	if (result == RESULT_BAD)
		sealer_complain(sealer, "%s", err.text);
}

/* Oldest first: what waited longest gets its time first. */
static void
stamp_heads(struct writing *writing)
{
	if (writing->sealer->settings->seal.authority[0] == '\0')
		return;
	for (uint64_t n = 1; n <= writing->last.number; n++)
		if (!head_has_stamp(writing->folder, n))
			stamp_head(writing, n);
}

static enum result
seal_segments(struct writing *writing, struct error *err)
{
	struct extent_list extents;
	uint64_t number = head_last(writing->folder);
	enum result result =
		extents_read(writing->arena, writing->journal, &extents, err);

	if (result == RESULT_OK)
		result = file_make_folder(writing->folder, 0750, err);
	if (result == RESULT_OK && number > 0) {
		struct head_file file;

		result = head_load(writing->arena, writing->folder, number,
		                   &file, err);
		if (result == RESULT_OK)
			note_last(writing, &file.head, file.bytes);
	}
	for (size_t i = 0; result == RESULT_OK && i < extents.count; i++)
		result = seal_segment(writing, &extents.items[i], err);
	return result;
}

void
seal_writer(struct sealer *sealer, const char *writer)
{
	struct arena *arena = arena_new();
	struct writing writing = {
		.sealer = sealer,
		.arena = arena,
		.writer = writer,
		.journal = arena_printf(arena, "%s/%s",
		                        sealer->settings->journal, writer),
		.folder = seal_writer_folder(arena, sealer->settings, writer),
	};
	struct error err;

	if (seal_segments(&writing, &err) != RESULT_OK)
		sealer_complain(sealer, "%s", err.text);
	stamp_heads(&writing);
	arena_free(&arena);
}
