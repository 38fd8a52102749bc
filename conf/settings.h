#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * What avis.conf and policy.conf say, as plain data: checked one setting at
 * a time here (type, limits, known names), and as a whole by policy/lint.
 * Every field has a row in conf/schema.c with its default and one line of
 * help; avis.conf(5) and avis-policy(5) name every row. Absent text is "".
 */
struct text_list {
	const char **items;
	size_t count;
};

/* Where a setting stands, for errors: "policy.conf:14". */
struct place {
	const char *file;
	unsigned line;
};

enum purpose {
	PURPOSE_UNSET, /* does not load (GDPR-1) */
	PURPOSE_TRANSACTIONAL,
	PURPOSE_LEGAL,
	PURPOSE_SERVICE,
	PURPOSE_MARKETING
};

enum basis { /* GDPR article 6(1) */
	BASIS_UNSET,
	BASIS_CONSENT,
	BASIS_CONTRACT,
	BASIS_LEGAL_OBLIGATION,
	BASIS_VITAL_INTERESTS,
	BASIS_PUBLIC_TASK,
	BASIS_LEGITIMATE_INTEREST
};

enum audience {
	AUDIENCE_PEOPLE,       /* "people": FR-1 applies */
	AUDIENCE_PROFESSIONALS /* "professionals": FR-5 */
};

enum consent_rule {
	CONSENT_NONE,
	CONSENT_SOFT_OPT_IN,
	CONSENT_REQUIRED
};

enum unsubscribe_way {
	UNSUBSCRIBE_NONE,
	UNSUBSCRIBE_MAILTO,
	UNSUBSCRIBE_ONE_CLICK
};

enum keep_rule {
	KEEP_DIGEST, /* digests of headers and body only */
	KEEP_HEADERS,
	KEEP_MESSAGE
};

enum store_failure {
	STORE_FAILURE_UNSET, /* by purpose: marketing defers, others allow */
	STORE_FAILURE_ALLOW,
	STORE_FAILURE_DEFER
};

enum existing_rule { /* what to do with a header the author set */
	EXISTING_KEEP,
	EXISTING_REPLACE,
	EXISTING_MERGE
};

enum recipients_rule {
	RECIPIENTS_UNSET, /* by purpose: marketing and legal separate */
	RECIPIENTS_SHARED,
	RECIPIENTS_SEPARATE
};

enum suppressed_rule {
	SUPPRESSED_REFUSE, /* 550 5.7.1 to the sending application */
	SUPPRESSED_DROP    /* the recipient is left out, with a record */
};

/* Who has not consented, or has had enough mail. */
enum leave_rule {
	LEAVE_REFUSE, /* 550 5.7.1 when nobody else is left */
	LEAVE_HOLD,   /* the message waits in the MTA's hold queue */
	LEAVE_DROP    /* the recipient is left out, with a record */
};

enum hours_rule {
	HOURS_HOLD, /* in the MTA's hold queue until avis release */
	HOURS_DEFER /* 4xx to the client, which tries again */
};

enum link_rule { /* BULK-2: a way out that readers see in the body */
	LINK_OFF,
	LINK_REPORT,
	LINK_REQUIRE
};

/* What becomes of mail to who prefers post or the telephone. */
enum post_rule {
	POST_PASS,
	POST_REFUSE,
	POST_HEADER /* Avis-Preferred-Channel tells the sender's systems */
};

/* Whose List-* fields stay in a class that offers no way out (LST-15). */
enum list_rule {
	LIST_SOFTWARE, /* our networks and trusted applications */
	LIST_ANYONE,
	LIST_NOBODY
};

enum links_rule {
	LINKS_LEAVE,
	LINKS_MEASURE /* for who has agreed to it (PIX-6) */
};

enum tristate {
	TRISTATE_ANY,
	TRISTATE_NO,
	TRISTATE_YES
};

/* Bits of receipts.delivery; the values of enum dsn_notify in mail/dsn.h. */
enum delivery_report {
	DELIVERY_SUCCESS = 2,
	DELIVERY_FAILURE = 4,
	DELIVERY_DELAY = 8
};

struct title {
	const char *fr;
	const char *en;
};

struct header_condition {
	const char *name;
	const char *pattern; /* see struct when_settings */
};

/*
 * All conditions given must hold; in a list one is enough. A pattern is an
 * address, domain or value compared without case, with * and ? as wild
 * cards, or /PCRE2/ between slashes.
 */
struct when_settings {
	struct text_list from;      /* address in From, or envelope sender */
	struct text_list to;        /* every recipient: address or domain */
	struct text_list auth_user; /* SASL name */
	struct text_list client;    /* networks: 192.0.2.0/24, ::1 */
	struct header_condition *header; /* each of them must match */
	size_t header_count;
	enum tristate attachments;
	int64_t size_min_bytes; /* 0: no limit */
	int64_t size_max_bytes;
};

