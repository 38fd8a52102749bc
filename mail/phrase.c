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

/* Two-byte letters whose lower case is a fixed way off. */
static void
lower_pair(const unsigned char *at, char *to)
{
	unsigned char a = at[0];
	unsigned char b = at[1];

	if (a == 0xc3 && b >= 0x80 && b <= 0x9e && b != 0x97) {
		b = (unsigned char)(b + 0x20);
	} else if (a == 0xd0 && b >= 0x90 && b <= 0x9f) {
		b = (unsigned char)(b + 0x20);
	} else if (a == 0xd0 && b >= 0xa0 && b <= 0xaf) {
		a = 0xd1;
		b = (unsigned char)(b - 0x20);
	}
	to[0] = (char)a;
	to[1] = (char)b;
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
			used = (c == 0xc3 || c == 0xd0) && i + 1 < text.len ? 2
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
