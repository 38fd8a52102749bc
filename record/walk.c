#include "record/walk.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "record/appender.h"
#include "record/local.h"
#include "record/reader.h"

struct step {
	struct walk *walk;
	struct walk_entry entry;
	struct arena *arena; /* of one entry */
	uint64_t *entries;
};

static enum result
look_at(struct step *step, const struct reader_entry *read, struct error *err)
{
	struct walk *walk = step->walk;
	struct event event;

	(*step->entries)++;
	if (walk->progress != NULL && *step->entries % 1024 == 0)
		walk->progress(*step->entries);
	arena_reset(step->arena);
	if (event_read(step->arena, read->entry, read->payload, &event, err) !=
	    RESULT_OK) {
		walk->is_damaged = true;
		return RESULT_OK;
	}
	step->entry.event = &event;
	step->entry.entry = read->entry;
	step->entry.payload = read->payload;
	step->entry.is_erased = read->is_erased;
	return walk->look(walk->context, &step->entry, err);
}

static enum result
read_entries(struct step *step, struct reader *reader, struct error *err)
{
	for (;;) {
		struct reader_entry read;
		enum result result = reader_next(reader, &read, err);

		if (result == RESULT_BAD) {
			step->walk->is_damaged = true;
			result = reader_skip(reader, err);
			if (result == RESULT_OK)
				continue;
		}
		if (result != RESULT_OK)
			return result == RESULT_NONE ? RESULT_OK : result;
		step->entry.segment = reader_where(reader).segment;
		result = look_at(step, &read, err);
		if (result != RESULT_OK)
			return result;
	}
}

static enum result
walk_writer(struct walk *walk, const char *writer, uint64_t *entries,
            struct error *err)
{
	struct reader_place start = { .segment = 0 };
	struct step step = { .walk = walk, .entries = entries };
	struct reader *reader = NULL;
	char folder[PATH_MAX];
	uint64_t synced;
	enum result result;

	snprintf(folder, sizeof(folder), "%s/%s", walk->folder, writer);
	result = reader_open(folder, start, &reader, err);
	if (result != RESULT_OK)
		return result;
	if (reader_is_live(folder) && appender_read_synced(folder, &synced))
		reader_set_limit(reader, synced);
	step.entry.folder = folder;
	step.entry.writer = writer;
	step.arena = arena_new();
	result = read_entries(&step, reader, err);
	arena_free(&step.arena);
	reader_close(&reader);
	return result;
}

enum result
walk_journals(struct walk *walk, struct error *err)
{
	struct arena *arena = arena_new();
	struct local_writers writers = { 0 };
	uint64_t entries = 0;
	enum result result = RESULT_OK;

	if (walk->writer != NULL) {
		result = walk_writer(walk, walk->writer, &entries, err);
	} else {
		result = local_writers(arena, walk->folder, &writers, err);
		for (size_t i = 0; result == RESULT_OK && i < writers.count;
		     i++)
			result = walk_writer(walk, writers.items[i], &entries,
			                     err);
	}
	arena_free(&arena);
	return result;
}
