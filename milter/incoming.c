#include "milter/incoming.h"

#include "mail/report.h"

struct span
incoming_bytes(struct session *session)
{
	const struct header_list *headers = &session->message.headers;
	struct buf text;
	struct span whole;

	buf_init(&text,
	         session->body.len + headers->bytes + headers->count * 4 + 16);
	for (size_t i = 0; i < headers->count; i++) {
		const char *value = headers->items[i].value;

		buf_printf(&text, "%s:%s%s\n", headers->items[i].name,
		           session->has_leading_space ? "" : " ", value);
	}
	buf_text(&text, "\n");
	buf_add(&text, session->body.data, session->body.len);
	whole = span_make(arena_strndup(session->arena, text.data, text.len),
	                  text.len);
	buf_done(&text);
	return whole;
}

bool
incoming_answers(struct session *session)
{
	const struct header_list *headers = &session->message.headers;

	return header_find(headers, "In-Reply-To", 1) != NULL ||
	       header_find(headers, "References", 1) != NULL;
}

bool
incoming_is_automatic(struct session *session, const char **sign_r)
{
	struct arena *arena = session->arena;
	struct report report;

	report_is_automatic(arena, &session->message.headers,
	                    session->message.sender, sign_r);
	if (session->message.sender[0] == '\0')
		return true;
	report_read(arena, incoming_bytes(session), NULL, 0, &report);
	if (report.kind == REPORT_OTHER)
		*sign_r = "";
	else if ((*sign_r)[0] == '\0')
		*sign_r = report_kind_name(report.kind);
	return report.kind != REPORT_OTHER;
}