struct receipts_settings {
	unsigned delivery;        /* bits of enum delivery_report */
	bool reading;             /* Disposition-Notification-To */
	int64_t pending_after_ms; /* when silence is worth a look */
	bool override_never;      /* over the author's NOTIFY=NEVER (DSN-3) */
	bool leave_traces;        /* ask success without the filter */
};

struct class_settings {
	struct place place;
	const char *name;
	struct title title;
	enum purpose purpose;
	enum basis basis;
	enum audience audience;
	struct when_settings when;
	struct receipts_settings receipts;
	enum unsubscribe_way unsubscribe;
	enum existing_rule unsubscribe_existing;
	const char *list_id; /* "news.example.fr" */
	enum consent_rule consent;
	enum suppressed_rule on_suppressed;
	enum leave_rule on_no_consent;
	const char *cap; /* "4/30d" */
	enum leave_rule on_cap;
	const char *hours;    /* conf/hours.h */
	const char *holidays; /* file, see policy/holidays.h */
	enum hours_rule on_hours;
	enum link_rule visible_link;
	enum post_rule on_post;
	enum list_rule list_headers;
	enum recipients_rule recipients;
	const char *notice;
	struct text_list footer;
	const char *way_on; /* URL, for mail without any link */
	bool confirm;       /* "I have received this", by button or reply */
	bool notify_author; /* of what came by the button */
	enum links_rule links;
	enum keep_rule keep;
	int64_t retention_ms;
	enum store_failure on_store_failure;
};

struct sender_settings {
	struct place place;
	struct text_list match; /* patterns; empty: ADR-5 alone */
	const char *reply_to;   /* a mailbox, with or without a name */
	const char *from;       /* "keep", or a mailbox to put there (ADR-1) */
	enum existing_rule existing; /* a Reply-To that is there (ADR-4) */
};

struct ours_settings {
	struct text_list networks;
	bool authenticated;
};

/* Bits of hooks.events: what other systems are told (GDPR-10). */
enum hook_event {
	HOOK_UNSUBSCRIBED = 1,
	HOOK_CONSENT = 2,
	HOOK_PREFERENCE = 4,
	HOOK_SUPPRESSED = 8,
	HOOK_READMITTED = 16,
	HOOK_RESTRICTED = 32,
	HOOK_HARD_BOUNCE = 64,
	HOOK_CONFIRMED = 128
};

struct hook_settings {
	struct place place;
	const char *name; /* of its files and in what is posted */
	const char *url;
	const char *secret; /* file */
	unsigned events;    /* bits of enum hook_event; 0: all */
	struct text_list classes;
	int64_t timeout_ms;
	int64_t tries;
};

/* Applications that may name the class in the header Avis-Class. */
struct trusted_settings {
	struct text_list networks;
	struct text_list users;
};

/* Sealing (avis-seal(8)); key "" : nothing is sealed. */
struct seal_settings {
	const char *folder;       /* of the heads */
	const char *requests;     /* where others ask for a signature */
	const char *key;          /* a PEM file or a pkcs11: URI */
	const char *certificate;  /* PEM: the signer's first, then its chain */
	const char *authority;    /* RFC 3161, http: or https:; "" : none */
	const char *authority_ca; /* PEM: whom to trust for its stamps */
	const char *policy;       /* the OID to ask for; "" : any */
	bool is_qualified;        /* the authority is, under eIDAS */
	int64_t stamp_within_ms;  /* pending for longer is a failure */
	struct text_list custodians;
	const char *mail_from; /* "" : postmaster@ the domain of receipts */
};

struct limits_settings {
	int64_t headers;      /* fields of a message */
	int64_t header_bytes; /* all of them together */
	int64_t report_bytes; /* a report that we read */
	int64_t recipients;
	int64_t events; /* recorded of one message */
};

/* Who sends the mail, as recipients see it on the pages. */
/* The MTA's log: what other servers answered (F-4). */
struct maillog_settings {
	const char *path; /* a file, "systemd"; "" : it is not read */
	const char *host; /* this machine's name in it; "" : as host */
};

struct organisation_settings {
	const char *name;
	const char *contact;   /* a mail address that a person reads */
	const char *telephone; /* "+33 1 99 00 12 34" */
	const char *address;   /* postal, on one line */
	struct title hours;    /* when a person answers */
	const char *privacy;   /* URL of the privacy notice */
};

/* avis-web: how it is reached, and what recipients see of it. */
struct pages_settings {
	const char *listen;       /* 127.0.0.1:8893, [::1]:8893, unix:/path */
	struct text_list proxies; /* networks whose word on clients counts */
	const char *forwarded;    /* "x-forwarded-for" or "forwarded" */
	const char *certificate;  /* files, PEM; "": no TLS of its own */
	const char *key;
	const char *rate;      /* "1200/60s": requests of one client network */
	int64_t connections;   /* of one client network at a time */
	int64_t timeout_ms;    /* for a request to be whole */
	const char *language;  /* "en" or "fr", when nothing else decides */
	const char *templates; /* folder with the operator's own; "" */
	const char *translations; /* folder of the compiled catalogues */
};

