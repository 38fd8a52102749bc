#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "base/arena.h"
#include "base/error.h"
#include "conf/blocks.h"
#include "conf/settings.h"
#include "policy/facts.h"

/*
 * facts + rules -> decision. Pure: the same facts give the same decision,
 * and the decision says why in words that go to the log, to `avis try` and
 * to the record alike.
 */
struct rules; /* settings compiled: patterns, networks, expressions */

/*
 * Compiles the classes, senders and networks. Patterns that do not compile
 * are findings. The settings must outlive the rules. Safe to use from many
 * threads at once.
 */
enum result rules_new(struct arena *arena, const struct settings *settings,
                      struct rules **rules_r, struct finding_list *findings_r,
                      struct error *err) MUST_CHECK;
void rules_free(struct rules **rules);

/* The templates that decisions name. */
const struct blocks *rules_blocks(const struct rules *rules);

/* Is it ours? By SASL name, network or local submission. */
enum origin rules_origin(const struct rules *rules, const struct facts *facts);

/* May this client name the class in a header (HDR-9)? */
bool rules_may_name_class(const struct rules *rules, const struct facts *facts);

/* Must a body be seen before the class is known (attachments, size)? */
bool rules_need_body(const struct rules *rules);

/*
 * May the text of this message be asked for (visible_link)? By what the
 * header says alone; facts about the body need not be there yet.
 */
bool rules_need_text(struct arena *arena, const struct rules *rules,
                     const struct facts *facts);

/* First match wins; NULL when no class matches. reason_r says which and why. */
const struct class_settings *rules_classify(struct arena *arena,
                                            const struct rules *rules,
                                            const struct facts *facts,
                                            const char **reason_r);

/* Mail that must be sent: no way out, no cap, no hours (LST-17). */
bool class_must_be_sent(const struct class_settings *class);

/* Does a decision for this class need answers from the store? */
bool class_asks_store(const struct class_settings *class);

enum verdict {
	VERDICT_UNTOUCHED, /* transit, second pass, a report of our own */
	VERDICT_PASS,      /* goes out, with what is set below */
	VERDICT_HOLD,      /* as PASS, but it waits in the MTA's hold queue */
	VERDICT_DEFER,     /* 4xx: the store is away and the class says so */
	VERDICT_REFUSE     /* 5xx */
};

/* A line of why: topic "sender", "receipts", "unsubscribe", "class"... */
struct reason {
	const char *topic;
	const char *text;
	bool is_not_done; /* something wanted that was left out, and why */
};

struct decision {
	enum verdict verdict;
	const struct class_settings *class; /* NULL: no class, or untouched */
	enum origin origin;
	int reply_code;           /* DEFER and REFUSE: 451, 550 */
	const char *reply_status; /* "4.3.0", "5.7.1" (STAT-1) */
	const char *reply_text;   /* one line, no % doubling yet */

	/* HOLD */
	const char *hold_reason; /* "hours", "cap", "consent" */
	time_ms_t hold_until;    /* 0: nobody knows */

	/* the sender */
	const char *reply_to;   /* mailbox to set, "" for none */
	bool reply_to_replaces; /* else it is added */
	bool reply_to_merges;
	const char *from; /* mailbox to put into From, "" to keep */

	/* receipts */
	bool rewrite_sender; /* envelope sender becomes recu+TOKEN@ */
	unsigned notify;     /* bits to ask for; 0: leave as it is */
	bool override_never;
	bool ask_reading;         /* Disposition-Notification-To */
	bool drop_legacy_receipt; /* MDN-12 */
	bool measure_links;       /* of the HTML (PIX-6, BODY-9) */
	bool ask_confirm;         /* a button for the recipient */

	/* the way out */
	bool unsubscribe_mailto;
	bool unsubscribe_https;
	bool unsubscribe_post;
	bool unsubscribe_replaces; /* an existing set is taken out first */
	const char *list_id;       /* "" for none */
	bool strip_list;           /* all List-* fields go (LST-15) */

	const char *preferred_channel; /* "post", "telephone"; "" for none */

	/* what the text gets (flow/plan_blocks.h), by name of block */
	const char **blocks;
	size_t block_count;
	size_t block_room;
	const char *language; /* "fr", "en": of those blocks */

	/* recipients left out, indexes into facts */
	bool *drops;
	size_t drop_count;

	struct reason *reasons;
	size_t reason_count;
	size_t reason_room;
};

/* PASS or HOLD: the message is taken, with what is set above. */
bool verdict_lets_go(enum verdict verdict);

void decide(struct arena *arena, const struct rules *rules,
            const struct facts *facts, struct decision *decision_r);

/*
 * Once more for a message of that class which was let go or held before: who
 * may have it now, and is it the hour? Of the facts it needs the recipients,
 * store and now.
 */
void decide_again(struct arena *arena, const struct rules *rules,
                  const struct class_settings *class, const struct facts *facts,
                  struct decision *decision_r);

/* "class service (rule 3: nothing before it matched); sender: ...; ..." */
char *decision_line(struct arena *arena, const struct decision *decision);
const char *verdict_name(enum verdict verdict);
const char *origin_name(enum origin origin);

#endif
