#include "record/expire.h"

#include <stdio.h>
#include <string.h>

#include "record/content.h"
#include "record/schema.h"
#include "record/slots.h"
#include "record/walk.h"

#define BATCH_ENTRIES ((size_t)100000)
#define ORPHAN_MS     ((int64_t)24 * 3600 * 1000)
#define PATH_SIZE     4200

/* What is due of one writer, as far as it was read. */
struct batch_due {
	const struct expire_order *order;
	struct expire_report *report;
	struct arena *arena; /* of the batch */
	char writer[EVENT_WRITER_SIZE];
	uint64_t *sequences;
	size_t count;
	struct message_id_list contents;
	bool is_archive;
	uint64_t held;
	time_ms_t next; /* the earliest that is not due yet; 0: none */
	enum result result;
	struct error err;
};

/*
 * What came back of a message may not say how long its class is kept: then
 * as long as the longest.
 */
static time_ms_t
due_time(const struct settings *settings, const struct event *event)
{
	int64_t keep_ms = event->retention_ms;

	if (keep_ms == 0)
		keep_ms = ledger_keep_ms(settings);
	if (keep_ms < SCHEMA_KEEP_MS && event->retention_ms == 0)
		keep_ms = SCHEMA_KEEP_MS;
	return event->time + keep_ms;
}

/* Consents and choices have their own time, holds theirs. */
static bool
is_of_mail(enum event_kind kind)
{
	switch (kind) {
	case EVENT_PREFERENCE:
	case EVENT_CONSENT:
	case EVENT_SUPPRESSED:
	case EVENT_READMITTED:
	case EVENT_RESTRICTED:
	case EVENT_HOLD:
	case EVENT_HOLD_LIFTED:
		return false;
	case EVENT_SUBMITTED:
	case EVENT_REFUSED:
	case EVENT_RELAYED:
	case EVENT_DELIVERED:
	case EVENT_EXPANDED:
	case EVENT_DELAYED:
	case EVENT_FAILED:
	case EVENT_DISPLAYED:
	case EVENT_DISPOSED:
	case EVENT_REPLIED:
	case EVENT_AUTO_REPLIED:
	case EVENT_UNSUBSCRIBED:
	case EVENT_UNREADABLE:
	case EVENT_PASSED_ON:
	case EVENT_GAP:
	case EVENT_STARTED:
	case EVENT_HELD:
	case EVENT_RELEASED:
	case EVENT_CONFIRMED:
	case EVENT_CLICKED:
	case EVENT_ASKED:
	case EVENT_EXPORTED:
	case EVENT_ERASED:
	case EVENT_AMENDED:
	case EVENT_EXPIRED:
	case EVENT_KINDS:
		break;
	}
	return true;
}

static enum result
tell(const struct batch_due *due, struct error *err)
{
	struct arena *arena = due->arena;
	struct event event = {
		.time = clock_now(),
		.kind = EVENT_EXPIRED,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.class_name = "",
		.queue_id = "",
		.status = "",
		.detail = "retention",
	};

	event_fact_add(arena, &event, "writer", due->writer);
	event_fact_add(arena, &event, "count",
	               arena_printf(arena, "%zu", due->count));
	return ledger_append(due->order->ledger, &event, err);
}

static enum result
destroy(const struct batch_due *due, struct error *err)
{
	const struct expire_order *order = due->order;
	struct slots_report report = { 0 };
	enum result result = RESULT_OK;
	char path[PATH_SIZE];

	/* The contents first: they are found through what goes next. */
	for (size_t i = 0; result == RESULT_OK && i < due->contents.count; i++)
		result = content_delete(order->settings->content,
		                        due->contents.items[i], err);
	if (result == RESULT_OK && order->archive != NULL)
		result = archive_erase(order->archive, due->writer,
		                       due->sequences, due->count, err);
	snprintf(path, sizeof(path), "%s/%s", order->settings->journal,
	         due->writer);
	if (result == RESULT_OK && !due->is_archive)
		result = slots_erase(path, due->sequences, due->count, &report,
		                     err);
	return result;
}

static enum result
flush(struct batch_due *due, struct error *err)
{
	enum result result = RESULT_OK;

	if (due->count == 0)
		return RESULT_OK;
	if (due->is_archive)
		due->report->archive += due->count;
	else
		due->report->journal += due->count;
	due->report->contents += due->contents.count;
	if (due->order->ledger != NULL) {
		result = tell(due, err);
		if (result == RESULT_OK)
			result = destroy(due, err);
	}
	due->count = 0;
	due->contents = (struct message_id_list){ NULL, 0, 0 };
	arena_reset(due->arena);
	return result;
}

