#ifndef CLI_MTA_QUEUE_H
#define CLI_MTA_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * The hold queue of Postfix, as its own programs show and change it. folder
 * is that of main.cf, "" for the default.
 */
struct mta_held {
	const char *id;
	const char *sender; /* of the envelope */
};

struct mta_queue {
	struct mta_held *items; /* by id */
	size_t count;
	size_t room;
};

/* What is on hold now. NONE: there is no Postfix. RETRY, BAD: it is down. */
enum result mta_queue_read(struct arena *arena, const char *folder,
                           struct mta_queue *queue_r,
                           struct error *err) MUST_CHECK;
/* NULL: it is not on hold. */
const struct mta_held *mta_queue_find(const struct mta_queue *queue,
                                      const char *id);

enum mta_order {
	MTA_RELEASE, /* deliver it; nothing is run again (MLT-31) */
	MTA_DELETE
};

/* Needs root, as postsuper does. What is not on hold is passed by. */
enum result mta_queue_order(struct arena *arena, const char *folder,
                            enum mta_order order, const char *const *ids,
                            size_t count, struct error *err) MUST_CHECK;

/*
 * A message on hold handed in anew, for these recipients alone: Postfix cannot
 * take one off. It bears our record, so the filter leaves it as it is. The
 * one on hold stays, for the caller to delete.
 */
struct mta_copy {
	const char *id;
	const char *sender;
	const char *const *to;
	size_t to_count;
	const char *envid;  /* "" : none */
	const char *notify; /* "failure,delay"; "" : as usual */
};
enum result mta_queue_copy(struct arena *arena, const char *folder,
                           const struct mta_copy *copy,
                           struct error *err) MUST_CHECK;

#endif
