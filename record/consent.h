#ifndef RECORD_CONSENT_H
#define RECORD_CONSENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a consent event says, as the one word of its detail. Consent is given
 * for three things, each on its own (GDPR-3); what is not named is not given.
 *
 *     given-receive-open-click    by a consent; sets all three
 *     soft-receive                by a sale (L34-5 CPCE); sets all three
 *     withdrawn-open-click        takes back those named, leaves the rest
 *
 * So each flag has a time of its own, that of the last event that spoke of
 * it, and the later one wins: events may come in any order (GDPR-5: who takes
 * back the measuring keeps the subscription). Facts: "address", "text" (which
 * wording), "channel", "context". A withdrawal names the person in the entry,
 * a consent that is given does not: it goes with its payload.
 */
#define CONSENT_WORD_SIZE 40

enum consent_deed {
	CONSENT_GIVEN,
	CONSENT_SOFT,
	CONSENT_WITHDRAWN
};

enum consent_flag {
	CONSENT_RECEIVE = 1,
	CONSENT_OPEN = 2,
	CONSENT_CLICK = 4,
	CONSENT_ALL = 7
};

struct consent_words {
	enum consent_deed deed;
	unsigned flags;
};

void consent_write(struct consent_words words, char word_r[CONSENT_WORD_SIZE]);

/* False: not such a word. */
bool consent_read(const char *word, struct consent_words *words_r);

/* "receive", "open", "click"; 0: no such flag. */
unsigned consent_flag_of(const char *name, size_t len);

#endif
