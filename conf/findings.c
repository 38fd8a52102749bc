#include <stdlib.h>
#include <string.h>

#include "conf/settings.h"

void
finding_add(struct arena *arena, struct finding_list *list,
            struct finding finding)
{
	struct finding *slot =
		arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*slot));

	*slot = finding;
}

static const char *
file_of(const struct finding *finding)
{
	return finding->place.file == NULL ? "" : finding->place.file;
}

char *
finding_text(struct arena *arena, const struct finding *finding)
{
	const char *file = file_of(finding);
	const char *where = "";

	if (finding->place.line > 0)
		where = arena_printf(arena, "%s:%u: ", file,
		                     finding->place.line);
	else if (file[0] != '\0')
		where = arena_printf(arena, "%s: ", file);

	const char *line = arena_printf(
		arena, "%s%s%s%s%s", where,
		finding->is_warning ? "warning: " : "", finding->setting,
		finding->setting[0] != '\0' ? ": " : "", finding->text);

	if (finding->remedy[0] == '\0')
		return arena_strdup(arena, line);
	return arena_printf(arena, "%s\n%*s%s", line, (int)strlen(where), "",
	                    finding->remedy);
}

size_t
finding_errors(const struct finding_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].is_warning ? 0 : 1;
	return count;
}

bool
finding_about(const struct finding_list *list, const char *setting)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].is_warning &&
		    strcmp(list->items[i].setting, setting) == 0)
			return true;
	return false;
}

/* The files in the order of their first finding, then by line. */
static size_t
file_rank(const struct finding_list *list, const char *file)
{
	size_t i = 0;

	while (i < list->count && strcmp(file_of(&list->items[i]), file) != 0)
		i++;
	return i;
}

struct ranked {
	struct finding finding;
	size_t rank;
	size_t index;
};

static int
compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->finding.place.line != b->finding.place.line)
		return a->finding.place.line < b->finding.place.line ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

void
finding_sort(struct arena *arena, struct finding_list *list)
{
	struct ranked *ranked =
		arena_array(arena, list->count, sizeof(*ranked));

	for (size_t i = 0; i < list->count; i++)
		ranked[i] = (struct ranked){
			.finding = list->items[i],
			.rank = file_rank(list, file_of(&list->items[i])),
			.index = i,
		};
	if (list->count > 1)
		qsort(ranked, list->count, sizeof(*ranked), compare);
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = ranked[i].finding;
}
