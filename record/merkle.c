#include "record/merkle.h"

#include <assert.h>
#include <string.h>

void
merkle_leaf(struct span entry, uint8_t leaf_r[DIGEST_BYTES])
{
	digest_sha256_behind(0x00, entry.at, entry.len, leaf_r);
}

/* out may be one of the two. */
static void
join(const uint8_t left[DIGEST_BYTES], const uint8_t right[DIGEST_BYTES],
     uint8_t out[DIGEST_BYTES])
{
	uint8_t pair[2 * DIGEST_BYTES];

	memcpy(pair, left, DIGEST_BYTES);
	memcpy(pair + DIGEST_BYTES, right, DIGEST_BYTES);
	digest_sha256_behind(0x01, pair, sizeof(pair), out);
}

void
merkle_init(struct merkle *tree)
{
	tree->size = 0;
}

/* As adding one to a binary number: each carry joins two full trees. */
void
merkle_add(struct merkle *tree, const uint8_t leaf[DIGEST_BYTES])
{
	uint8_t sum[DIGEST_BYTES];
	unsigned level = 0;

	memcpy(sum, leaf, DIGEST_BYTES);
	for (; (tree->size >> level & 1) != 0; level++)
		join(tree->peaks[level], sum, sum);
	memcpy(tree->peaks[level], sum, DIGEST_BYTES);
	tree->size++;
}

void
merkle_root(const struct merkle *tree, uint8_t root_r[DIGEST_BYTES])
{
	bool has_sum = false;

	if (tree->size == 0)
		digest_sha256("", 0, root_r);
	for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
		if ((tree->size >> level & 1) == 0)
			continue;
		if (has_sum)
			join(tree->peaks[level], root_r, root_r);
		else
			memcpy(root_r, tree->peaks[level], DIGEST_BYTES);
		has_sum = true;
	}
}

/* The largest power of two smaller than n, which is at least 2. */
static uint64_t
split_of(uint64_t n)
{
	uint64_t split = 1;

	while (split < n - split)
		split <<= 1;
	return split;
}

/*
 * The ranges beside the way from the root to the leaf: those on the left
 * come in the order of the way, those on the right against it.
 */
void
merkle_audit_init(struct merkle_audit *audit, uint64_t index, uint64_t size)
{
	uint64_t first = 0, end = size;
	size_t lefts = 0, rights = 0;

	assert(index < size);
	audit->next = 0;
	audit->index = index;
	audit->size = size;
	audit->count = audit->current = 0;
	while (end - first > 1) {
		uint64_t middle = first + split_of(end - first);
		bool is_right = index >= middle;
		size_t at = is_right ? lefts++ : MERKLE_LEVELS - 1 - rights++;

		audit->ranges[at].first = is_right ? first : middle;
		audit->ranges[at].end = is_right ? middle : end;
		audit->ranges[at].level = audit->count++;
		if (is_right)
			first = middle;
		else
			end = middle;
	}
	memmove(&audit->ranges[lefts], &audit->ranges[MERKLE_LEVELS - rights],
	        rights * sizeof(audit->ranges[0]));
	for (size_t i = 0; i < audit->count; i++)
		audit->ranges[i].level =
			audit->count - 1 - audit->ranges[i].level;
	audit->path.count = audit->count;
	merkle_init(&audit->tree);
}

void
merkle_audit_add(struct merkle_audit *audit, const uint8_t leaf[DIGEST_BYTES])
{
	uint64_t index = audit->next++;

	if (index == audit->index || audit->current == audit->count)
		return;
	merkle_add(&audit->tree, leaf);
	if (index + 1 < audit->ranges[audit->current].end)
		return;
	merkle_root(&audit->tree,
	            audit->path.nodes[audit->ranges[audit->current].level]);
	merkle_init(&audit->tree);
	audit->current++;
}

const struct merkle_path *
merkle_audit_path(const struct merkle_audit *audit)
{
	return audit->next >= audit->size ? &audit->path : NULL;
}

/* RFC 9162, 2.1.3.2 */
bool
merkle_climb(const uint8_t leaf[DIGEST_BYTES], uint64_t index, uint64_t size,
             const struct merkle_path *path, uint8_t root_r[DIGEST_BYTES])
{
	uint64_t last = size - 1;

	if (index >= size)
		return false;
	memcpy(root_r, leaf, DIGEST_BYTES);
	for (size_t i = 0; i < path->count; i++) {
		if (last == 0)
			return false;
		if ((index & 1) != 0 || index == last) {
			join(path->nodes[i], root_r, root_r);
			while ((index & 1) == 0 && index != 0) {
				index >>= 1;
				last >>= 1;
			}
		} else {
			join(root_r, path->nodes[i], root_r);
		}
		index >>= 1;
		last >>= 1;
	}
	return last == 0;
}
