#ifndef WEB_LETTER_H
#define WEB_LETTER_H

#include "base/transfer.h"
#include "web/page.h"

/*
 * A mail that avis-web writes itself: null sender, Auto-Submitted (RFC 3834),
 * text alone. The organisation's contact stands in From.
 */
struct letter {
	const char *to; /* the bare address */
	const char *subject;
	struct span text; /* lines end with LF */
};

/* The whole message, CRLF. BAD: that is no address one can write to. */
enum result letter_write(struct arena *arena,
                         const struct organisation_settings *who,
                         const struct letter *letter, struct span *message_r,
                         struct error *err) MUST_CHECK;

/* To the relay, and through it to that one address. */
enum result letter_send(struct arena *arena, const struct settings *settings,
                        const struct letter *letter,
                        struct error *err) MUST_CHECK;

#endif
