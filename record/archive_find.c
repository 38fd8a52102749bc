#include "record/archive_find.h"

#include <stdlib.h>
#include <string.h>

#include "record/archive_parts.h"
#include "record/packed.h"

struct candidate {
	int64_t segment;
	uint32_t block;
};

struct search {
	struct archive *archive;
	struct arena *arena;
	struct candidate *items;
	size_t count;
	size_t room;
	time_ms_t since;
	time_ms_t until; /* 0: open */
	archive_visit *visit;
	void *context;
	bool has_enough;
};

static void
take_places(struct search *search, int64_t segment, struct span places,
            uint32_t rest)
{
	for (size_t at = 0; at + ARCHIVE_PLACE_BYTES <= places.len;
	     at += ARCHIVE_PLACE_BYTES) {
		const uint8_t *b = (const uint8_t *)places.at + at;
		uint32_t here = b[0] | (uint32_t)b[1] << 8 |
		                (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;

		if (here != rest)
			continue;
		*(struct candidate *)arena_push(
			search->arena, (void **)&search->items, &search->count,
			&search->room, sizeof(*search->items)) =
			(struct candidate){ segment,
			                    b[4] | (uint32_t)b[5] << 8 |
			                            (uint32_t)b[6] << 16 };
	}
}

static enum result
read_index(struct search *search, struct mark mark, struct error *err)
{
	struct sqlite_query *query = sqlite_query_new(
		search->archive->index,
		"SELECT segment, entries FROM place WHERE bucket = ?1"
		" ORDER BY segment DESC");
	enum result result;

	sqlite_give_int(query, 1, mark.bucket);
	while ((result = sqlite_next(query, err)) == RESULT_OK)
		take_places(search, sqlite_int(query, 0),
		            sqlite_bytes(query, 1), mark.rest);
	sqlite_query_free(&query);
	return result == RESULT_NONE ? RESULT_OK : result;
}

static enum result
visit_block(struct search *search, struct packed *packed, uint32_t block,
            struct error *err)
{
	struct arena *scratch = arena_new();
	enum result result = packed_seek(packed, block, err);

	while (result == RESULT_OK) {
		struct reader_entry entry;
		struct event event;

		result = packed_next(packed, &entry, err);
		if (result == RESULT_OK)
			result = event_read(scratch, entry.entry, entry.payload,
			                    &event, err);
		if (result == RESULT_OK &&
		    !search->visit(search->context, &event, &entry))
			search->has_enough = true;
		arena_reset(scratch);
	}
	arena_free(&scratch);
	return result == RESULT_NONE ? RESULT_OK : result;
}

/* NONE: nothing in it is of the time asked for. */
static enum result
open_segment(struct search *search, int64_t id, struct packed **packed_r,
             struct error *err)
{
	struct archive *archive = search->archive;
	char log[PATH_MAX], keys[PATH_MAX];
	struct archive_segment segment = { .id = 0 };
	struct sqlite_query *query =
		sqlite_query_new(archive->index, "SELECT " ARCHIVE_COLUMNS
	                                         " FROM segment WHERE id = ?1");

	sqlite_give_int(query, 1, id);
	enum result result = sqlite_next(query, err);
	if (result == RESULT_OK)
		archive_row(query, &segment);
	sqlite_query_free(&query);
	if (result != RESULT_OK)
		return result;
	if (segment.newest < search->since ||
	    (search->until > 0 && segment.oldest > search->until))
		return RESULT_NONE;
	archive_path(archive, segment.writer, segment.number, PACKED_LOG, log);
	archive_path(archive, segment.writer, segment.number, PACKED_KEYS,
	             keys);
	result = packed_open(log, keys, packed_r, err);
	return result == RESULT_NONE ? RESULT_BAD : result;
}

/* All candidates of one segment, which stand together; from the last on. */
static enum result
visit_segment(struct search *search, const struct candidate *items,
              size_t count, struct error *err)
{
	struct packed *packed = NULL;
	enum result result =
		open_segment(search, items[0].segment, &packed, err);

	for (size_t i = count; result == RESULT_OK && i-- > 0;)
		if (i + 1 == count || items[i].block != items[i + 1].block)
			result = visit_block(search, packed, items[i].block,
			                     err);
	packed_close(&packed);
	return result == RESULT_NONE ? RESULT_OK : result;
}

static enum result
run(struct search *search, struct mark mark, struct error *err)
{
	search->arena = arena_new();

	enum result result = read_index(search, mark, err);

	for (size_t i = 0, end;
	     result == RESULT_OK && !search->has_enough && i < search->count;
	     i = end) {
		const struct candidate *items = search->items;

		for (end = i; end < search->count &&
		              items[end].segment == items[i].segment;)
			end++;
		result = visit_segment(search, items + i, end - i, err);
	}
	arena_free(&search->arena);
	return result;
}

enum result
archive_by_query(struct archive *archive, const struct find_query *query,
                 archive_visit *visit, void *context, struct error *err)
{
	const struct {
		enum family family;
		const char *text;
	} indexes[] = {
		{ FAMILY_MESSAGE_ID, query->message_id },
		{ FAMILY_QUEUE_ID, query->queue_id },
		{ FAMILY_RECIPIENT, query->to },
		{ FAMILY_SENDER, query->from },
	};
	struct search search = { .archive = archive,
		                 .since = query->since,
		                 .until = query->until,
		                 .visit = visit,
		                 .context = context };

	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		if (indexes[i].text[0] != '\0')
			return run(&search,
			           archive_mark(archive->keys,
			                        indexes[i].family,
			                        indexes[i].text),
			           err);
	error_set(err, "a Message-ID, queue id, recipient or sender is wanted");
	return RESULT_BAD;
}

enum result
archive_by_message(struct archive *archive, struct message_id message,
                   archive_visit *visit, void *context, struct error *err)
{
	struct search search = { .archive = archive,
		                 .visit = visit,
		                 .context = context };

	return run(&search, archive_mark_message(message), err);
}
