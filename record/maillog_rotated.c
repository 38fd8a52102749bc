#include "record/maillog_rotated.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/gzip.h"

void
maillog_place_set(struct maillog_place *place, uint64_t offset,
                  const void *before, size_t len)
{
	const char *at = before;
	size_t skip = len > MAILLOG_MARK_BYTES ? len - MAILLOG_MARK_BYTES : 0;

	place->offset = offset;
	digest_sha256(at + skip, len - skip, place->mark);
}

struct candidate {
	const char *path;
	time_t sec;
	long nsec;
	bool is_first; /* the file itself, however old it is */
};

static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->is_first != y->is_first)
		return x->is_first ? -1 : 1;
	if (x->sec != y->sec)
		return x->sec < y->sec ? 1 : -1;
	return (x->nsec < y->nsec) - (x->nsec > y->nsec);
}

struct candidates {
	struct candidate *items;
	size_t count;
	size_t room;
};

static void
add(struct arena *arena, struct candidates *list, const char *path,
    bool is_first)
{
	struct candidate *found;
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	found = arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*found));
	*found = (struct candidate){ path, st.st_mtim.tv_sec,
		                     st.st_mtim.tv_nsec, is_first };
}

enum result
maillog_rotated_list(struct arena *arena, const char *path,
                     struct maillog_rotated *list_r, struct error *err)
{
	const char *folder = dirname(arena_strdup(arena, path));
	const char *name = basename(arena_strdup(arena, path));
	struct candidates list = { NULL, 0, 0 };
	size_t len = strlen(name);
	struct dirent *file;
	DIR *dir = opendir(folder);

	if (dir == NULL) {
		error_errno(err, errno, "cannot open folder %s", folder);
		return RESULT_BAD;
	}
	while ((file = readdir(dir)) != NULL) {
		char next = strncmp(file->d_name, name, len) == 0
		                    ? file->d_name[len]
		                    : 'x';

		if (next == '\0' || next == '.' || next == '-')
			add(arena, &list,
			    arena_printf(arena, "%s/%s", folder, file->d_name),
			    next == '\0');
	}
	closedir(dir);
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	list_r->count = list_r->room = list.count;
	list_r->paths = arena_array(arena, list.count, sizeof(char *));
	for (size_t i = 0; i < list.count; i++)
		list_r->paths[i] = list.items[i].path;
	return RESULT_OK;
}

/* The mark again, from the bytes that stand before that place now. */
static bool
has_place(const char *path, const struct maillog_place *place)
{
	char bytes[MAILLOG_MARK_BYTES];
	size_t want = place->offset < sizeof(bytes) ? (size_t)place->offset
	                                            : sizeof(bytes);
	struct maillog_place there;
	struct gzip *gzip = NULL;
	struct error ignored;
	size_t len = 0, more;
	enum result result = gzip_open(path, &gzip, &ignored);

	if (result == RESULT_OK)
		result = gzip_skip(gzip, place->offset - want, &ignored);
	while (result == RESULT_OK && len < want) {
		result = gzip_read(gzip, bytes + len, want - len, &more,
		                   &ignored);
		if (result == RESULT_OK)
			len += more;
	}
	gzip_close(&gzip);
	if (result != RESULT_OK)
		return false;
	maillog_place_set(&there, place->offset, bytes, len);
	return memcmp(there.mark, place->mark, DIGEST_BYTES) == 0;
}

bool
maillog_rotated_find(const struct maillog_rotated *list,
                     const struct maillog_place *place, size_t *index_r)
{
	for (size_t i = 0; i < list->count; i++)
		if (has_place(list->paths[i], place)) {
			*index_r = i;
			return true;
		}
	return false;
}
