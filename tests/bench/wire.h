#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * The milter protocol, version 6, from the MTA's side: packets of a length,
 * a letter and data. Written for measuring; tests that break the protocol
 * on purpose use tests/lab/scripted_mta.py.
 */
#define WIRE_ACTIONS 0x1FFU    /* all, SETSYMLIST too */
#define WIRE_STEPS   0x1FFFFFU /* what Postfix offers */

enum wire_step_flag {
	WIRE_NO_CONNECT = 0x1,
	WIRE_NO_HELO = 0x2,
	WIRE_NO_MAIL = 0x4,
	WIRE_NO_RCPT = 0x8,
	WIRE_NO_BODY = 0x10,
	WIRE_NO_HEADERS = 0x20,
	WIRE_NO_EOH = 0x40,
	WIRE_QUIET_HEADER = 0x80,
	WIRE_NO_DATA = 0x200,
	WIRE_QUIET_CONNECT = 0x1000,
	WIRE_QUIET_HELO = 0x2000,
	WIRE_QUIET_MAIL = 0x4000,
	WIRE_QUIET_RCPT = 0x8000,
	WIRE_QUIET_DATA = 0x10000,
	WIRE_QUIET_EOH = 0x40000,
	WIRE_QUIET_BODY = 0x80000,
	WIRE_LEADING_SPACE = 0x100000
};

/* Stages as SETSYMLIST numbers them. */
enum wire_stage {
	WIRE_STAGE_CONNECT,
	WIRE_STAGE_HELO,
	WIRE_STAGE_MAIL,
	WIRE_STAGE_RCPT,
	WIRE_STAGE_DATA,
	WIRE_STAGE_EOM,
	WIRE_STAGE_EOH,
	WIRE_STAGES
};

#define WIRE_SYMLIST_SIZE 512

/* What the two sides agreed on. */
struct wire_terms {
	uint32_t steps;
	char symbols[WIRE_STAGES][WIRE_SYMLIST_SIZE]; /* "": the default */
};

/* One packet; its data is borrowed from the buffer it was read in. */
struct wire_packet {
	char letter;
	struct span data;
};

/* start and end wrap one packet: what is added between them is its data. */
size_t wire_start(struct buf *out, char letter);
void wire_end(struct buf *out, size_t start);
void wire_u32(struct buf *out, uint32_t value);
void wire_text(struct buf *out, const char *text); /* and its NUL */

void wire_offer(struct buf *out);
/* False: not an answer that version 6 allows. */
bool wire_read_terms(struct span data, struct wire_terms *terms_r);

/*
 * Takes the first packet off *bytes. False: it is not all there yet, or
 * (*is_broken_r) it can be none.
 */
bool wire_take(struct span *bytes, struct wire_packet *packet_r,
               bool *is_broken_r);

/* An edit, as opposed to an answer. */
bool wire_is_edit(char letter);

#endif