static void
take(struct batch_due *due, const struct event *event)
{
	due->sequences[due->count++] = event->sequence;
	if (event_fact(event, "content_key")[0] != '\0')
		*(struct message_id *)arena_push(
			due->arena, (void **)&due->contents.items,
			&due->contents.count, &due->contents.room,
			sizeof(struct message_id)) = event->message;
}

static enum result
look_at(struct batch_due *due, const struct event *event, bool is_erased,
        struct error *err)
{
	const struct expire_order *order = due->order;
	time_ms_t when = due_time(order->settings, event);

	if (is_erased || !is_of_mail(event->kind))
		return RESULT_OK;
	if (when > order->now) {
		if (due->next == 0 || when < due->next)
			due->next = when;
		return RESULT_OK;
	}
	if (hold_covering(order->holds, event) != NULL) {
		due->held++;
		/* Looked at again tomorrow. */
		due->next = order->now;
		return RESULT_OK;
	}
	take(due, event);
	return due->count == BATCH_ENTRIES ? flush(due, err) : RESULT_OK;
}

static enum result
look_in_journal(void *context, const struct walk_entry *entry,
                struct error *err)
{
	struct batch_due *due = context;

	if (strcmp(due->writer, entry->writer) != 0) {
		enum result result = flush(due, err);

		if (result != RESULT_OK)
			return result;
		snprintf(due->writer, sizeof(due->writer), "%s", entry->writer);
	}
	return look_at(due, entry->event, entry->is_erased, err);
}

static bool
look_in_archive(void *context, const struct event *event,
                const struct reader_entry *entry)
{
	struct batch_due *due = context;

	due->result = look_at(due, event, entry->is_erased, &due->err);
	return due->result == RESULT_OK;
}

static enum result
expire_journals(struct batch_due *due, struct error *err)
{
	struct walk walk = { .folder = due->order->settings->journal,
		             .look = look_in_journal,
		             .context = due };
	enum result result = walk_journals(&walk, err);

	if (result == RESULT_OK)
		result = flush(due, err);
	return result == RESULT_NONE ? RESULT_OK : result;
}

/* Segments whose journal is gone, and what is due in them. */
static enum result
expire_segment(struct batch_due *due, const struct archive_segment *segment,
               struct error *err)
{
	struct archive *archive = due->order->archive;

	snprintf(due->writer, sizeof(due->writer), "%s", segment->writer);
	due->next = 0;
	due->result = RESULT_OK;
	enum result result =
		archive_walk(archive, segment, look_in_archive, due, err);
	if (result == RESULT_OK && due->result != RESULT_OK) {
		*err = due->err;
		result = due->result;
	}
	if (result == RESULT_OK)
		result = flush(due, err);
	if (result == RESULT_OK && due->order->ledger != NULL)
		result = archive_set_expiry(archive, segment->id, due->next,
		                            err);
	return result;
}

static enum result
expire_archive(struct batch_due *due, struct error *err)
{
	const struct expire_order *order = due->order;
	struct archive_list list;
	enum result result =
		archive_list(order->arena, order->archive, &list, err);

	due->is_archive = true;
	for (size_t i = 0; result == RESULT_OK && i < list.count; i++)
		if (list.items[i].expiry > 0 &&
		    list.items[i].expiry <= order->now)
			result = expire_segment(due, &list.items[i], err);
	return result;
}

static enum result
clean_orphans(const struct expire_order *order, struct expire_report *report,
              struct error *err)
{
	const char *folder = order->settings->content;
	struct content_orphans orphans;
	struct local local = { .arena = order->arena,
		               .folder = order->settings->journal,
		               .archive = order->archive };
	enum result result =
		content_orphans(order->arena, folder, ORPHAN_MS, &orphans, err);

	for (size_t i = 0; result == RESULT_OK && i < orphans.count; i++) {
		struct event_list events;
		enum result found =
			local_events(&local, orphans.items[i], &events, err);

		/* It has an event, and lost its name in a crash. */
		if (found != RESULT_NONE)
			continue;
		report->orphans++;
		if (order->ledger != NULL)
			result = content_delete(folder, orphans.items[i], err);
	}
	return result == RESULT_NONE ? RESULT_OK : result;
}

enum result
expire_run(const struct expire_order *order, struct expire_report *report_r,
           struct error *err)
{
	struct expire_report report = { 0 };
	struct batch_due due = {
		.order = order,
		.report = &report,
		.arena = arena_new(),
		.sequences = arena_array(order->arena, BATCH_ENTRIES,
		                         sizeof(uint64_t)),
	};
	enum result result = expire_journals(&due, err);

	report.held = due.held;
	due.held = 0;
	if (result == RESULT_OK && order->archive != NULL)
		result = expire_archive(&due, err);
	/* Mostly they are the same. */
	if (due.held > report.held)
		report.held = due.held;
	if (result == RESULT_OK)
		result = clean_orphans(order, &report, err);
	arena_free(&due.arena);
	*report_r = report;
	return result;
}
