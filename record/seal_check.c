#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "record/leaves.h"
#include "record/merkle.h"
#include "record/seal.h"
#include "record/segment.h"

/* The heads of one segment, in the order of their sizes. */
struct checking {
	const char *journal;
	struct arena *arena;
	struct head_file *files;
	size_t count;
	size_t next; /* the one whose size comes next */
	struct merkle tree;
	const struct head *wrong;
};

static void
compare(void *context, uint64_t index, struct span entry,
        const uint8_t leaf[DIGEST_BYTES])
{
	struct checking *checking = context;
	uint8_t root[DIGEST_BYTES];

	(void)entry;
	merkle_add(&checking->tree, leaf);
	while (checking->next < checking->count &&
	       checking->files[checking->next].head.size == index + 1) {
		const struct head *head =
			&checking->files[checking->next++].head;

		merkle_root(&checking->tree, root);
		if (checking->wrong == NULL &&
		    memcmp(root, head->root, DIGEST_BYTES) != 0)
			checking->wrong = head;
	}
}

static enum result
check_segment(struct checking *checking, struct error *err)
{
	const struct head *last = &checking->files[checking->count - 1].head;
	struct leaves_limit limit = { last->first + last->size, last->first };
	char path[PATH_MAX], name[SEGMENT_NAME_SIZE];
	struct leaves_report report;

	merkle_init(&checking->tree);
	checking->next = 0;
	checking->wrong = NULL;
	segment_name(last->segment, SEGMENT_LOG, name);
	snprintf(path, sizeof(path), "%s/%s", checking->journal, name);
	enum result result =
		leaves_read(path, limit, compare, checking, &report, err);
	/* Taken to the archive: its heads are still chained. */
	if (result == RESULT_NONE)
		return RESULT_OK;
	if (result != RESULT_OK)
		return result;
	if (checking->wrong == NULL && checking->next < checking->count)
		checking->wrong = &checking->files[checking->next].head;
	if (checking->wrong == NULL)
		return RESULT_OK;
	error_set(err, "%s is not what head %llu sealed", path,
	          (unsigned long long)checking->wrong->number);
	return RESULT_BAD;
}

static enum result
check_signature(struct arena *arena, const struct head_file *file,
                const struct cms_trust *trust, struct error *err)
{
	struct cms_trust then = *trust;
	const char *signer = "";
	enum cms_verdict verdict;

	/* A certificate that has expired since was good at that time. */
	then.at = file->head.time;
	verdict = cms_verify(arena, file->signature, file->bytes, &then,
	                     &signer, err);
	if (verdict == CMS_GOOD)
		return RESULT_OK;
	error_set(err, "the signature of head %llu: %s",
	          (unsigned long long)file->head.number,
	          cms_verdict_words(verdict));
	return RESULT_BAD;
}

static enum result
load_all(struct arena *arena, const char *folder, uint64_t last,
         const struct cms_trust *trust, struct head_file *files,
         struct error *err)
{
	uint8_t sum[DIGEST_BYTES] = { 0 };

	for (uint64_t n = 1; n <= last; n++) {
		struct head_file *file = &files[n - 1];
		enum result result = head_load(arena, folder, n, file, err);

		if (result == RESULT_NONE) {
			error_set(err, "%s: head %llu is missing", folder,
			          (unsigned long long)n);
			return RESULT_BAD;
		}
		if (result == RESULT_OK &&
		    memcmp(file->head.prev, sum, DIGEST_BYTES) != 0) {
			error_set(err,
			          "%s: head %llu does not follow the one "
			          "before: one of the two was changed",
			          folder, (unsigned long long)n);
			result = RESULT_BAD;
		}
		if (result == RESULT_OK && trust != NULL)
			result = check_signature(arena, file, trust, err);
		if (result != RESULT_OK)
			return RESULT_BAD;
		digest_sha256(file->bytes.at, file->bytes.len, sum);
	}
	return RESULT_OK;
}

enum result
seal_check_writer(const char *journal, const char *heads,
                  const struct cms_trust *trust, struct seal_check *check_r,
                  struct error *err)
{
	struct checking checking = { .journal = journal };
	uint64_t last = head_last(heads);
	struct head_file *files;
	enum result result;

	if (last == 0)
		return RESULT_NONE;
	checking.arena = arena_new();
	files = arena_array(checking.arena, last, sizeof(*files));
	*check_r = (struct seal_check){ .heads = last };
	result = load_all(checking.arena, heads, last, trust, files, err);
	for (uint64_t i = 0; result == RESULT_OK && i < last;) {
		checking.files = &files[i];
		for (checking.count = 0;
		     i < last &&
		     files[i].head.segment == checking.files->head.segment;
		     i++) {
			checking.count++;
			check_r->pending += files[i].stamp.len == 0;
		}
		result = check_segment(&checking, err);
	}
	if (result == RESULT_OK) {
		check_r->sealed = files[last - 1].head.first +
		                  files[last - 1].head.size - 1;
		check_r->time = files[last - 1].head.time;
	}
	arena_free(&checking.arena);
	return result;
}
