#include "record/local.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/amend.h"
#include "record/archive_find.h"
#include "record/reader.h"
#include "record/segment.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
has_segments(struct arena *arena, const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct segment_list list;
	struct error ignored;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return segment_list(arena, path, &list, &ignored) == RESULT_OK &&
	       list.count > 0;
}

enum result
local_writers(struct arena *arena, const char *folder,
              struct local_writers *writers_r, struct error *err)
{
	struct local_writers list = { NULL, 0, 0 };
	DIR *dir = opendir(folder);
	struct dirent *file;

	if (dir == NULL) {
		error_errno(err, errno, "cannot open folder %s", folder);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	while ((file = readdir(dir)) != NULL)
		if (file->d_name[0] != '.' &&
		    has_segments(arena, folder, file->d_name))
			*(const char **)arena_push(arena, (void **)&list.items,
			                           &list.count, &list.room,
			                           sizeof(*list.items)) =
				arena_strdup(arena, file->d_name);
	closedir(dir);
	if (list.count == 0) {
		error_set(err, "no journal in %s", folder);
		return RESULT_NONE;
	}
	qsort(list.items, list.count, sizeof(*list.items), compare_names);
	*writers_r = list;
	return RESULT_OK;
}

/* Looks at one event; its memory goes with scratch. */
typedef void look_at_event(void *context, const struct event *event,
                           struct span entry, struct span payload);

static enum result
read_entries(struct local *local, struct reader *reader, look_at_event *look,
             void *context)
{
	struct arena *scratch = arena_new();
	struct reader_entry entry;
	struct error err;
	enum result result;

	for (;;) {
		struct event event;

		result = reader_next(reader, &entry, &err);
		if (result == RESULT_BAD) {
			local->is_damaged = true;
			result = reader_skip(reader, &err);
			if (result == RESULT_OK)
				continue;
		}
		if (result != RESULT_OK)
			break;
		if (event_read(scratch, entry.entry, entry.payload, &event,
		               &err) == RESULT_OK) {
			amend_restore(&event);
			look(context, &event, entry.entry, entry.payload);
		} else {
			local->is_damaged = true;
		}
		arena_reset(scratch);
	}
	arena_free(&scratch);
	return RESULT_OK;
}

/* Behind what is archived, else from the start. */
static enum result
open_journal(struct local *local, const char *writer, struct reader **reader_r,
             struct error *err)
{
	struct reader_place start = { .segment = 0 }, place;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", local->folder, writer);
	if (local->archive != NULL &&
	    archive_end(local->archive, writer, &place) &&
	    reader_open(path, place, reader_r, err) == RESULT_OK)
		return RESULT_OK;
	return reader_open(path, start, reader_r, err);
}

/* Journals that are gone are no loss when there is an archive. */
static enum result
read_all(struct local *local, look_at_event *look, void *context,
         struct error *err)
{
	struct local_writers writers = { NULL, 0, 0 };
	enum result result =
		local_writers(local->arena, local->folder, &writers, err);

	if (result == RESULT_NONE && local->archive != NULL)
		return RESULT_OK;
	for (size_t i = 0; result == RESULT_OK && i < writers.count; i++) {
		struct reader *reader = NULL;

		result = open_journal(local, writers.items[i], &reader, err);
		if (result == RESULT_OK)
			result = read_entries(local, reader, look, context);
		reader_close(&reader);
	}
	return result;
}

/* --- which messages --------------------------------------------------- */

struct candidate {
	time_ms_t time;
	struct message_id id;
};

struct search {
	struct arena *arena;
	const struct find_query *query;
	struct candidate *items;
	size_t count;
	size_t room;
};

static void
match_event(void *context, const struct event *event, struct span entry,
            struct span payload)
{
	struct search *search = context;
	struct candidate *found;

	(void)entry;
	(void)payload;
	if ((event->kind != EVENT_SUBMITTED && event->kind != EVENT_REFUSED) ||
	    !event->has_message || !find_matches(search->query, event))
		return;
	found = arena_push(search->arena, (void **)&search->items,
	                   &search->count, &search->room, sizeof(*found));
	found->time = event->time;
	found->id = event->message;
}

static bool
match_archived(void *context, const struct event *event,
               const struct reader_entry *entry)
{
	struct search *search = context;

	match_event(search, event, entry->entry, entry->payload);
	return search->count < search->query->limit;
}

static int
compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->time < y->time) - (x->time > y->time);
}

enum result
local_messages(struct local *local, const struct find_query *query,
               struct message_id_list *messages_r, struct error *err)
{
	struct search search = { .arena = local->arena, .query = query };
	enum result result = RESULT_OK;

	if (local->archive != NULL)
		result = archive_by_query(local->archive, query, match_archived,
		                          &search, err);
	local->is_archived |= search.count > 0;
	if (result == RESULT_OK)
		result = read_all(local, match_event, &search, err);
	if (result != RESULT_OK)
		return result;
	if (search.count == 0) {
		error_set(err, "no such message");
		return RESULT_NONE;
	}
	qsort(search.items, search.count, sizeof(*search.items),
	      compare_candidates);
	if (search.count > query->limit)
		search.count = query->limit;
	messages_r->count = messages_r->room = search.count;
	messages_r->items = arena_array(local->arena, search.count,
	                                sizeof(*messages_r->items));
	for (size_t i = 0; i < search.count; i++)
		messages_r->items[i] = search.items[i].id;
	return RESULT_OK;
}

