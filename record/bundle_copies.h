#ifndef RECORD_BUNDLE_COPIES_H
#define RECORD_BUNDLE_COPIES_H

#include "record/event.h"
#include "record/fileset.h"

/*
 * What people open first: copies of what stands in payloads, in the form in
 * which it came. Who checks a bundle makes them again, and has the same.
 *
 *     log/maillog.txt             the lines, verbatim, each behind a line
 *                                 with its payload, log and offset
 *     message/headers-at-eom.txt  the header as it left, if it was kept
 *     reports/NNN.eml             a report as it came, if it was kept
 */
#define BUNDLE_LOG     "log/maillog.txt"
#define BUNDLE_HEADERS "message/headers-at-eom.txt"
#define BUNDLE_AS_SENT "message/as-sent.eml"

struct bundle_payload {
	size_t number; /* 3: "payload/003.json" */
	struct event event;
};

void bundle_copies(struct arena *arena, const struct bundle_payload *items,
                   size_t count, struct fileset *set_r);

/* Is it one that this room makes? Not BUNDLE_AS_SENT, which no payload has. */
bool bundle_is_copy(const char *name);

#endif
