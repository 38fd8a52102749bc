#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record/merkle.h"

#define LEAVES 70

static void
root_of(uint64_t size, uint8_t root_r[DIGEST_BYTES])
{
	struct merkle tree;
	uint8_t leaf[DIGEST_BYTES];

	merkle_init(&tree);
	for (uint64_t i = 0; i < size; i++) {
		merkle_leaf(span_make((const char *)&i, sizeof(i)), leaf);
		merkle_add(&tree, leaf);
	}
	merkle_root(&tree, root_r);
}

/* RFC 6962, 2.1, word for word: what the streaming form must agree with. */
static void
root_by_definition(uint64_t first, uint64_t count, uint8_t root_r[DIGEST_BYTES])
{
	uint8_t pair[1 + 2 * DIGEST_BYTES] = { 0x01 };
	uint64_t split = 1;

	if (count == 1) {
		merkle_leaf(span_make((const char *)&first, sizeof(first)),
		            root_r);
		return;
	}
	while (split * 2 < count)
		split *= 2;
	root_by_definition(first, split, pair + 1);
	root_by_definition(first + split, count - split,
	                   pair + 1 + DIGEST_BYTES);
	digest_sha256(pair, sizeof(pair), root_r);
}

static void
test_CHAIN_1_shape_of_every_size(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size++) {
		uint8_t mine[DIGEST_BYTES], theirs[DIGEST_BYTES];

		root_of(size, mine);
		root_by_definition(0, size, theirs);
		assert_memory_equal(mine, theirs, DIGEST_BYTES);
	}
}

static void
test_CHAIN_1_empty_tree(void **state)
{
	uint8_t mine[DIGEST_BYTES], theirs[DIGEST_BYTES];

	(void)state;
	root_of(0, mine);
	digest_sha256("", 0, theirs);
	assert_memory_equal(mine, theirs, DIGEST_BYTES);
}

static void
test_CHAIN_2_vector(void **state)
{
	static const char *const entries[] = {
		"{\"seq\":1,\"type\":\"SubmissionAcceptance\"}",
		"{\"seq\":2,\"type\":\"RelayToNonERDS\"}",
		"{\"seq\":3,\"type\":\"X-dsn\"}",
	};
	uint8_t sum[DIGEST_BYTES];
	char text[DIGEST_HEX_SIZE];
	struct merkle tree;

	(void)state;
	merkle_init(&tree);
	for (size_t i = 0; i < 3; i++) {
		merkle_leaf(span_of(entries[i]), sum);
		merkle_add(&tree, sum);
	}
	merkle_root(&tree, sum);
	digest_hex(sum, text);
	assert_string_equal(text, "c5b0b99689ea41a35fce9d47c406bab3"
	                          "be8ba977d5bb25b8ec7c8cb3b2d53707");
}

static void
path_of(uint64_t index, uint64_t size, struct merkle_path *path_r)
{
	struct merkle_audit audit;
	uint8_t leaf[DIGEST_BYTES];

	merkle_audit_init(&audit, index, size);
	for (uint64_t i = 0; i < size; i++) {
		assert_null(merkle_audit_path(&audit));
		merkle_leaf(span_make((const char *)&i, sizeof(i)), leaf);
		merkle_audit_add(&audit, leaf);
	}
	*path_r = *merkle_audit_path(&audit);
}

static void
test_CHAIN_1_every_path_leads_to_the_root(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size++) {
		uint8_t root[DIGEST_BYTES], leaf[DIGEST_BYTES];
		uint8_t got[DIGEST_BYTES];

		root_of(size, root);
		for (uint64_t i = 0; i < size; i++) {
			struct merkle_path path;

			path_of(i, size, &path);
			merkle_leaf(span_make((const char *)&i, sizeof(i)),
			            leaf);
			assert_true(merkle_climb(leaf, i, size, &path, got));
			assert_memory_equal(got, root, DIGEST_BYTES);
		}
	}
}

/* BND-4: another place, another size, a shorter or a bent path. */
static void
test_BND_4_a_path_proves_one_place_only(void **state)
{
	const uint64_t size = 21, index = 13;
	uint8_t root[DIGEST_BYTES], leaf[DIGEST_BYTES], got[DIGEST_BYTES];
	struct merkle_path path, bent;

	(void)state;
	root_of(size, root);
	path_of(index, size, &path);
	merkle_leaf(span_make((const char *)&index, sizeof(index)), leaf);
	for (uint64_t i = 0; i < size + 3; i++)
		if (i != index && merkle_climb(leaf, i, size, &path, got))
			assert_memory_not_equal(got, root, DIGEST_BYTES);
	for (size_t level = 0; level < path.count; level++) {
		bent = path;
		bent.nodes[level][3] ^= 0x10;
		assert_true(merkle_climb(leaf, index, size, &bent, got));
		assert_memory_not_equal(got, root, DIGEST_BYTES);
	}
	bent = path;
	bent.count--;
	assert_false(merkle_climb(leaf, index, size, &bent, got));
	bent.count += 2;
	assert_false(merkle_climb(leaf, index, size, &bent, got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_CHAIN_1_shape_of_every_size),
		cmocka_unit_test(test_CHAIN_1_empty_tree),
		cmocka_unit_test(test_CHAIN_2_vector),
		cmocka_unit_test(test_CHAIN_1_every_path_leads_to_the_root),
		cmocka_unit_test(test_BND_4_a_path_proves_one_place_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
