#include "record/consent.h"

#include <stdio.h>
#include <string.h>

static const char *const deeds[] = {
	[CONSENT_GIVEN] = "given",
	[CONSENT_SOFT] = "soft",
	[CONSENT_WITHDRAWN] = "withdrawn",
};

static const struct {
	enum consent_flag flag;
	const char *name;
} flags[] = {
	{ CONSENT_RECEIVE, "receive" },
	{ CONSENT_OPEN, "open" },
	{ CONSENT_CLICK, "click" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void
consent_write(struct consent_words words, char word_r[CONSENT_WORD_SIZE])
{
	int len = snprintf(word_r, CONSENT_WORD_SIZE, "%s", deeds[words.deed]);

	for (size_t i = 0; i < COUNT(flags); i++)
		if ((words.flags & flags[i].flag) != 0)
			len += snprintf(word_r + len,
			                CONSENT_WORD_SIZE - (size_t)len, "-%s",
			                flags[i].name);
}

unsigned
consent_flag_of(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strlen(flags[i].name) == len &&
		    memcmp(flags[i].name, name, len) == 0)
			return flags[i].flag;
	return 0;
}

/* Length up to the next hyphen or the end. */
static size_t
part_len(const char *word)
{
	return strcspn(word, "-");
}

bool
consent_read(const char *word, struct consent_words *words_r)
{
	struct consent_words words = { CONSENT_GIVEN, 0 };
	size_t len = part_len(word), deed = 0;

	while (deed < COUNT(deeds) && (strlen(deeds[deed]) != len ||
	                               memcmp(deeds[deed], word, len) != 0))
		deed++;
	if (deed == COUNT(deeds))
		return false;
	words.deed = (enum consent_deed)deed;
	for (word += len; *word == '-'; word += len) {
		unsigned flag;

		word++;
		len = part_len(word);
		flag = consent_flag_of(word, len);
		if (flag == 0)
			return false;
		words.flags |= flag;
	}
	*words_r = words;
	return true;
}
