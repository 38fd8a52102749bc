#ifndef RECORD_EVENT_H
#define RECORD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/token.h"

/*
 * One thing that happened, as plain data. Written as two pieces: an entry
 * (canonical JSON, hash-chained, nothing personal in it: CHAIN-6, CHAIN-6a)
 * and a payload (JSON, encrypted under a key of its own that can be
 * destroyed). Absent text is "".
 */
enum event_kind {
	EVENT_SUBMITTED, /* we let it out: SubmissionAcceptance */
	EVENT_REFUSED,   /* our 5xx: SubmissionRejection */
	EVENT_RELAYED,   /* handed over; a report or the log says so */
	EVENT_DELIVERED, /* a DSN says it is in the mailbox (DSN-12) */
	EVENT_EXPANDED,
	EVENT_DELAYED,
	EVENT_FAILED,
	EVENT_DISPLAYED, /* MDN displayed; not "read" (MDN-6) */
	EVENT_DISPOSED,  /* any other disposition; facts say which */
	EVENT_REPLIED,   /* a person's answer */
	EVENT_AUTO_REPLIED,
	EVENT_UNSUBSCRIBED,
	EVENT_UNREADABLE, /* came to a valid token, could not be read */
	EVENT_PASSED_ON,  /* a report was sent on to the author */
	EVENT_GAP,        /* a torn tail was cut, or the filter was away */
	EVENT_STARTED,    /* a writer opened its journal */
	EVENT_HELD,       /* on hold in the MTA's queue until `due` */
	EVENT_RELEASED,   /* let go again */
	EVENT_CONFIRMED,  /* "I have received this": the recipient's own act */
	EVENT_PREFERENCE, /* a choice of a person; detail names it */
	EVENT_CONSENT,    /* given or withdrawn; detail says which */
	EVENT_SUPPRESSED, /* put on the list of refusals by us */
	EVENT_READMITTED, /* taken off it */
	EVENT_ASKED,      /* somebody looked at a proof (BND-6) */
	EVENT_EXPORTED,   /* a person's data was given out (GDPR-8) */
	EVENT_ERASED,     /* a person's data was destroyed; no identity */
	EVENT_AMENDED,    /* what stays of an event when one person is erased */
	EVENT_RESTRICTED, /* GDPR-10; detail "on" or "off" */
	EVENT_HOLD,       /* a legal hold begins */
	EVENT_HOLD_LIFTED,
	EVENT_EXPIRED, /* past its retention: keys destroyed */
	EVENT_CLICKED, /* a link was followed; detail "machine" or "human" */
	EVENT_KINDS
};

enum event_grade {
	GRADE_OBSERVED,      /* our own servers saw it */
	GRADE_AUTHENTICATED, /* a report that bears our MAC */
	GRADE_CLAIMED        /* anyone could have said so */
};

enum event_source {
	SOURCE_MILTER,
	SOURCE_DSN,
	SOURCE_MDN,
	SOURCE_BOUNCE, /* no report part: read from the text */
	SOURCE_MAIL,   /* a reply, an unsubscribe mail */
	SOURCE_JOURNAL,
	SOURCE_MAILLOG, /* a line of the MTA's log (F-4) */
	SOURCE_PAGE,    /* avis-web */
	SOURCE_OPERATOR /* avis(1) */
};

/* A fact of the payload; names are lower case, sorted when written. */
struct event_fact {
	const char *name; /* "from", "client", "message_id", "diagnostic" */
	const char *value;
};

struct event_recipient {
	const char *address;
	const char *orcpt; /* the author's, as given; "" */
	unsigned notify;   /* the author's own wish, bits of enum dsn_notify */
};

#define EVENT_WRITER_SIZE 64

/* A person's name in the record: a keyed hash of the address (GDPR-6). */
#define PERSON_SIZE 25

struct event {
	/* filled by the journal */
	char writer[EVENT_WRITER_SIZE]; /* "mx1.milter" */
	uint64_t sequence;              /* from 1, no gaps */
	time_ms_t recorded;

	/* filled by the caller; goes into the entry */
	time_ms_t time;
	enum event_kind kind;
	enum event_grade grade;
	enum event_source source;
	bool has_message;
	struct message_id message;
	unsigned recipient; /* 1, 2...: which of the message's; 0: all */
	const char *class_name;
	const char *queue_id;
	const char *status; /* enhanced status code */
	const char *detail; /* a word of a closed list: "automatic" */
	bool has_digests;
	uint8_t body_digest[DIGEST_BYTES];   /* EVD-7 (a) */
	uint8_t header_digest[DIGEST_BYTES]; /* EVD-7 (b) */
	bool has_raw_digest;
	uint8_t raw_digest[DIGEST_BYTES]; /* of the report as it came */
	int64_t size_bytes;
	int64_t retention_ms; /* how long the store keeps it */
	int64_t way_out_ms;   /* how long its token unsubscribes (LST-12) */
	time_ms_t due;        /* EVENT_HELD: when it may go; 0: nobody knows */
	/*
	 * Only where the event must outlive the erasure of its payload: a
	 * refusal, a choice, a withdrawal (record/person.h). Else "".
	 */
	char person[PERSON_SIZE];

	/* filled by the caller; goes into the payload, encrypted */
	struct event_fact *facts;
	size_t fact_count;
	size_t fact_room;
	struct event_recipient *recipients; /* EVENT_SUBMITTED only */
	size_t recipient_count;
};

struct event_list {
	struct event *items;
	size_t count;
	size_t room;
};

void event_fact_add(struct arena *arena, struct event *event, const char *name,
                    const char *value); /* skipped when value is "" */
const char *event_fact(const struct event *event, const char *name); /* "" */

/* 1, 2...: which recipient of a submission has that address; 0: none. */
unsigned event_recipient_number(const struct event *submitted,
                                const char *address);

/* The canonical payload; what the commitment c covers, behind a salt. */
void event_write_payload(const struct event *event, struct buf *out);

/*
 * The canonical entry. prev is the hash of the entry before (zeros for the
 * first), commitment is SHA-256(salt || payload).
 */
void event_write_entry(const struct event *event,
                       const uint8_t prev[DIGEST_BYTES],
                       const uint8_t commitment[DIGEST_BYTES], struct buf *out);

/*
 * Back from both. payload empty (erased or not at hand): the personal part
 * stays empty. BAD for what we did not write.
 */
enum result event_read(struct arena *arena, struct span entry,
                       struct span payload, struct event *event_r,
                       struct error *err) MUST_CHECK;

/* The payload alone, added to an event whose entry part is there. */
enum result event_read_payload(struct arena *arena, struct span payload,
                               struct event *event,
                               struct error *err) MUST_CHECK;

/* What chains an entry, without reading the rest. False: not our entry. */
struct event_links {
	uint64_t sequence;
	uint8_t prev[DIGEST_BYTES];
	uint8_t commitment[DIGEST_BYTES];
};
bool event_read_links(struct span entry, struct event_links *links_r);

const char *event_kind_name(enum event_kind kind); /* "submitted" */
const char *event_kind_uri(enum event_kind kind);  /* ETSI or "x-..." */
const char *event_grade_name(enum event_grade grade);
const char *event_source_name(enum event_source source);

#endif
