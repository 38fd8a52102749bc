#include "milter/confirm.h"

#include <string.h>

#include "base/log.h"
#include "mail/address.h"
#include "mail/phrase.h"

#define PREFIX_BYTES 8 /* "re:", "antw:", "tr :" */

/* Without "Re:" and its like: a short word and a colon, any number. */
static struct span
bare_subject(struct span subject)
{
	for (;;) {
		size_t colon =
			span_find(span_take(subject, PREFIX_BYTES), ':', 0);

		if (colon >= span_take(subject, PREFIX_BYTES).len)
			return subject;
		subject = span_trim(span_skip(subject, colon + 1));
	}
}

bool
confirm_is_word(struct arena *arena, const struct text_list *words,
                const char *subject)
{
	struct span bare =
		bare_subject(span_trim(phrase_fold(arena, span_of(subject))));

	for (size_t i = 0; i < words->count; i++) {
		struct span word =
			span_trim(phrase_fold(arena, span_of(words->items[i])));
		bool is_longer = bare.len > word.len;

		if (word.len == 0 || bare.len < word.len ||
		    memcmp(bare.at, word.at, word.len) != 0)
			continue;
		/* "received" is not "receivedly". */
		if (!is_longer || strchr(" .,;:!-", bare.at[word.len]) != NULL)
			return true;
	}
	return false;
}

/* From is the recipient's own address; a forwarded message has others. */
static bool
is_recipient(struct session *session, const struct event *submitted,
             const struct event *reply)
{
	struct arena *arena = session->arena;
	const char *from, *to;

	if (reply->recipient == 0 ||
	    reply->recipient > submitted->recipient_count)
		return false;
	from = address_normal(arena, event_fact(reply, "from"));
	to = address_normal(
		arena, submitted->recipients[reply->recipient - 1].address);
	return strcmp(from, to) == 0;
}

static bool
is_confirmed(const struct event_list *earlier, unsigned recipient)
{
	for (size_t i = 0; i < earlier->count; i++)
		if (earlier->items[i].kind == EVENT_CONFIRMED &&
		    earlier->items[i].recipient == recipient)
			return true;
	return false;
}

void
confirm_by_reply(struct session *session, const struct event *submitted,
                 const struct event_list *earlier, const struct event *reply)
{
	const struct settings *settings = session->snapshot->settings;
	const struct class_settings *class;
	struct event event = *reply;
	const char *subject;

	if (submitted == NULL || reply->kind != EVENT_REPLIED)
		return;
	class = settings_class(settings, submitted->class_name);
	if (class == NULL || !class->confirm ||
	    !is_recipient(session, submitted, reply) ||
	    is_confirmed(earlier, reply->recipient))
		return;
	subject = header_decode(session->arena,
	                        header_text(session->arena,
	                                    &session->message.headers,
	                                    "Subject"));
	event.kind = EVENT_CONFIRMED;
	event.detail = confirm_is_word(session->arena, &settings->confirm_words,
	                               subject)
	                       ? "word"
	                       : "reply";
	session_record(session, &event);
	log_info("%s: %s by %s", session->message.queue_id,
	         event_kind_name(event.kind), event.detail);
}
