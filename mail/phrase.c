#define _GNU_SOURCE /* memmem */
#include "mail/phrase.h"

#include <string.h>

/* UTF-8 sequences that stand for a plain character in wording. */
static const struct {
	const char *from;
	const char *to;
} plain[] = {
	{ "\xC2\xA0", " " },      { "\xC2\xAD", "" },
	{ "\xE2\x80\x99", "'" },  { "\xE2\x80\x98", "'" },
	{ "\xE2\x80\x9C", "\"" }, { "\xE2\x80\x9D", "\"" },
	{ "\xE2\x80\xAF", " " },  { "\xE3\x80\x80", " " },
	{ "\xE2\x80\x8B", "" },   { "\xC2\xB4", "'" },
};

/*
 * Two-byte letters and how their lower case is reached: all of a range by
 * the same way, or every second one by one.
 */
static const struct {
	unsigned char lead, first, last;
	unsigned char lower_lead;
	signed char step;
	bool is_pairs; /* first, first + 2, ... are the upper ones */
} letter_ranges[] = {
	{ 0xc3, 0x80, 0x96, 0xc3, 0x20, false }, /* Latin 1 */
	{ 0xc3, 0x98, 0x9e, 0xc3, 0x20, false },
	{ 0xc4, 0x80, 0xae, 0xc4, 1, true }, /* Latin Extended-A */
	{ 0xc4, 0xb2, 0xb6, 0xc4, 1, true },
	{ 0xc4, 0xb9, 0xbd, 0xc4, 1, true },
	{ 0xc5, 0x81, 0x87, 0xc5, 1, true },
	{ 0xc5, 0x8a, 0xb6, 0xc5, 1, true },
	{ 0xc5, 0xb9, 0xbd, 0xc5, 1, true },
	{ 0xce, 0x86, 0x86, 0xce, 0x26, false }, /* Greek */
	{ 0xce, 0x88, 0x8a, 0xce, 0x25, false },
	{ 0xce, 0x8c, 0x8c, 0xcf, 0, false },
	{ 0xce, 0x8e, 0x8f, 0xcf, -1, false },
	{ 0xce, 0x91, 0x9f, 0xce, 0x20, false },
	{ 0xce, 0xa0, 0xa9, 0xcf, -0x20, false },
	{ 0xd0, 0x80, 0x8f, 0xd1, 0x10, false }, /* Cyrillic */
	{ 0xd0, 0x90, 0x9f, 0xd0, 0x20, false },
	{ 0xd0, 0xa0, 0xaf, 0xd1, -0x20, false },
};

static void
lower_pair(const unsigned char *at, char *to)
{
	to[0] = (char)at[0];
	to[1] = (char)at[1];
	for (size_t i = 0; i < sizeof(letter_ranges) / sizeof(letter_ranges[0]);
	     i++) {
		if (at[0] != letter_ranges[i].lead ||
		    at[1] < letter_ranges[i].first ||
		    at[1] > letter_ranges[i].last)
			continue;
		if (letter_ranges[i].is_pairs &&
		    (at[1] - letter_ranges[i].first) % 2 != 0)
			return;
		to[0] = (char)letter_ranges[i].lower_lead;
		to[1] = (char)(at[1] + letter_ranges[i].step);
		return;
	}
}

static size_t
plain_length(struct span rest, const char **to_r)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (span_starts(rest, plain[i].from)) {
			*to_r = plain[i].to;
			return strlen(plain[i].from);
		}
	return 0;
}

struct span
phrase_fold(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len;) {
		unsigned char c = (unsigned char)text.at[i];
		const char *to = "";
		size_t used =
			c < 0x80 ? 0 : plain_length(span_skip(text, i), &to);

		if (used == 0 && c >= 0x80) {
			used = c >= 0xc3 && c <= 0xd0 && i + 1 < text.len ? 2
			                                                  : 1;
			if (used == 2)
				lower_pair((const unsigned char *)text.at + i,
				           out + len);
			else
				out[len] = (char)c;
			len += used;
			i += used;
			continue;
		}
		char plain_byte = used > 0 ? to[0] : ascii_lower((char)c);
		i += used > 0 ? used : 1;
		if (used > 0 && to[0] == '\0')
			continue;
		if (plain_byte == '\0' || ascii_is_space(plain_byte))
			plain_byte = ' ';
		if (plain_byte == ' ' && (len == 0 || out[len - 1] == ' '))
			continue;
		out[len++] = plain_byte;
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	return span_make(out, len);
}

bool
phrase_in(struct span folded, const char *phrase)
{
	return memmem(folded.at, folded.len, phrase, strlen(phrase)) != NULL;
}
