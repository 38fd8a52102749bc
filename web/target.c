#include "web/target.h"

#include "base/log.h"
#include "web/answer.h"
#include "web/fresh.h"

bool
target_of_message(struct call *call, struct person_of_token *target_r,
                  struct http_answer *answer)
{
	static struct log_gate gate;
	struct error err;
	enum result result = person_by_message(
		call->arena, ledger_store(call->service->ledger), call->message,
		target_r, &err);

	if (result == RESULT_OK && call->is_genuine && !target_r->is_shared)
		return true;
	if (result == RESULT_OK && call->is_genuine) {
		answer_plain(call, 409, PAGE_SHARED, answer);
	} else if (!call->is_genuine && result != RESULT_RETRY) {
		answer_unknown(call, answer);
	} else {
		/* Signed by us: the store is away, or has yet to hear of it. */
		log_warn_gated(&gate, "a page is put off: %s",
		               result == RESULT_NONE ? "not in the store yet"
		                                     : err.text);
		answer_later(call, answer);
	}
	return false;
}

bool
target_of_mailbox(struct call *call, struct person_of_token *target_r,
                  struct http_answer *answer)
{
	struct fields *fields;

	if (!call->is_genuine || call->until >= clock_now())
		return target_of_message(call, target_r, answer);
	fields = page_fields(call->arena, &call->look);
	fields_text(fields, "hours_good",
	            arena_printf(call->arena, "%d", FRESH_HOURS));
	fields_text(fields, "token_p", call_token(call, TOKEN_PREFERENCES));
	answer_page(call, 410, PAGE_EXPIRED, fields, answer);
	return false;
}

void
target_language(struct call *call, const struct person *person)
{
	const struct http_request *request = call->request;

	if (person->language[0] == '\0' ||
	    http_value(&request->query, "lang")[0] != '\0' ||
	    http_value(&request->form, "lang")[0] != '\0')
		return;

	const struct language_wishes wishes = {
		.chosen = "",
		.person = person->language,
		.accept = request->accept_language,
		.standard = call->snapshot->settings->pages.language,
	};

	call->look.language = language_choose(&wishes);
}
