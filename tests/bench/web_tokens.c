/*
 * web_tokens CONF CLASS COUNT: writes COUNT submissions of that class into
 * the record, each to a person of its own, and prints a line for each: the
 * path of its way out and the address.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "policy/snapshot.h"
#include "record/ledger.h"

#define SETTLE_MS 120000
#define KEEP_MS   INT64_C(34214400000)

static struct event
submission(struct arena *arena, const char *class_name, unsigned long number)
{
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_SUBMITTED,
		.has_message = true,
		.message = message_id_new(),
		.class_name = class_name,
		.queue_id = "",
		.status = "",
		.detail = "",
		.retention_ms = KEEP_MS,
		.way_out_ms = KEEP_MS,
	};

	event_fact_add(arena, &event, "from", "news@example.fr");
	event.recipients = arena_array(arena, 1, sizeof(*event.recipients));
	event.recipient_count = 1;
	event.recipients[0] = (struct event_recipient){
		arena_printf(arena, "person.%lu@example.com", number), "", 0
	};
	return event;
}

int
main(int argc, char **argv)
{
	struct snapshot *snapshot;
	struct ledger *ledger;
	struct journal_ticket ticket = { 0, 0 };
	struct arena *arena = arena_new();
	struct error err;

	if (argc != 4) {
		fputs("usage: web_tokens CONF CLASS COUNT\n", stderr);
		return 2;
	}
	log_open("web_tokens", LOG_TO_STDERR);
	log_set_level(LOG_LEVEL_ERROR);
	if (snapshot_read(argv[1], &snapshot, &err) != RESULT_OK ||
	    ledger_open(snapshot->settings, snapshot->keys, "tokens", 0,
	                &ledger, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	for (unsigned long i = 0; i < strtoul(argv[3], NULL, 10); i++) {
		struct event event = submission(arena, argv[2], i);
		char url[TOKEN_URL_SIZE];

		ledger_queue(ledger, &event, &ticket);
		token_for_url(snapshot->keys, TOKEN_UNSUBSCRIBE, event.message,
		              url);
		printf("/u/%s %s\n", url, event.recipients[0].address);
		arena_reset(arena);
	}
	if (ledger_wait(ledger, &ticket, &err) != RESULT_OK ||
	    ledger_settle(ledger, SETTLE_MS, &err) != RESULT_OK)
		log_fatal("%s", err.text);
	ledger_close(&ledger, SETTLE_MS);
	arena_free(&arena);
	snapshot_release(snapshot);
	return 0;
}
