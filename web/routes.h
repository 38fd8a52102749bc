#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "base/token.h"
#include "web/http.h"
#include "web/page.h"
#include "web/service.h"

/*
 * Which function answers what: one table of method, prefix and purpose. What
 * GET shows, HEAD shows without its body; only POST changes anything
 * (LST-9); nothing is redirected (LST-8) but measured links.
 */

/* One request on its way through; lives as long as its answer. */
struct call {
	struct arena *arena;
	const struct http_request *request;
	struct service *service;
	const struct snapshot *snapshot;
	struct page_look look; /* how its pages look to this reader */
	/*
	 * Behind a prefix with a purpose: does the token name a message? If
	 * not, `message` is one that never was, so that a handler does the
	 * same work for both (LST-6).
	 */
	bool is_genuine;
	struct message_id message;
	const char *token; /* as it stands in the path: for links and forms */
	time_ms_t until;   /* of a fresh link: when it ends (web/fresh.h) */
};

typedef void route_handler(struct call *call, struct http_answer *answer);

enum token_form {
	FORM_PLAIN,
	FORM_FRESH, /* the token has its end in it: web/fresh.h */
	FORM_URL    /* it covers the address in ?u= as well: web/link.h */
};

struct route {
	enum http_method method; /* GET or POST */
	const char *prefix;      /* "/u/": a token follows; "/health": all */
	int purpose;             /* enum token_purpose; 0: no token */
	enum token_form form;
	route_handler *handle;
};

/* Another token of the same message: whoever has one may have the others. */
const char *call_token(const struct call *call, enum token_purpose purpose);

/* An http_handle; context is struct service. */
void routes_answer(void *context, struct arena *arena,
                   const struct http_request *request,
                   struct http_answer *answer);

#endif
