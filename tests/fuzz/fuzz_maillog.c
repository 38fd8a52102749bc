#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/maillog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_recipient recipients[] = {
	{ .address = "anne@example.com", .orcpt = "" },
	{ .address = "benoit@example.com", .orcpt = "" },
};

/* Every queue id is ours. */
static enum result
find(void *context, struct arena *arena,
     const struct maillog_question *question, struct event_list *events_r,
     struct error *err)
{
	struct event submitted = {
		.kind = EVENT_SUBMITTED,
		.has_message = true,
		.class_name = "service",
		.queue_id = arena_strdup(arena, question->queue_id),
		.status = "",
		.detail = "",
		.recipients = recipients,
		.recipient_count = 2,
	};

	(void)context;
	(void)err;
	*(struct event *)arena_push(arena, (void **)&events_r->items,
	                            &events_r->count, &events_r->room,
	                            sizeof(submitted)) = submitted;
	return RESULT_OK;
}

/* CHAIN-6a: nothing personal in the words of the entry. */
static enum result
record(void *context, const struct event *event, struct error *err)
{
	(void)context;
	(void)err;
	if (event->source != SOURCE_MAILLOG || event->recipient > 2 ||
	    strspn(event->status, "0123456789.") != strlen(event->status) ||
	    strchr(event->queue_id, '@') != NULL ||
	    strchr(event->detail, '@') != NULL)
		abort();
	return RESULT_OK;
}

/* A mail log as bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct maillog_options options = { .log_host = "*",
		                                 .host = "mx1",
		                                 .event_limit = 50,
		                                 .find = find,
		                                 .record = record };
	struct maillog_clock clock = { .latest = 1795251602417 };
	struct maillog *log = maillog_new(&options);
	struct span rest = span_make((const char *)data, size), text;
	struct error err;

	while (span_line(&rest, &text)) {
		struct maillog_line line;

		if (maillog_line_read(&clock, text, &line) &&
		    maillog_take(log, &line, text, "mail.log:0", &err) !=
		            RESULT_OK)
			abort();
	}
	maillog_free(&log);
	return 0;
}
