#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "record/event.h"

/*
 * The append-only record of one writer (host + program): folder
 * JOURNAL/WRITER/, segments 00000001.log with 00000001.keys beside each.
 *
 *     frame    u32 length of body, u32 CRC-32C of body, body  (little endian)
 *     body     u32 length of entry, entry (canonical JSON), sealed payload
 *     entry    ... "c": SHA-256(salt || payload), "prev": SHA-256(entry
 *              before), "seq" ...; nothing personal
 *     sealed   AES-256-GCM(slot of .keys, 16 bytes of salt || payload)
 *     .keys    32 bytes a slot, slot = sequence - first of the segment;
 *              zeroed: the payload is gone, the chain still verifies
 *
 * One appender thread writes what has queued up, syncs once, wakes all who
 * wait (group commit). A torn tail is cut at the last whole frame and told
 * as a gap event; nothing before it moves. One process a writer: a second
 * one is refused.
 */
struct journal;
struct segment_io;

struct journal_options {
	const char *folder; /* of all writers */
	const char *host;
	const char *program;         /* "milter" */
	int64_t segment_bytes;       /* a segment closes past this */
	int64_t segment_age_ms;      /* or past this; 0: never */
	const struct segment_io *io; /* NULL but in tests */
};

/*
 * BAD: locked by another process, not ours to write. RETRY: the disk is full
 * or failing. Damage that is no torn tail does not keep a journal closed: it
 * goes on in a new segment, and the gap event says where the damage is.
 */
enum result journal_open(const struct journal_options *options,
                         struct journal **journal_r,
                         struct error *err) MUST_CHECK;

/* Writes what is queued, then closes. */
void journal_close(struct journal **journal);

/* A place in the queue, on the caller's stack until journal_wait is back. */
struct journal_ticket {
	uint64_t number;
	uint64_t sequence; /* filled by journal_wait */
};

/*
 * Queues the event (it is encoded before the call returns, so its memory
 * stays the caller's). Never blocks on the disk.
 */
void journal_queue(struct journal *journal, const struct event *event,
                   struct journal_ticket *ticket_r);

/*
 * Waits until the event is on disk. RETRY: it is not, and will not be (disk
 * full, read-only, I/O error): answer 4xx. The journal tries again with the
 * next event and says so in the log once a minute. BAD: the event is too
 * large to be recorded at all.
 */
enum result journal_wait(struct journal *journal, struct journal_ticket *ticket,
                         struct error *err) MUST_CHECK;

/* Both in one: for callers with nothing to do meanwhile. */
enum result journal_append(struct journal *journal, const struct event *event,
                           struct error *err) MUST_CHECK;

/* "mx1.milter" */
const char *journal_writer(const struct journal *journal);

/*
 * Tells the forwarder that there is more to read: called after each sync,
 * from the appender thread. Set once, right after journal_open.
 */
void journal_on_sync(struct journal *journal, void (*call)(void *),
                     void *context);

#endif
