#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * Encodings and character sets, by GMime. mime.c is its only user. The walk
 * over the parts is our own (mail/parts.h): GMime builds an object for each
 * part of a message before anybody can say that there are too many.
 */

/* Once per process, before threads. */
void mime_setup(void);

/* Encoded-words (RFC 2047) and raw 8-bit text as UTF-8. */
char *mime_decode_words(struct arena *arena, struct span text);

/*
 * The bytes behind a Content-Transfer-Encoding; at most limit bytes of them.
 * An encoding that leaves bytes as they are gives body itself, uncopied.
 */
struct span mime_decode_body(struct arena *arena, struct span body,
                             const char *encoding, size_t limit);

/* The same for bytes that come in pieces; memory is bounded. */
struct mime_decoder;
struct mime_decoder *mime_decoder_new(const char *encoding);
void mime_decoder_free(struct mime_decoder **decoder);
void mime_decoder_add(struct mime_decoder *decoder, struct span bytes,
                      void (*take)(void *context, struct span decoded),
                      void *context);

/*
 * Text in UTF-8 by its charset, which may be "" or unknown: then UTF-8 when
 * it is valid UTF-8, else Latin 1. A bad byte becomes U+FFFD. Plain ASCII
 * comes back uncopied.
 */
struct span mime_to_utf8(struct arena *arena, struct span text,
                         const char *charset);

/* As mime_to_utf8, but false when a byte has no meaning in that charset. */
bool mime_read_charset(struct arena *arena, struct span text,
                       const char *charset, struct span *utf8_r);

/* UTF-8 text in another charset; false when a character is not in it. */
bool mime_write_charset(struct arena *arena, struct span utf8,
                        const char *charset, struct span *text_r);

/*
 * Text with CRLF line ends as quoted-printable, or any bytes as base64, in
 * lines of at most 76 characters that end in CRLF (the last one of
 * quoted-printable only if the text did). encoding: one of these two.
 */
struct span mime_encode_body(struct arena *arena, struct span bytes,
                             const char *encoding);

/* Is it well-formed UTF-8 (no overlong forms, no surrogates)? */
bool mime_is_utf8(struct span text);

#endif
