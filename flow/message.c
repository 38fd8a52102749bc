#include "flow/message.h"

#include "base/buf.h"
#include "mail/address.h"

#define DIGEST_INPUT_BYTES ((size_t)16 * 1024 * 1024)

void
message_add_recipient(struct message *message, const char *path,
                      const char *const *args)
{
	struct arena *arena = message->arena;
	struct recipient *recipient = arena_push(
		arena, (void **)&message->recipients, &message->recipient_count,
		&message->recipient_room, sizeof(*recipient));

	recipient->path = arena_strdup(arena, path);
	recipient->address = address_from_path(arena, path);
	dsn_rcpt_read(arena, args, &recipient->dsn);
}

/* RFC 6376, 3.4.2: name in lower case, white space runs as one space. */
static void
add_relaxed(struct buf *out, const struct header *header)
{
	struct span value = span_trim(span_of(header->value));
	bool was_space = false;

	for (const char *p = header->name; *p != '\0'; p++)
		buf_byte(out, ascii_lower(*p));
	buf_byte(out, ':');
	for (size_t i = 0; i < value.len; i++) {
		bool is_space = ascii_is_space(value.at[i]);

		if (!is_space)
			buf_byte(out, value.at[i]);
		else if (!was_space)
			buf_byte(out, ' ');
		was_space = is_space;
	}
	buf_text(out, "\r\n");
}

void
message_header_digest(const struct message *message,
                      uint8_t digest_r[DIGEST_BYTES])
{
	struct buf text;

	buf_init(&text, DIGEST_INPUT_BYTES);
	for (size_t i = 0; i < message->headers.count; i++)
		add_relaxed(&text, &message->headers.items[i]);
	digest_sha256(text.data, text.len, digest_r);
	buf_done(&text);
}