/* Who may ask for proofs (BND-6). */
struct access_settings {
	struct text_list groups; /* Unix groups; none: whoever can read it */
	bool purpose_required;
	bool case_required;
	const char *unrecorded; /* "refuse" or "allow" */
};

/* Closed segments are copied there (record/archive.h). */
struct archive_settings {
	const char *folder; /* "": no archive */
};

/* What stands in the files themselves, not what is set by default. */
struct written_setting {
	const char *setting; /* "classes.newsletter.unsubscribe" */
	struct place place;
};

struct settings {
	const char *file;        /* the one that was read */
	const char *host;        /* names this writer in the record */
	const char *listen;      /* unix:PATH or inet:PORT@HOST (libmilter) */
	int64_t listen_mode;     /* of the Unix socket, octal in the file */
	const char *receipts;    /* "recu@example.fr" */
	const char *unsubscribe; /* default: unsubscribe@ the same domain */
	const char *delimiter;   /* one character, "+" */
	const char *web;         /* "https://avis.example.fr", "" for none */
	const char *relay;       /* takes our own mail: smtp://HOST:PORT */
	const char *store;       /* URL of Redis */
	int64_t store_budget_ms; /* for one message's questions (MLT-21) */
	int64_t consent_keep_ms; /* after the last word about it (GDPR-3) */
	const char *bounces;     /* hard_bounces: "3/30d", "" (STAT-4) */
	int64_t way_out_ms;      /* how long a token unsubscribes (LST-12) */
	const char *journal;     /* folder */
	const char *spool;       /* folder of bodies that are looked at twice */
	const char *content;     /* folder of whole messages */
	int64_t segment_bytes;   /* a journal segment closes past this */
	int64_t segment_age_ms;  /* or when its first entry is that old */
	const char *blocks;      /* folder of block templates, "" */
	struct text_list confirm_words; /* a subject that confirms */
	const char *keys;               /* file, see base/keyring.h */
	const char *hook_state;         /* folder */
	bool dkim_signs;       /* a signer that covers LST-5 follows us */
	const char *log;       /* "stderr" or "syslog" */
	const char *log_level; /* error, warn, info, debug */
	struct ours_settings ours;
	struct trusted_settings trusted;
	struct seal_settings seal;
	struct limits_settings limits;
	struct archive_settings archive;
	struct access_settings access;
	struct organisation_settings organisation;
	struct pages_settings pages;
	struct maillog_settings maillog;
	struct class_settings *classes;
	size_t class_count;
	struct hook_settings *hooks;
	size_t hook_count;
	struct sender_settings *senders;
	size_t sender_count;
	struct written_setting *written;
	size_t written_count;
	size_t written_room;
};

/* One finding of a check. Warnings do not keep a daemon from starting. */
struct finding {
	struct place place;
	bool is_warning;
	const char *setting; /* "classes.newsletter.unsubscribe" */
	const char *text;    /* what is wrong and what is allowed */
	const char *remedy;  /* "did you mean ...?", a manual page; or "" */
};

struct finding_list {
	struct finding *items;
	size_t count;
	size_t room;
};

/*
 * Reads path and what it includes. All problems go to findings_r, in the
 * order of the files; RESULT_BAD when one of them is an error, with err
 * saying how many and which is the first. settings_r is then for
 * lint_settings alone, which finds more to say: NULL when the syntax is
 * broken, else whole, with defaults where a value was wrong.
 */
enum result settings_read(struct arena *arena, const char *path,
                          struct settings **settings_r,
                          struct finding_list *findings_r,
                          struct error *err) MUST_CHECK;

void finding_add(struct arena *arena, struct finding_list *list,
                 struct finding finding);
/* "policy.conf:14: classes.newsletter.unsubscribe: ..." and the remedy. */
char *finding_text(struct arena *arena, const struct finding *finding);
size_t finding_errors(const struct finding_list *list);
/* Is there an error about this very setting? */
bool finding_about(const struct finding_list *list, const char *setting);
/* By file, in the order of their first finding, then by line. */
void finding_sort(struct arena *arena, struct finding_list *list);

/* Where it is written; the place `otherwise` when it is not. */
struct place settings_place(const struct settings *settings,
                            const char *setting, struct place otherwise);
bool settings_is_written(const struct settings *settings, const char *setting);

const char *purpose_name(enum purpose purpose);
const char *basis_name(enum basis basis);

/* The rows of the tables, for manual pages, help and completions. */
struct setting_row {
	const char *section; /* "", "ours", "classes", "classes.when", ... */
	const char *name;
	const char *type;     /* "text", "duration", "none | mailto | ..." */
	const char *standard; /* the default as it would be written */
	const char *help;
};
/* NULL past the last one. */
const struct setting_row *settings_row(size_t index);

/* NULL: there is no class of that name. */
const struct class_settings *settings_class(const struct settings *settings,
                                            const char *name);

#endif
