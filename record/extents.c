#include "record/extents.h"

#include <limits.h>
#include <stdio.h>

#include "record/appender.h"
#include "record/leaves.h"
#include "record/segment.h"

/* Without the note of a writer, as in an archive: by reading it. */
static uint64_t
end_of(const char *folder, const struct extent *extent)
{
	struct leaves_limit limit = { .expected = extent->first };
	char path[PATH_MAX], name[SEGMENT_NAME_SIZE];
	struct leaves_report report;
	struct error ignored;
	uint64_t synced;

	if (appender_read_synced(folder, &synced) && synced >= extent->first)
		return synced + 1;
	segment_name(extent->segment, SEGMENT_LOG, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	/* What cannot be read is found when it is wanted. */
	if (leaves_read(path, limit, NULL, NULL, &report, &ignored) !=
	            RESULT_OK &&
	    report.count == 0)
		return extent->first;
	return report.first + report.count;
}

enum result
extents_read(struct arena *arena, const char *folder,
             struct extent_list *list_r, struct error *err)
{
	struct extent_list list = { NULL, 0, 0 };
	struct segment_list segments;
	enum result result = segment_list(arena, folder, &segments, err);

	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; i < segments.count; i++) {
		uint64_t first = segment_first(folder, segments.items[i]);

		if (first == 0)
			continue;
		if (list.count > 0) {
			list.items[list.count - 1].before = first;
			list.items[list.count - 1].is_closed = true;
		}
		*(struct extent *)arena_push(arena, (void **)&list.items,
		                             &list.count, &list.room,
		                             sizeof(struct extent)) =
			(struct extent){ .segment = segments.items[i],
			                 .first = first };
	}
	if (list.count > 0) {
		struct extent *last = &list.items[list.count - 1];

		last->before = end_of(folder, last);
		/* Nothing of it is synced yet. */
		if (last->before <= last->first)
			list.count--;
	}
	*list_r = list;
	return RESULT_OK;
}

const struct extent *
extents_find(const struct extent_list *list, uint64_t sequence)
{
	for (size_t i = 0; i < list->count; i++)
		if (sequence >= list->items[i].first &&
		    sequence < list->items[i].before)
			return &list->items[i];
	return NULL;
}

uint64_t
extents_end(const struct extent_list *list)
{
	return list->count > 0 ? list->items[list->count - 1].before : 0;
}
