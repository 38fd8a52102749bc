#ifndef RECORD_MANIFEST_H
#define RECORD_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/token.h"
#include "record/event.h"

/*
 * manifest.json of a bundle (avis-bundle(5)): canonical JSON, in which
 * nothing depends on when and by whom the bundle is made (BND-2). The id is
 * the beginning of the sum of SHA256SUMS.
 */
#define MANIFEST_ID_SIZE 33
#define MANIFEST_LIMIT   ((size_t)1024 * 1024)

/* Where an entry stands in the chain. */
struct manifest_event {
	char writer[EVENT_WRITER_SIZE];
	uint64_t sequence;
	uint64_t head; /* chain/head-NNN.json */
	uint64_t index;
};

struct manifest {
	char id[MANIFEST_ID_SIZE];
	char sums[DIGEST_HEX_SIZE]; /* of SHA256SUMS */
	uint64_t files;             /* lines in it */
	const char *case_number;    /* "" */
	const char *class_name;
	char message[MESSAGE_NAME_SIZE];
	const char *software;
	bool is_stamp_qualified; /* the authority says it is */
	struct manifest_event *events;
	size_t event_count;
};

/* Under which name its signature is asked for: of these very bytes. */
void manifest_request_name(struct span bytes, char name_r[MANIFEST_ID_SIZE]);

void manifest_write(const struct manifest *manifest, struct buf *out);
/* BAD: not byte for byte as manifest_write has it. */
enum result manifest_read(struct arena *arena, struct span bytes,
                          struct manifest *manifest_r,
                          struct error *err) MUST_CHECK;

#endif
