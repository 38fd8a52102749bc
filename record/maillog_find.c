#include "record/maillog_find.h"

#include <string.h>

#include "record/find.h"

/* A queue keeps mail for days; a clock may be wrong by a minute or two. */
#define DAY_MS     ((time_ms_t)24 * 3600 * 1000)
#define QUEUE_MS   (40 * DAY_MS)
#define SKEW_MS    ((time_ms_t)2 * 60 * 1000)
#define CANDIDATES 8

static bool
is_of_host(const struct event *event, const char *host)
{
	const char *dot = strrchr(event->writer, '.');
	struct span writer = span_make(
		event->writer, dot != NULL ? (size_t)(dot - event->writer)
					   : strlen(event->writer));

	return host[0] == '\0' || span_is(writer, host);
}

bool
maillog_fits(const struct event_list *events,
             const struct maillog_question *question)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];

		if (event->kind != EVENT_SUBMITTED)
			continue;

		const char *id = event_fact(event, "message_id");

		return is_of_host(event, question->host) &&
		       (id[0] == '\0' || question->message_id[0] == '\0' ||
		        strcmp(id, question->message_id) == 0);
	}
	return false;
}

struct find_query
maillog_query(const struct maillog_question *question)
{
	return (struct find_query){
		.message_id = "",
		.queue_id = question->queue_id,
		.to = "",
		.from = "",
		.since = question->time - QUEUE_MS,
		.until = question->time + SKEW_MS,
		.limit = CANDIDATES,
	};
}

enum result
maillog_find(struct arena *arena, struct store *store,
             const struct maillog_question *question,
             struct event_list *events_r, struct error *err)
{
	const struct find_query query = maillog_query(question);
	struct message_id_list messages;
	enum result result =
		find_messages(arena, store, &query, &messages, err);

	for (size_t i = 0; result == RESULT_OK && i < messages.count; i++) {
		result = find_events(arena, store, messages.items[i], events_r,
		                     err);
		if (result == RESULT_OK && maillog_fits(events_r, question))
			return RESULT_OK;
		if (result == RESULT_NONE)
			result = RESULT_OK;
	}
	return result == RESULT_OK ? RESULT_NONE : result;
}
