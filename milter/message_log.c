#include "milter/message_log.h"

#include <string.h>

#include "base/log.h"
#include "mail/address.h"

#define RECIPIENTS_SHOWN 3
#define LINE_BYTES       1500

/*
 * GDPR-15: the words of a reason are the record's and `avis try`'s too; in
 * the log they name nobody.
 */
static const char *
reason_masked(struct arena *arena, const char *reason)
{
	struct buf out;
	const char *masked;

	buf_init(&out, LINE_BYTES);
	while (*reason != '\0') {
		size_t len = strcspn(reason, " <>()\",;");
		const char *word = arena_strndup(arena, reason, len);

		buf_text(&out, strchr(word, '@') != NULL
		                       ? address_mask(arena, word)
		                       : word);
		reason += len;
		if (*reason != '\0')
			buf_byte(&out, *reason++);
	}
	masked = arena_strdup(arena, out.data);
	buf_done(&out);
	return masked;
}

void
message_log(const struct session *session, const char *class_name,
            const char *verdict, const char *reason)
{
	struct arena *arena = session->arena;
	const struct message *message = &session->message;
	struct buf to;

	buf_init(&to, LINE_BYTES);
	for (size_t i = 0; i < message->recipient_count && i < RECIPIENTS_SHOWN;
	     i++)
		buf_printf(&to, "%s%s", i > 0 ? "," : "",
		           address_mask(arena, message->recipients[i].address));
	if (message->recipient_count > RECIPIENTS_SHOWN)
		buf_printf(&to, ",+%zu",
		           message->recipient_count - RECIPIENTS_SHOWN);
	log_info("%s: class=%s verdict=%s from=%s to=%s edits=\"%s\" "
	         "reason=\"%s\"",
	         message->queue_id[0] != '\0' ? message->queue_id : "NOQUEUE",
	         class_name, verdict,
	         message->sender[0] != '\0'
	                 ? address_mask(arena, message->sender)
	                 : "<>",
	         to.data, edit_list_line(arena, &session->outcome.edits),
	         reason_masked(arena, reason));
	buf_done(&to);
}
