#include "web/answer.h"

#include "base/log.h"
#include "web/page.h"

#define RETRY_S "60"

void
answer_page(struct call *call, unsigned status, const char *name,
            const struct http_fields *fields, struct http_answer *answer)
{
	answer->status = status;
	answer->type = "text/html; charset=utf-8";
	answer->body = page_render(call->arena, call->request->accept_language,
	                           name, fields);
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
	const struct http_fields none = { 0 };

	answer->is_guess = true;
	answer_page(call, 404, "unknown", &none, answer);
}

void
answer_later(struct call *call, struct http_answer *answer)
{
	const struct http_fields none = { 0 };

	http_add(call->arena, &answer->headers, "Retry-After", RETRY_S);
	answer_page(call, 503, "later", &none, answer);
}
