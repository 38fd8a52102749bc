#ifndef FLOW_PLAN_H
#define FLOW_PLAN_H

#include "base/keyring.h"
#include "base/token.h"
#include "conf/settings.h"
#include "flow/edit.h"
#include "flow/message.h"
#include "mail/outline.h"
#include "policy/decide.h"

/*
 * A decision made into edits for one message. Pure but for the id and the
 * time, which the caller gives; the same for the milter and `avis try`.
 */
struct plan_input {
	const struct settings *settings;
	const struct keyring *keys;
	const struct message *message;
	const struct facts *facts;
	const struct decision *decision;
	struct message_id id;
	const char *domain; /* for a Message-ID we make: ours */
	const struct blocks *blocks;
	/* The body and its parts; NULL: it was not kept, and is not edited. */
	const struct outline_list *outline;
	const struct body_source *source;
};

/* What was there before and what is there now, for the record (ADR-8). */
struct change {
	const char *name; /* "from", "reply_to", "receipt_to" */
	const char *before;
	const char *after;
};

struct plan {
	struct edit_list edits;
	const char *message_id;      /* with < >; the one it leaves with */
	const char *receipt_address; /* recu+TOKEN@..., "" when not rewritten */
	const char *reply_to;        /* where answers go: an address */
	struct change *changes;
	size_t change_count;
	size_t change_room;
	const char *body_skipped; /* why the text was left alone; "" */
	const char *problem;      /* a header that could not be written; "" */
};

void plan_make(const struct plan_input *input, struct plan *plan_r);

/* What turned out not to be possible, among the decision's reasons. */
void plan_explain(struct arena *arena, const struct plan *plan,
                  struct decision *decision);

/*
 * For mail that is not touched: only strangers' copies of our control
 * headers go (HDR-9), but for a valid audit header of a second pass, and
 * what smtpd_command_filter asked in nobody's name (DSN-4).
 */
void plan_strip(const struct plan_input *input, struct plan *plan_r);

#endif