/* --- what became of one ----------------------------------------------- */

struct gathering {
	struct arena *arena;
	struct message_id message;
	struct event_list events;
	struct event_list replies; /* whose message is not known yet */
};

static void
keep_event(struct arena *arena, struct event_list *list, struct span entry,
           struct span payload)
{
	struct event event;
	struct error ignored;

	if (event_read(arena, entry, payload, &event, &ignored) != RESULT_OK)
		return;
	amend_restore(&event);
	*(struct event *)arena_push(arena, (void **)&list->items, &list->count,
	                            &list->room, sizeof(event)) = event;
}

/* Does one of them stand for it, since somebody was erased? */
static bool
is_replaced(struct arena *arena, const struct event_list *events,
            const struct event *event)
{
	const char *name = arena_printf(arena, "%s/%llu", event->writer,
	                                (unsigned long long)event->sequence);

	for (size_t i = 0; i < events->count; i++)
		if (strcmp(event_fact(&events->items[i], "of"), name) == 0)
			return true;
	return false;
}

static void
drop_replaced(struct arena *arena, struct event_list *events)
{
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++)
		if (!is_replaced(arena, events, &events->items[i]))
			events->items[kept++] = events->items[i];
	events->count = kept;
}

static void
gather_event(void *context, const struct event *event, struct span entry,
             struct span payload)
{
	struct gathering *gathering = context;

	if (event->has_message &&
	    message_id_same(event->message, gathering->message))
		keep_event(gathering->arena, &gathering->events, entry,
		           payload);
	else if (!event->has_message && event_fact(event, "refs")[0] != '\0')
		keep_event(gathering->arena, &gathering->replies, entry,
		           payload);
}

/* What the forwarder does for the store (record/feed.c). */
static void
join_replies(struct gathering *gathering, const struct event *submitted)
{
	const char *id = event_fact(submitted, "message_id");

	for (size_t i = 0; id[0] != '\0' && i < gathering->replies.count; i++) {
		struct event *reply = &gathering->replies.items[i];
		struct span refs = span_of(event_fact(reply, "refs"));

		if (span_find_text(refs, id, 0) == refs.len)
			continue;
		reply->has_message = true;
		reply->message = gathering->message;
		reply->recipient = event_recipient_number(
			submitted, event_fact(reply, "from"));
		reply->class_name = submitted->class_name;
		*(struct event *)arena_push(
			gathering->arena, (void **)&gathering->events.items,
			&gathering->events.count, &gathering->events.room,
			sizeof(*reply)) = *reply;
	}
}

static bool
gather_archived(void *context, const struct event *event,
                const struct reader_entry *entry)
{
	if (event->has_message)
		gather_event(context, event, entry->entry, entry->payload);
	return true;
}

static bool
gather_archived_reply(void *context, const struct event *event,
                      const struct reader_entry *entry)
{
	if (!event->has_message)
		gather_event(context, event, entry->entry, entry->payload);
	return true;
}

/* Replies stand in the archive's index under the Message-IDs they name. */
static enum result
gather_archived_replies(struct local *local, struct gathering *gathering,
                        const struct event *submitted, struct error *err)
{
	struct find_query query = {
		.message_id = event_fact(submitted, "message_id"),
		.queue_id = "",
		.to = "",
		.from = "",
	};

	if (local->archive == NULL || query.message_id[0] == '\0')
		return RESULT_OK;
	return archive_by_query(local->archive, &query, gather_archived_reply,
	                        gathering, err);
}

static enum result
gather_replies(struct local *local, struct gathering *gathering,
               struct error *err)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < gathering->events.count; i++) {
		struct event submitted = gathering->events.items[i];

		if (submitted.kind != EVENT_SUBMITTED)
			continue;
		result = gather_archived_replies(local, gathering, &submitted,
		                                 err);
		if (result == RESULT_OK)
			join_replies(gathering, &submitted);
		break;
	}
	return result;
}

enum result
local_events(struct local *local, struct message_id message,
             struct event_list *events_r, struct error *err)
{
	struct gathering gathering = { .arena = local->arena,
		                       .message = message };
	enum result result = RESULT_OK;

	if (local->archive != NULL)
		result = archive_by_message(local->archive, message,
		                            gather_archived, &gathering, err);
	local->is_archived |= gathering.events.count > 0;
	if (result == RESULT_OK)
		result = read_all(local, gather_event, &gathering, err);
	drop_replaced(local->arena, &gathering.events);
	if (result != RESULT_OK)
		return result;
	if (gathering.events.count == 0) {
		error_set(err, "nothing is known of this message");
		return RESULT_NONE;
	}
	result = gather_replies(local, &gathering, err);
	find_sort(&gathering.events);
	*events_r = gathering.events;
	return result;
}
