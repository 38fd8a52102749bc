#ifndef RECORD_HEAD_H
#define RECORD_HEAD_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "record/event.h"

/*
 * A tree head (CHAIN-4): what one writer's segment held up to some entry, as
 * canonical JSON. Heads of a writer are numbered from 1, and each names the
 * hash of the one before.
 */
struct head {
	char writer[EVENT_WRITER_SIZE]; /* "log_id" */
	uint64_t number;
	uint32_t segment;
	uint64_t first; /* sequence of leaf 0 */
	uint64_t size;  /* leaves */
	uint8_t root[DIGEST_BYTES];
	uint8_t last[DIGEST_BYTES]; /* SHA-256 of the last entry */
	uint8_t prev[DIGEST_BYTES]; /* of the head before; zeros: none */
	time_ms_t time;
};

#define HEAD_LIMIT     ((size_t)1024)
#define HEAD_NAME_SIZE 40

void head_write(const struct head *head, struct buf *out);
/* BAD: not byte for byte as head_write has it. */
enum result head_read(struct span bytes, struct head *head_r,
                      struct error *err) MUST_CHECK;

/* The files of one head: "00000001.json", and with these behind it. */
#define HEAD_SIGNATURE ".p7s"
#define HEAD_STAMP     ".tsr"
void head_name(uint64_t number, const char *ending,
               char name_r[HEAD_NAME_SIZE]);

/* Those of one writer: folder is SEAL/WRITER. */
struct head_file {
	struct head head;
	struct span bytes;
	struct span signature;
	struct span stamp; /* empty: pending, or nobody was asked */
};
/* NONE: there is none of that number. */
enum result head_load(struct arena *arena, const char *folder, uint64_t number,
                      struct head_file *file_r, struct error *err) MUST_CHECK;

/* The highest number in the folder; 0 when there is none. */
uint64_t head_last(const char *folder);
bool head_has_stamp(const char *folder, uint64_t number);

#endif
