#include "mail/mime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/memory.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void
mime_setup(void)
{
	g_mime_init();
}

char *
mime_decode_words(struct arena *arena, struct span text)
{
	const char *given = arena_strndup(arena, text.at, text.len);
	char *decoded = g_mime_utils_header_decode_text(NULL, given);
	char *copy = arena_strdup(arena, decoded);

	g_free(decoded);
	return copy;
}

static GMimeContentEncoding
encoding_of(const char *name)
{
	switch (g_mime_content_encoding_from_string(name)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return GMIME_CONTENT_ENCODING_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return GMIME_CONTENT_ENCODING_UUENCODE;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		break;
	}
	return GMIME_CONTENT_ENCODING_BINARY;
}

struct span
mime_decode_body(struct arena *arena, struct span body, const char *encoding,
                 size_t limit)
{
	GMimeContentEncoding kind = encoding_of(encoding);

	if (kind == GMIME_CONTENT_ENCODING_BINARY)
		return span_take(body, limit);

	/* No decoder needs more than four bytes for one. */
	if (body.len / 4 > limit)
		body = span_take(body, limit * 4);

	GMimeEncoding state;
	g_mime_encoding_init_decode(&state, kind);
	char *out = arena_alloc(arena,
	                        g_mime_encoding_outlen(&state, body.len) + 1);
	size_t len = g_mime_encoding_flush(&state, body.at, body.len, out);
	return span_take(span_make(out, len), limit);
}

#define DECODE_BYTES ((size_t)4096)

struct mime_decoder {
	bool is_plain;
	GMimeEncoding state;
	char *out; /* of DECODE_BYTES */
};

struct mime_decoder *
mime_decoder_new(const char *encoding)
{
	GMimeContentEncoding kind = encoding_of(encoding);
	struct mime_decoder *decoder = memory_zeroed(1, sizeof(*decoder));

	decoder->is_plain = kind == GMIME_CONTENT_ENCODING_BINARY;
	if (!decoder->is_plain) {
		g_mime_encoding_init_decode(&decoder->state, kind);
		decoder->out = memory_get(
			g_mime_encoding_outlen(&decoder->state, DECODE_BYTES));
	}
	return decoder;
}

void
mime_decoder_free(struct mime_decoder **decoder)
{
	if (*decoder == NULL)
		return;
	free((*decoder)->out);
	free(*decoder);
	*decoder = NULL;
}

void
mime_decoder_add(struct mime_decoder *decoder, struct span bytes,
                 void (*take)(void *context, struct span decoded),
                 void *context)
{
	if (decoder->is_plain) {
		take(context, bytes);
		return;
	}
	while (bytes.len > 0) {
		struct span part = span_take(bytes, DECODE_BYTES);
		size_t len = g_mime_encoding_step(&decoder->state, part.at,
		                                  part.len, decoder->out);

		take(context, span_make(decoder->out, len));
		bytes = span_skip(bytes, part.len);
	}
}

