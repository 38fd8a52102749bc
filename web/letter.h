#ifndef WEB_LETTER_H
#define WEB_LETTER_H

#include "base/keyring.h"
#include "base/transfer.h"
#include "web/page.h"

/*
 * A mail that avis-web writes itself: null sender, Auto-Submitted (RFC 3834),
 * text alone. The organisation's contact stands in From. It bears our record's
 * header, so the milter lets it pass as it is (MLT-26): no class and no
 * refusal stands between a person and a link that the person asked for.
 */
struct letter {
	const char *to; /* the bare address */
	const char *subject;
	struct span text; /* lines end with LF */
};

/* The whole message, CRLF. BAD: that is no address one can write to. */
enum result letter_write(struct arena *arena, const struct keyring *keys,
                         const struct organisation_settings *who,
                         const struct letter *letter, struct span *message_r,
                         struct error *err) MUST_CHECK;

/* To the relay, and through it to that one address. */
enum result letter_send(struct arena *arena, const struct settings *settings,
                        const struct keyring *keys, const struct letter *letter,
                        struct error *err) MUST_CHECK;

#endif
