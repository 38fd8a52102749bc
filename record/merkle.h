#ifndef RECORD_MERKLE_H
#define RECORD_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"

/*
 * Merkle trees in the shape of RFC 6962, 2.1 (CHAIN-1), built while their
 * leaves pass by: memory for one hash a level, however many leaves there
 * are. A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left ||
 * right), the empty tree SHA-256("").
 */
#define MERKLE_LEVELS 64

struct merkle {
	uint64_t size;
	uint8_t peaks[MERKLE_LEVELS][DIGEST_BYTES]; /* by bits of size */
};

void merkle_init(struct merkle *tree);
void merkle_add(struct merkle *tree, const uint8_t leaf[DIGEST_BYTES]);
/* Of the leaves so far; more may follow. */
void merkle_root(const struct merkle *tree, uint8_t root_r[DIGEST_BYTES]);

void merkle_leaf(struct span entry, uint8_t leaf_r[DIGEST_BYTES]);

/* What stands between one leaf and the root, from the leaf up. */
struct merkle_path {
	uint8_t nodes[MERKLE_LEVELS][DIGEST_BYTES];
	size_t count;
};

/*
 * Gathers the audit path of the leaf at index in a tree of size leaves, all
 * of which are then given in order.
 */
struct merkle_audit {
	uint64_t next; /* index of the leaf that comes now */
	uint64_t index;
	uint64_t size;
	struct {
		uint64_t first;
		uint64_t end;
		size_t level;    /* 0: next to the leaf */
	} ranges[MERKLE_LEVELS]; /* in the order of their leaves */
	size_t count;
	size_t current;
	struct merkle tree; /* of the current range */
	struct merkle_path path;
};

/* index is less than size. */
void merkle_audit_init(struct merkle_audit *audit, uint64_t index,
                       uint64_t size);
void merkle_audit_add(struct merkle_audit *audit,
                      const uint8_t leaf[DIGEST_BYTES]);
/* NULL until all leaves were given. */
const struct merkle_path *merkle_audit_path(const struct merkle_audit *audit);

/*
 * The root that leaf and path lead to. False: the path has not the length
 * that a leaf of this index has in a tree of this size.
 */
bool merkle_climb(const uint8_t leaf[DIGEST_BYTES], uint64_t index,
                  uint64_t size, const struct merkle_path *path,
                  uint8_t root_r[DIGEST_BYTES]);

#endif