/* Bytes of the UTF-8 sequence at the start; 0 when it is not one. */
static size_t
sequence_length(const unsigned char *at, size_t len)
{
	static const struct {
		unsigned char first, last, low, high;
		size_t size;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (forms[i].size > len)
			return 0;
		if (forms[i].size > 1 &&
		    (at[1] < forms[i].low || at[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < forms[i].size; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

bool
mime_is_utf8(struct span text)
{
	const unsigned char *at = (const unsigned char *)text.at;

	for (size_t i = 0; i < text.len;) {
		size_t size = sequence_length(at + i, text.len - i);

		if (size == 0)
			return false;
		i += size;
	}
	return true;
}

static bool
is_plain_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= 0x80 || text.at[i] == '\x1b')
			return false;
	return true;
}

static iconv_t
open_charset(const char *charset, struct span text)
{
	iconv_t convert = (iconv_t)-1;

	/* Many label Latin 1 or UTF-8 as ASCII, or nothing at all. */
	if (charset[0] != '\0' && !text_is(charset, "us-ascii") &&
	    !text_is(charset, "ascii"))
		convert = g_mime_iconv_open("UTF-8", charset);
	if (convert == (iconv_t)-1 && !mime_is_utf8(text))
		convert = g_mime_iconv_open("UTF-8", "windows-1252");
	if (convert == (iconv_t)-1)
		convert = g_mime_iconv_open("UTF-8", "UTF-8");
	return convert;
}

struct span
mime_to_utf8(struct arena *arena, struct span text, const char *charset)
{
	bool is_wide = text_starts(charset, "utf-16") ||
	               text_starts(charset, "utf-32") ||
	               text_starts(charset, "utf-7");

	if (is_plain_ascii(text) && !is_wide)
		return text;

	iconv_t convert = open_charset(charset, text);
	if (convert == (iconv_t)-1)
		return text;

	/* No charset of ours needs more than four bytes for one. */
	size_t room = text.len * 4 + 16;
	char *out = arena_alloc(arena, room);
	char *from = arena_strndup(arena, text.at, text.len);
	char *to = out;
	size_t left = text.len;

	while (left > 0 && room >= 8) {
		if (g_mime_iconv(convert, &from, &left, &to, &room) !=
		    (size_t)-1)
			break;
		if (errno == E2BIG)
			break;
		memcpy(to, REPLACEMENT, 3);
		to += 3;
		room -= 3;
		from++;
		left--;
	}
	g_mime_iconv_close(convert);
	return span_make(out, (size_t)(to - out));
}

static bool
convert_whole(struct arena *arena, struct span text, const char *to,
              const char *from, struct span *out_r)
{
	iconv_t convert = g_mime_iconv_open(to, from);

	if (convert == (iconv_t)-1)
		return false;

	size_t room = text.len * 4 + 16;
	char *out = arena_alloc(arena, room);
	char *at = arena_strndup(arena, text.at, text.len);
	char *end = out;
	size_t left = text.len;
	/* Characters made something like them count as an error, too. */
	bool is_whole = g_mime_iconv(convert, &at, &left, &end, &room) == 0 &&
	                left == 0 &&
	                g_mime_iconv(convert, NULL, NULL, &end, &room) == 0;

	g_mime_iconv_close(convert);
	*out_r = span_make(out, (size_t)(end - out));
	return is_whole;
}

bool
mime_read_charset(struct arena *arena, struct span text, const char *charset,
                  struct span *utf8_r)
{
	return convert_whole(arena, text, "UTF-8", charset, utf8_r);
}

bool
mime_write_charset(struct arena *arena, struct span utf8, const char *charset,
                   struct span *text_r)
{
	return convert_whole(arena, utf8, charset, "UTF-8", text_r);
}

/* LF is the line end that GMime's encoder knows. */
static struct span
with_lf(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\r' || i + 1 == text.len ||
		    text.at[i + 1] != '\n')
			out[len++] = text.at[i];
	return span_make(out, len);
}

static struct span
with_crlf(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len * 2 + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			out[len++] = '\r';
		out[len++] = text.at[i];
	}
	return span_make(out, len);
}

struct span
mime_encode_body(struct arena *arena, struct span bytes, const char *encoding)
{
	GMimeContentEncoding kind = encoding_of(encoding);
	bool is_text = kind == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	GMimeEncoding state;

	if (is_text)
		bytes = with_lf(arena, bytes);
	g_mime_encoding_init_encode(&state, kind);

	char *out = arena_alloc(arena,
	                        g_mime_encoding_outlen(&state, bytes.len) + 8);
	size_t len = g_mime_encoding_flush(&state, bytes.at, bytes.len, out);

	/* The encoder ends a last line that had no end with a soft break. */
	if (is_text && len >= 2 && out[len - 2] == '=' && out[len - 1] == '\n')
		len -= 2;
	return with_crlf(arena, span_make(out, len));
}
