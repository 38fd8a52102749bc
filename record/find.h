#ifndef RECORD_FIND_H
#define RECORD_FIND_H

#include "record/event.h"
#include "record/store.h"

/*
 * Questions to the store. All of them: RETRY when Redis cannot answer, NONE
 * when nothing is known.
 */

/* All events of one message, oldest first, payloads decrypted. */
enum result find_events(struct arena *arena, struct store *store,
                        struct message_id message, struct event_list *events_r,
                        struct error *err) MUST_CHECK;

/* The submitted event alone: what a report needs to be acted upon. */
enum result find_submission(struct arena *arena, struct store *store,
                            struct message_id message, struct event *event_r,
                            struct error *err) MUST_CHECK;

struct message_id_list {
	struct message_id *items;
	size_t count;
	size_t room;
};

/*
 * Which message had one of these Message-IDs ("<...>", as they stand in
 * In-Reply-To and References)? One round trip; the first that is known.
 */
enum result find_by_message_ids(struct store *store,
                                const char *const *message_ids, size_t count,
                                struct message_id *message_r,
                                struct error *err) MUST_CHECK;

/* Messages by what people know of them, newest first, at most limit. */
struct find_query {
	const char *message_id; /* "" when not asked */
	const char *queue_id;
	const char *to;
	const char *from; /* envelope sender or From */
	time_ms_t since;  /* 0: open */
	time_ms_t until;
	size_t limit;
};
enum result find_messages(struct arena *arena, struct store *store,
                          const struct find_query *query,
                          struct message_id_list *messages_r,
                          struct error *err) MUST_CHECK;

/* Does this submitted or refused event answer the question? */
bool find_matches(const struct find_query *query, const struct event *event);

/* Oldest first. */
void find_sort(struct event_list *events);

#endif
