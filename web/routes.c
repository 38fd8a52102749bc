#include "web/routes.h"

#include <string.h>

#include "web/answer.h"
#include "web/ask.h"
#include "web/choices.h"
#include "web/confirm.h"
#include "web/data.h"
#include "web/erase.h"
#include "web/fresh.h"
#include "web/health.h"
#include "web/link.h"
#include "web/style.h"
#include "web/unsubscribe.h"

static const struct route routes[] = {
	{ HTTP_GET, "/health", 0, FORM_PLAIN, health_show },
	{ HTTP_GET, "/style.css", 0, FORM_PLAIN, style_show },
	{ HTTP_GET, "/favicon.ico", 0, FORM_PLAIN, style_no_icon },
	{ HTTP_GET, "/u/", TOKEN_UNSUBSCRIBE, FORM_PLAIN, unsubscribe_show },
	{ HTTP_POST, "/u/", TOKEN_UNSUBSCRIBE, FORM_PLAIN, unsubscribe_do },
	{ HTTP_GET, "/c/", TOKEN_CONFIRM, FORM_PLAIN, confirm_show },
	{ HTTP_POST, "/c/", TOKEN_CONFIRM, FORM_PLAIN, confirm_do },
	{ HTTP_GET, "/k/", TOKEN_LINK, FORM_URL, link_follow },
	{ HTTP_GET, "/p/", TOKEN_PREFERENCES, FORM_PLAIN, ask_show_choices },
	{ HTTP_POST, "/p/", TOKEN_PREFERENCES, FORM_PLAIN, ask_send_choices },
	{ HTTP_GET, "/d/", TOKEN_DATA, FORM_PLAIN, ask_show_data },
	{ HTTP_POST, "/d/", TOKEN_DATA, FORM_PLAIN, ask_send_data },
	{ HTTP_GET, "/v/", TOKEN_OWN_CHOICES, FORM_FRESH, choices_show },
	{ HTTP_POST, "/v/", TOKEN_OWN_CHOICES, FORM_FRESH, choices_save },
	{ HTTP_GET, "/w/", TOKEN_OWN_DATA, FORM_FRESH, data_show_button },
	{ HTTP_POST, "/w/", TOKEN_OWN_DATA, FORM_FRESH, data_show },
	{ HTTP_GET, "/e/", TOKEN_ERASE, FORM_FRESH, erase_show },
	{ HTTP_POST, "/e/", TOKEN_ERASE, FORM_FRESH, erase_ask },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool
is_at(const struct route *route, const char *path)
{
	return route->purpose == 0 ? strcmp(route->prefix, path) == 0
	                           : strncmp(path, route->prefix,
	                                     strlen(route->prefix)) == 0;
}

static bool
is_genuine(struct call *call, const struct route *route, struct span text)
{
	const struct keyring *keys = call->snapshot->keys;
	enum token_purpose purpose = (enum token_purpose)route->purpose;

	switch (route->form) {
	case FORM_FRESH:
		return fresh_check(keys, purpose, text, &call->message,
		                   &call->until);
	case FORM_URL:
		return token_check_context(
			keys, purpose,
			span_of(http_value(&call->request->query, "u")), text,
			&call->message);
	case FORM_PLAIN:
		break;
	}
	return token_check_url(keys, purpose, text, &call->message);
}

/*
 * The same work whatever is wrong: what is no token at all is compared as
 * well, against one that nobody has (LST-6).
 */
static void
check_token(struct call *call, const struct route *route)
{
	const struct keyring *keys = call->snapshot->keys;
	enum token_purpose purpose = (enum token_purpose)route->purpose;
	struct span text = span_of(call->request->path + strlen(route->prefix));
	struct message_id nobody = message_id_new();
	char other[TOKEN_URL_SIZE];

	/* Some programs add a slash; a redirect would be worse (LST-8). */
	if (span_ends(text, "/"))
		text.len--;
	token_for_url(keys, purpose, nobody, other);
	call->token = arena_strndup(call->arena, text.at, text.len);
	call->is_genuine = is_genuine(call, route, text);
	if (call->is_genuine)
		return;
	call->message = nobody;
	call->service->wrong_tokens++;
}

/* GET and POST where there is a row; the rest is told which. */
static void
answer_method(struct call *call, bool has_get, bool has_post,
              struct http_answer *answer)
{
	bool is_options = call->request->method == HTTP_OPTIONS;
	const char *allow = has_get && has_post ? "GET, HEAD, OPTIONS, POST"
	                    : has_get           ? "GET, HEAD, OPTIONS"
	                                        : "OPTIONS, POST";

	http_add(call->arena, &answer->headers, "Allow", allow);
	if (is_options)
		answer->status = 204;
	else
		answer_text(answer, 405, "This method is not for this page.\n");
}

static void
dispatch(struct call *call, struct http_answer *answer)
{
	enum http_method method = call->request->method;
	bool has_get = false, has_post = false;

	for (size_t i = 0; i < ROUTES; i++) {
		const struct route *route = &routes[i];
		bool is_get = route->method == HTTP_GET;

		if (!is_at(route, call->request->path))
			continue;
		has_get |= is_get;
		has_post |= !is_get;
		if (route->method != method && !(is_get && method == HTTP_HEAD))
			continue;
		if (route->purpose != 0)
			check_token(call, route);
		route->handle(call, answer);
		return;
	}
	if (has_get || has_post)
		answer_method(call, has_get, has_post, answer);
	else
		answer_unknown(call, answer);
}

const char *
call_token(const struct call *call, enum token_purpose purpose)
{
	char text[TOKEN_URL_SIZE];

	token_for_url(call->snapshot->keys, purpose, call->message, text);
	return arena_strdup(call->arena, text);
}

/*
 * What the reader chose on the page, then what the browser says. A choice on
 * record has no say here: whoever holds a forwarded link would learn it.
 */
static struct page_look
look_for(const struct snapshot *snapshot, const struct http_request *request)
{
	const char *chosen = http_value(&request->query, "lang");
	const struct language_wishes wishes = {
		.chosen = chosen[0] != '\0'
		                  ? chosen
		                  : http_value(&request->form, "lang"),
		.person = "",
		.accept = request->accept_language,
		.standard = snapshot->settings->pages.language,
	};
	struct page_look look = { .pages = snapshot->own,
		                  .settings = snapshot->settings,
		                  .language = language_choose(&wishes) };

	return look;
}

void
routes_answer(void *context, struct arena *arena,
              const struct http_request *request, struct http_answer *answer)
{
	struct service *service = context;
	struct snapshot *snapshot = snapshot_hold(service->place);
	struct call call = { .arena = arena,
		             .request = request,
		             .service = service,
		             .snapshot = snapshot,
		             .look = look_for(snapshot, request),
		             .token = "" };

	service->requests++;
	dispatch(&call, answer);
	snapshot_release(snapshot);
}
