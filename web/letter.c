#include "web/letter.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/token.h"

#define LETTER_BYTES    ((size_t)256 * 1024)
#define SEND_MS         10000
#define QP_LINE         75
#define WORD_BYTES      42 /* of 75, "=?UTF-8?Q?" and "?=" and some =XX */
#define CLOCK_MAIL_ROOM (CLOCK_TEXT_SIZE + 16)

static bool
is_printable_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

/* One encoded-word (RFC 2047, 4.2); letters and digits stay readable. */
static size_t
add_word(struct buf *out, const char *text)
{
	size_t len = 0, used = 0;

	buf_text(out, "=?UTF-8?Q?");
	while (text[len] != '\0') {
		unsigned char c = (unsigned char)text[len];
		size_t cost = ascii_is_alnum((char)c) || c == ' ' ? 1 : 3;

		/* Never between the bytes of one letter. */
		if (used + cost > WORD_BYTES && (c & 0xc0) != 0x80)
			break;
		if (c == ' ')
			buf_byte(out, '_');
		else if (cost == 1)
			buf_byte(out, (char)c);
		else
			buf_printf(out, "=%02X", (unsigned)c);
		used += cost;
		len++;
	}
	buf_text(out, "?=");
	return len;
}

static void
add_words(struct buf *out, const char *text)
{
	/* Over a line's length it is folded, which plain text is not here. */
	if (is_printable_ascii(text) && strlen(text) < 60) {
		buf_text(out, text);
		return;
	}
	while (*text != '\0') {
		text += add_word(out, text);
		if (*text != '\0')
			buf_text(out, "\r\n ");
	}
}

/* RFC 5322, 3.2.4: quoted when it is more than plain words. */
static void
add_display_name(struct buf *out, const char *name)
{
	if (!is_printable_ascii(name) || strlen(name) >= 60) {
		add_words(out, name);
		return;
	}
	buf_byte(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *name);
	}
	buf_byte(out, '"');
}

static bool
is_plain(struct span text, size_t at)
{
	char c = text.at[at];
	char next = at + 1 < text.len ? text.at[at + 1] : '\n';

	if (c == ' ' || c == '\t')
		return next != '\n';
	return c > ' ' && c <= '~' && c != '=';
}

/* RFC 2045, 6.7. */
static void
add_quoted_printable(struct buf *out, struct span text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool is_one = is_plain(text, i);

		if (text.at[i] == '\n') {
			buf_text(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + (is_one ? 1 : 3) > QP_LINE) {
			buf_text(out, "=\r\n");
			column = 0;
		}
		/* A dot alone on a line would end the message (RFC 5321). */
		if (is_one && !(column == 0 && text.at[i] == '.')) {
			buf_byte(out, text.at[i]);
			column += 1;
		} else {
			buf_printf(out, "=%02X",
			           (unsigned)(unsigned char)text.at[i]);
			column += 3;
		}
	}
}

/* What came from a record goes into a header: nothing else may come along. */
static bool
is_writable(const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || at[1] == '\0' ||
	    strlen(address) > 254)
		return false;
	for (; *address != '\0'; address++)
		if ((unsigned char)*address <= ' ' || *address == 0x7f ||
		    strchr("<>\"\\,;()[]:", *address) != NULL)
			return false;
	return true;
}

/* As flow/plan.c makes it and flow/facts_of.c reads it. */
static void
add_record(struct buf *out, struct arena *arena, const struct keyring *keys,
           const char *message_id, const char *date, const char *from)
{
	const char *context =
		arena_printf(arena, "%s\n%s\n%s", message_id, date, from);
	char token[TOKEN_ADDRESS_SIZE];

	token_with_context(keys, TOKEN_AUDIT, message_id_new(),
	                   span_of(context), token);
	buf_printf(out, "Avis-Record: v1 %s\r\n", token);
}

static void
add_head(struct buf *out, struct arena *arena, const struct keyring *keys,
         const struct organisation_settings *who, const struct letter *letter)
{
	char date[CLOCK_MAIL_ROOM], name[MESSAGE_NAME_SIZE];
	const char *at = strchr(who->contact, '@');
	const char *message_id;

	clock_format_mail(clock_now(), date);
	message_id_name(message_id_new(), name);
	message_id = arena_printf(arena, "<%s%s>", name,
	                          at == NULL ? "@localhost" : at);
	add_record(out, arena, keys, message_id, date, who->contact);
	buf_text(out, "From: ");
	add_display_name(out, who->name);
	buf_printf(out, " <%s>\r\nTo: <%s>\r\nSubject: ", who->contact,
	           letter->to);
	add_words(out, letter->subject);
	buf_printf(out,
	           "\r\nDate: %s\r\nMessage-ID: %s\r\n"
	           "Auto-Submitted: auto-generated\r\n"
	           "MIME-Version: 1.0\r\n"
	           "Content-Type: text/plain; charset=utf-8\r\n"
	           "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	           date, message_id);
}

enum result
letter_write(struct arena *arena, const struct keyring *keys,
             const struct organisation_settings *who,
             const struct letter *letter, struct span *message_r,
             struct error *err)
{
	struct buf out;

	if (!is_writable(letter->to)) {
		error_set(err, "not an address that we write to");
		return RESULT_BAD;
	}
	buf_init(&out, LETTER_BYTES);
	add_head(&out, arena, keys, who, letter);
	add_quoted_printable(&out, letter->text);
	*message_r =
		span_make(arena_strndup(arena, out.data, out.len), out.len);
	buf_done(&out);
	return RESULT_OK;
}

enum result
letter_send(struct arena *arena, const struct settings *settings,
            const struct keyring *keys, const struct letter *letter,
            struct error *err)
{
	struct transfer_mail mail = { .url = settings->relay,
		                      .from = "",
		                      .to = &letter->to,
		                      .to_count = 1,
		                      .timeout_ms = SEND_MS };
	enum result result = letter_write(arena, keys, &settings->organisation,
	                                  letter, &mail.message, err);
	struct transfer *transfer;

	if (result != RESULT_OK)
		return result;
	transfer = transfer_new();
	result = transfer_send(transfer, &mail, err);
	transfer_free(&transfer);
	if (result != RESULT_OK)
		error_prefix(err, "%s", settings->relay);
	return result;
}
