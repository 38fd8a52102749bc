#include "web/style.h"

void
style_show(struct call *call, struct http_answer *answer)
{
	answer->status = 200;
	answer->type = "text/css; charset=utf-8";
	/* It belongs to the snapshot, which this answer may outlive. */
	answer->body = page_style(call->look.pages);
	answer->body.at =
		arena_strndup(call->arena, answer->body.at, answer->body.len);
}

void
style_no_icon(struct call *call, struct http_answer *answer)
{
	(void)call;
	answer->status = 204;
}
