#include "record/maillog_old.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/local.h"
#include "record/maillog_event.h"
#include "record/maillog_find.h"
#include "record/reader.h"

#define SLOTS 65536

/* A line that the journal has, and the archive not yet. */
struct seen {
	struct message_id message;
	unsigned recipient;
	char line_id[MAILLOG_LINE_ID_SIZE];
	struct seen *next; /* in the same slot */
};

struct maillog_old {
	struct arena *arena;
	struct archive *archive;
	struct seen *slots[SLOTS]; /* by the message, which is random */
};

static size_t
slot_of(struct message_id message)
{
	return message.bytes[0] | (size_t)message.bytes[1] << 8;
}

static void
keep_seen(struct maillog_old *old, const struct event *event)
{
	struct seen **slot, *seen;

	if (!event->has_message || event->source != SOURCE_MAILLOG)
		return;
	slot = &old->slots[slot_of(event->message)];
	seen = arena_alloc(old->arena, sizeof(*seen));
	seen->next = *slot;
	*slot = seen;
	seen->message = event->message;
	seen->recipient = event->recipient;
	snprintf(seen->line_id, sizeof(seen->line_id), "%s",
	         event_fact(event, "line_id"));
}

/* Behind what is archived, else all of it. */
static void
read_journal(struct maillog_old *old, const char *folder, const char *writer)
{
	struct reader_place from = { .segment = 0 };
	struct arena *scratch = arena_new();
	struct reader *reader = NULL;
	struct reader_entry entry;
	struct error ignored;

	(void)archive_end(old->archive, writer, &from);
	if (reader_open(folder, from, &reader, &ignored) == RESULT_OK)
		while (reader_next(reader, &entry, &ignored) == RESULT_OK) {
			struct event event;

			if (event_read(scratch, entry.entry, entry.payload,
			               &event, &ignored) == RESULT_OK)
				keep_seen(old, &event);
			arena_reset(scratch);
		}
	reader_close(&reader);
	arena_free(&scratch);
}

struct maillog_old *
maillog_old_new(const struct settings *settings, const struct keyring *keys,
                const char *writer)
{
	struct archive *archive;
	struct maillog_old *old;
	struct error ignored;

	if (settings->archive.folder[0] == '\0' ||
	    archive_open(settings->archive.folder, keys, false, &archive,
	                 &ignored) != RESULT_OK)
		return NULL;
	old = memory_zeroed(1, sizeof(*old));
	old->arena = arena_new();
	old->archive = archive;
	read_journal(
		old,
		arena_printf(old->arena, "%s/%s", settings->journal, writer),
		writer);
	return old;
}

void
maillog_old_free(struct maillog_old **old)
{
	if (*old == NULL)
		return;
	archive_close(&(*old)->archive);
	arena_free(&(*old)->arena);
	free(*old);
	*old = NULL;
}

/* Only what tells that they were recorded. */
static void
add_seen(const struct maillog_old *old, struct arena *arena,
         struct message_id message, struct event_list *events)
{
	const struct seen *seen = old->slots[slot_of(message)];

	for (; seen != NULL; seen = seen->next) {
		struct event event = { .kind = EVENT_RELAYED,
			               .source = SOURCE_MAILLOG,
			               .recipient = seen->recipient };

		if (!message_id_same(seen->message, message))
			continue;
		event_fact_add(arena, &event, "line_id", seen->line_id);
		*(struct event *)arena_push(arena, (void **)&events->items,
		                            &events->count, &events->room,
		                            sizeof(event)) = event;
	}
}

enum result
maillog_old_find(struct maillog_old *old, struct arena *arena,
                 const struct maillog_question *question,
                 struct event_list *events_r, struct error *err)
{
	/* No journals: they would be read from end to end for each line. */
	struct local local = { .arena = arena,
		               .folder = "",
		               .archive = old->archive };
	const struct find_query query = maillog_query(question);
	struct message_id_list messages;
	enum result result = local_messages(&local, &query, &messages, err);

	for (size_t i = 0; result == RESULT_OK && i < messages.count; i++) {
		result = local_events(&local, messages.items[i], events_r, err);
		if (result == RESULT_OK && maillog_fits(events_r, question)) {
			add_seen(old, arena, messages.items[i], events_r);
			return RESULT_OK;
		}
		if (result == RESULT_NONE)
			result = RESULT_OK;
	}
	return result == RESULT_OK ? RESULT_NONE : result;
}
