#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Messages to send: four kinds as a company sends them, or one read from a
 * file. A mix names kinds with their share: "notice=1,order=7".
 */
struct sample_header {
	const char *name;
	const char *value; /* "%s" in it becomes a fresh Message-ID */
};

struct sample {
	const char *name;
	bool is_ours; /* comes from a network of ours; else from a stranger */
	const char *sender;
	const char *recipient;
	const struct sample_header *headers;
	size_t header_count;
	const char *body; /* CRLF line ends */
	size_t body_len;
};

#define SAMPLE_MIX_MAX 16

/* One of each place: walking it in a circle gives the shares. */
struct sample_mix {
	const struct sample *items[SAMPLE_MIX_MAX];
	size_t count;
};

struct sample_shape {
	size_t extra_headers;
	size_t body_bytes; /* 0: as it is */
};

/* text: kinds as above; BAD for an unknown one. */
enum result sample_mix_read(struct arena *arena, const char *text,
                            const struct sample_shape *shape,
                            struct sample_mix *mix_r,
                            struct error *err) MUST_CHECK;

/* Envelope from the first From and To of the message. */
enum result sample_file(struct arena *arena, const char *path,
                        struct sample_mix *mix_r, struct error *err) MUST_CHECK;

#endif
