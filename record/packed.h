#ifndef RECORD_PACKED_H
#define RECORD_PACKED_H

#include <stdint.h>

#include "base/error.h"
#include "record/reader.h"

/*
 * A closed segment in few bytes, as the archive keeps it (avis-archive(5)):
 *
 *     N.pack   head "AVISPK1\n", u64 sequence of the first entry
 *              blocks of up to PACKED_ENTRIES entries, from the first on:
 *                u32 length of body, u32 CRC-32C of body, body:
 *                  u64 sequence, 32 bytes prev of its first entry,
 *                  u32 entries, u32 length, entries squeezed,
 *                  for each entry: length (7 bits a byte), sealed payload
 *              tail: u64 offset of each block, u64 blocks, u64 entries,
 *                SHA-256 of all before, "AVISEND\n"
 *     N.keys   32 bytes a slot, as in the journal
 *
 * Of an entry prev is left out, which is the hash of the entry before; all
 * else stands there byte for byte. A sealed payload is AES-256-GCM(key, salt
 * || squeezed payload) under a key of the archive's own; erasing zeroes the
 * slot (record/slots.h), here as there. Numbers are little endian.
 */
#define PACKED_ENTRIES 64
#define PACKED_LOG     "pack"
#define PACKED_KEYS    "keys"

/* --- writing ---------------------------------------------------------- */

struct packer;

/* Makes PATH.new beside both, replacing what an earlier attempt left. */
enum result packer_open(const char *log_path, const char *keys_path,
                        struct packer **packer_r, struct error *err) MUST_CHECK;
/* salt is what stood in front of the payload. */
enum result packer_add(struct packer *packer, const struct reader_entry *entry,
                       struct error *err) MUST_CHECK;
/* The block in which the next entry goes. */
uint32_t packer_block(const struct packer *packer);
/* On disk under their names when it is OK. */
enum result packer_finish(struct packer *packer, uint8_t sum_r[DIGEST_BYTES],
                          struct error *err) MUST_CHECK;
void packer_close(struct packer **packer);

/* --- reading ---------------------------------------------------------- */

struct packed;

/* NONE: no such file. BAD: not one of ours, or cut short. */
enum result packed_open(const char *log_path, const char *keys_path,
                        struct packed **packed_r, struct error *err) MUST_CHECK;
void packed_close(struct packed **packed);
uint32_t packed_blocks(const struct packed *packed);
uint64_t packed_entries(const struct packed *packed);
uint64_t packed_first(const struct packed *packed);

/* Goes to the first entry of that block. */
enum result packed_seek(struct packed *packed, uint32_t block,
                        struct error *err) MUST_CHECK;

/*
 * The next entry of the block; NONE at its end. BAD: changed bytes. Spans
 * are valid until the next call. Its commitment has been checked.
 */
enum result packed_next(struct packed *packed, struct reader_entry *entry_r,
                        struct error *err) MUST_CHECK;

/* The prev of the next entry: for the chain between blocks. */
const uint8_t *packed_prev(const struct packed *packed);

/* SHA-256 of the file up to its tail's own, read anew from the disk. */
enum result packed_sum(const struct packed *packed, uint8_t sum_r[DIGEST_BYTES],
                       struct error *err) MUST_CHECK;

#endif
