#ifndef RECORD_PERSON_H
#define RECORD_PERSON_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/keyring.h"
#include "base/span.h"
#include "record/event.h"
#include "record/store.h"

/*
 * A person, as the record knows one: a keyed hash of the address (GDPR-6,
 * GDPR-7), and what that person has said: refusals, choices, consents. All of
 * it is events first (kinds preference, consent, suppressed, readmitted,
 * unsubscribed, restricted), and Redis is fed from them.
 *
 * A refusal or a choice is told whole by its entry: person, class_name ("" :
 * all marketing) and detail, so that it survives the erasure of the payload.
 * A consent that is given keeps the address in its payload alone (fact
 * "address"), and goes with it.
 */
void person_name(const struct keyring *keys, const char *address,
                 char name_r[PERSON_SIZE]);

/* The choices that a person has, and the word in the event's detail. */
enum choice {
	CHOICE_OFF, /* no mail of this class; "" : of any marketing class */
	CHOICE_ON,
	CHOICE_RECEIPTS_OFF,
	CHOICE_RECEIPTS_ON,
	CHOICE_MEASURE_OFF,
	CHOICE_MEASURE_ON,
	CHOICE_CHANNEL_EMAIL,
	CHOICE_CHANNEL_POST,
	CHOICE_CHANNEL_TELEPHONE,
	CHOICE_LANGUAGE_FR,
	CHOICE_LANGUAGE_EN,
	CHOICE_FEWER, /* detail "fewer-COUNT-DAYS": no more marketing than that
	               */
	CHOICE_FEWER_NOT,
	CHOICES
};
const char *choice_word(enum choice choice); /* "receipts-off" */

/*
 * A preference event with this detail: its person asks to be erased
 * (GDPR-9). It changes nothing by itself; `avis rights` lists and does it.
 */
#define PERSON_ERASURE_ASKED "erasure-asked"

/*
 * An event of one of those kinds: time now, grade observed, person named,
 * address among the facts ("address"). The caller sets source and message.
 */
void person_event(struct arena *arena, const struct keyring *keys,
                  enum event_kind kind, const char *address,
                  const char *class_name, const char *detail,
                  struct event *event_r);
/* The detail of EVENT_SUPPRESSED when mail bounced (STAT-4). */
#define PERSON_BOUNCES "bounces"

/*
 * The same for somebody of whom only the name is known. Of events whose
 * detail gives a consent the person is not written into the entry.
 */
void person_event_named(enum event_kind kind, const char *person,
                        const char *class_name, const char *detail,
                        struct event *event_r);
/* CHOICE_FEWER: count messages in days days, no more than these. */
#define PERSON_CAP_COUNT 9
#define PERSON_CAP_DAYS  99
const char *person_cap_detail(struct arena *arena, unsigned count,
                              unsigned days);

/* What has been said about one class. */
struct person_class {
	const char *class_name;
	const char *off_since; /* RFC 3339; "" : not refused */
	const char *on_since;  /* said yes to it, later than any no; "" */
	bool has_consent;      /* a record of consent, given or withdrawn */
	bool may_receive;      /* the three flags of GDPR-3 */
	bool may_measure_opens;
	bool may_measure_clicks;
	bool is_soft_opt_in;
	const char *consent_text; /* which wording: "optin-fr-2026-03" */
	const char *consent_time; /* RFC 3339 */
};

struct person {
	struct person_class *classes;
	size_t class_count;
	const char *off_since; /* all marketing; see person_refuses */
	bool is_bouncing;      /* nobody's word: too many hard bounces */
	bool refuses_receipts;
	bool refuses_measure;
	const char *channel;  /* "email", "post", "telephone" */
	const char *language; /* "", "fr", "en" */
	unsigned cap_count;   /* 0: none */
	unsigned cap_days;
	const char *restricted_since; /* GDPR-10 */
};

/* All that is known; empty, not NONE, for who said nothing. */
enum result person_find(struct arena *arena, struct store *store,
                        const char name[PERSON_SIZE], struct person *person_r,
                        struct error *err) MUST_CHECK;

/*
 * Does mail of this class reach nobody there? Since when, or "". A no to all
 * marketing holds for a marketing class unless the person has said yes to
 * that very class later; a no to a class holds until a yes to it.
 */
const char *person_refuses(const struct person *person, const char *class_name,
                           bool is_marketing);

/*
 * Whose is a token that names a message (LST-12)? It answers for as long as
 * the class's way out lasts, when the message itself is long forgotten. NONE:
 * there never was such a message, or its time is over. address_r is "" when
 * only the person's name is left.
 */
struct person_of_token {
	char person[PERSON_SIZE];
	const char *class_name;
	const char *address;
	bool is_shared; /* several recipients: it speaks for none of them */
};
enum result person_by_message(struct arena *arena, struct store *store,
                              struct message_id message,
                              struct person_of_token *found_r,
                              struct error *err) MUST_CHECK;

#endif
