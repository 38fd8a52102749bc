#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "record/archive_parts.h"
#include "record/head.h"

#define SEAL_LIMIT ((size_t)1024 * 1024)

static void
seals_folder(const struct archive *archive, const char *writer,
             char path_r[PATH_MAX])
{
	snprintf(path_r, PATH_MAX, "%s/%s/seals", archive->folder, writer);
}

/* A file that is there already is the same: heads never change. */
static enum result
copy_file(struct arena *arena, const char *from, const char *to,
          struct error *err)
{
	struct stat here, there;
	struct span bytes;

	if (stat(from, &there) != 0)
		return RESULT_NONE;
	if (stat(to, &here) == 0 && here.st_size == there.st_size)
		return RESULT_NONE;
	enum result result = file_read(arena, from, SEAL_LIMIT, &bytes, err);
	if (result == RESULT_OK)
		result = file_replace(to, bytes, 0600, err);
	return result;
}

/* Head last: where there is a head, its signature is there. */
static enum result
copy_head(struct arena *arena, const char *from, const char *to,
          uint64_t number, struct error *err)
{
	static const char *const endings[] = { HEAD_SIGNATURE, HEAD_STAMP, "" };
	enum result result = RESULT_OK;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[HEAD_NAME_SIZE];

		head_name(number, endings[i], name);
		result = copy_file(arena,
		                   arena_printf(arena, "%s/%s", from, name),
		                   arena_printf(arena, "%s/%s", to, name), err);
		if (result != RESULT_OK && result != RESULT_NONE)
			return result;
	}
	return result;
}

enum result
archive_add_seals(struct archive *archive, const char *seals,
                  const char *writer, struct archive_report *report,
                  struct error *err)
{
	struct arena *arena = arena_new();
	uint64_t last = head_last(seals);
	char folder[PATH_MAX];
	enum result result = RESULT_OK;

	seals_folder(archive, writer, folder);
	if (last > 0)
		result = file_make_folder(folder, 0700, err);
	for (uint64_t i = 1; result == RESULT_OK && i <= last; i++) {
		result = copy_head(arena, seals, folder, i, err);
		if (result == RESULT_OK)
			report->seals++;
		if (result == RESULT_NONE)
			result = RESULT_OK;
		arena_reset(arena);
	}
	arena_free(&arena);
	return result;
}

enum result
archive_heads_of(struct arena *arena, const struct archive *archive,
                 const struct archive_segment *segment,
                 struct archive_heads *heads_r, struct error *err)
{
	char folder[PATH_MAX];
	enum result result = RESULT_OK;

	*heads_r = (struct archive_heads){ NULL, 0, 0 };
	seals_folder(archive, segment->writer, folder);

	uint64_t last = head_last(folder);

	for (uint64_t i = 1; result == RESULT_OK && i <= last; i++) {
		struct head_file file;

		result = head_load(arena, folder, i, &file, err);
		if (result == RESULT_OK && file.head.segment == segment->number)
			*(struct head *)arena_push(
				arena, (void **)&heads_r->items,
				&heads_r->count, &heads_r->room,
				sizeof(file.head)) = file.head;
	}
	return result == RESULT_NONE ? RESULT_OK : result;
}
