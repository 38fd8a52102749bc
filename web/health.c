#include "web/health.h"

#include "base/log.h"
#include "web/answer.h"

void
health_show(struct call *call, struct http_answer *answer)
{
	static struct log_gate gate;
	struct error err;

	if (store_check(ledger_store(call->service->ledger), &err) ==
	    RESULT_OK) {
		answer_text(answer, 200, "ok\n");
		return;
	}
	log_warn_gated(&gate, "not healthy: %s", err.text);
	answer_text(answer, 503, "the store is away\n");
}
