#include "web/answer.h"

#include "base/log.h"

#define RETRY_S "60"

/* Reading again in another language is a GET; the answer to a POST has none. */
static void
offer_languages(struct call *call, struct fields *fields)
{
	enum language other =
		call->look.language == LANGUAGE_FR ? LANGUAGE_EN : LANGUAGE_FR;

	if (call->request->method == HTTP_POST)
		return;
	fields_text(fields, "other_lang", language_code(other));
	fields_text(fields, "other_language", language_own_name(other));
}

void
answer_page(struct call *call, unsigned status, enum page page,
            struct fields *fields, struct http_answer *answer)
{
	offer_languages(call, fields);
	answer->status = status;
	answer->type = "text/html; charset=utf-8";
	answer->body = page_render(call->arena, &call->look, page, fields);
}

void
answer_plain(struct call *call, unsigned status, enum page page,
             struct http_answer *answer)
{
	answer_page(call, status, page, page_fields(call->arena, &call->look),
	            answer);
}

void
answer_text(struct http_answer *answer, unsigned status, const char *text)
{
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	answer->body = span_of(text);
}

void
answer_unknown(struct call *call, struct http_answer *answer)
{
	answer->is_guess = true;
	answer_plain(call, 404, PAGE_UNKNOWN, answer);
}

void
answer_later(struct call *call, struct http_answer *answer)
{
	http_add(call->arena, &answer->headers, "Retry-After", RETRY_S);
	answer_plain(call, 503,
	             call->request->method == HTTP_POST ? PAGE_LATER
	                                                : PAGE_AWAY,
	             answer);
}
