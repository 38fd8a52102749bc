#ifndef RECORD_HOOK_POST_H
#define RECORD_HOOK_POST_H

#include "base/transfer.h"
#include "conf/settings.h"
#include "record/event.h"

/*
 * One event as it is posted: canonical JSON (JCS), signed with HMAC-SHA256
 * over the time stamp, a dot and the body:
 *
 *     Avis-Signature: t=1795000000,v1=HEX
 *     Avis-Event-Id: mx1.milter/12      the same when it is posted again
 */
#define HOOK_SECRETS 2

struct hook_secrets {
	struct span lines[HOOK_SECRETS]; /* the first is the newer one */
	size_t count;
};

/* BAD: missing, too short, or others may read it. */
enum result hook_read_secrets(struct arena *arena, const char *path,
                              struct hook_secrets *secrets_r,
                              struct error *err) MUST_CHECK;

struct hook_letter {
	const char *id;
	const char *word;    /* "unsubscribed" */
	const char *address; /* "" when it is not known any more */
	const char *person;
	const struct event *event; /* NULL: a test */
};
void hook_write_body(const char *hook, const struct hook_letter *letter,
                     struct buf *out);

/* "t=...,v1=...,v1=..." */
char *hook_signature(struct arena *arena, const struct hook_secrets *secrets,
                     int64_t seconds, struct span body);

/* As transfer_run; status_r is 0 when there is no answer. */
enum result hook_post(struct arena *arena, struct transfer *transfer,
                      const struct hook_settings *hook,
                      const struct hook_secrets *secrets,
                      const struct hook_letter *letter, long *status_r,
                      struct error *err) MUST_CHECK;

#endif
