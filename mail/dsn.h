#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The DSN parameters of MAIL and RCPT (RFC 3461) and xtext. Absent text is
 * "".
 */
enum dsn_notify {
	DSN_NOTIFY_NONE = 0, /* the parameter was not given */
	DSN_NOTIFY_NEVER = 1,
	DSN_NOTIFY_SUCCESS = 2,
	DSN_NOTIFY_FAILURE = 4,
	DSN_NOTIFY_DELAY = 8
};

/*
 * What smtpd_command_filter writes to make Postfix set its success flag
 * (contrib/postfix): this spelling, which no program uses, says that the
 * author asked nothing.
 */
#define DSN_NOTIFY_MARKER "Success,Failure"

struct dsn_mail {
	const char *ret;   /* "FULL", "HDRS" or "" */
	const char *envid; /* xtext as given */
	const char *body;  /* "8BITMIME", "7BIT", "BINARYMIME" or "" */
	bool is_smtputf8;
};

struct dsn_rcpt {
	unsigned notify;   /* bits of enum dsn_notify */
	bool is_marker;    /* notify was DSN_NOTIFY_MARKER: not the author's */
	const char *orcpt; /* as given, byte for byte (DSN-5) */
};

/* args: the words behind the path, ended by NULL (MLT-8). Unknown: ignored. */
void dsn_mail_read(struct arena *arena, const char *const *args,
                   struct dsn_mail *mail_r);
void dsn_rcpt_read(struct arena *arena, const char *const *args,
                   struct dsn_rcpt *rcpt_r);

/*
 * "SUCCESS,FAILURE,DELAY" for the bits; NEVER stands alone (DSN-3) and
 * SUCCESS brings FAILURE with it (DSN-2). "" for DSN_NOTIFY_NONE.
 */
const char *dsn_notify_text(unsigned notify);

/* RFC 3461, 4: +XX for all but 33..126, and for + and = (DSN-1). */
char *xtext_encode(struct arena *arena, struct span bytes);
/* BAD: a + without two hex digits, or a decoded NUL, CR or LF. */
enum result xtext_decode(struct arena *arena, struct span text,
                         struct span *bytes_r, struct error *err) MUST_CHECK;

/*
 * "rfc822;anne+2Btag@example.com" for an ASCII address, the 7-bit form of
 * "utf-8;" for any other (I18N-1, I18N-2).
 */
char *dsn_orcpt(struct arena *arena, const char *address);

/*
 * Is this typed address of a report ("rfc822;a@b", "utf-8;...", bare "a@b")
 * the same as ours? Compares as it is, xtext-decoded and utf-8-decoded
 * (REP-16); local part with case, domain without.
 */
bool dsn_address_matches(const char *typed, const char *address);

/* The address in it, decoded where that gives one; "" when there is none. */
char *dsn_address_text(struct arena *arena, struct span typed);

#endif
