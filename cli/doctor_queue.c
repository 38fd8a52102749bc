#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/doctor_postfix.h"

#define NAMES_MAX 200000
#define DEPTH_MAX 4
#define OLD_S     3600
#define SHOWN     5

/* Queue ids, wherever their files lie. */
struct names {
	struct arena *arena;
	const char **items;
	size_t count;
	size_t room;
};

static void
add_name(struct names *names, const char *name)
{
	const char **item;

	if (names->count >= NAMES_MAX)
		return;
	item = arena_push(names->arena, (void **)&names->items, &names->count,
	                  &names->room, sizeof(*item));
	*item = arena_strdup(names->arena, name);
}

/* Postfix spreads a queue over folders of one letter, some levels deep. */
static void
collect(struct names *names, int parent, const char *folder, int depth,
        time_t before)
{
	int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			collect(names, fd, entry->d_name, depth + 1, before);
		else if (S_ISREG(st.st_mode) && st.st_mtime < before)
			add_name(names, entry->d_name);
	}
	closedir(dir);
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/*
 * A report of success that is asked for and never sent leaves its file in
 * trace/ for ever, and a later message with the same short queue id would
 * send it. A file whose message still waits is not one of them.
 */
void
postfix_check_traces(struct symptom_list *list, const struct postfix *postfix)
{
	static const char *const queues[] = { "maildrop", "incoming", "active",
		                              "deferred", "hold" };
	const char *queue =
		postfix_value(list->arena, postfix, "queue_directory");
	time_t now = (time_t)(clock_now() / 1000);
	struct names traces = { .arena = list->arena }, waiting = traces;
	const char *shown = "";
	size_t left = 0;
	int fd = open(queue, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	collect(&traces, fd, "trace", 0, now - OLD_S);
	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
		collect(&waiting, fd, queues[i], 0, now + OLD_S);
	close(fd);
	if (waiting.count > 0)
		qsort(waiting.items, waiting.count, sizeof(*waiting.items),
		      by_name);
	for (size_t i = 0; i < traces.count; i++) {
		if (waiting.count > 0 &&
		    bsearch(&traces.items[i], waiting.items, waiting.count,
		            sizeof(*waiting.items), by_name) != NULL)
			continue;
		if (left++ < SHOWN)
			shown = arena_printf(list->arena, "%s %s", shown,
			                     traces.items[i]);
	}
	if (left == 0) {
		symptom_ok(list, "traces",
		           "no report of success is stuck in %s/trace", queue);
		return;
	}
	symptom_warn(list, "traces",
	             "%zu reports of success are stuck in %s/trace: they were "
	             "asked for without the command filter",
	             left, queue);
	symptom_remedy(list, "cd %s/trace && rm%s%s", queue, shown,
	               left > SHOWN ? " ...     (no message in the queue has "
	                              "these ids)"
	                            : "");
}
