#include "record/seal_find.h"

#include "record/seal.h"

static uint64_t
end_of(const struct head_file *file)
{
	return file->head.first + file->head.size - 1;
}

static bool
covers(const struct head_file *file, uint64_t sequence)
{
	return sequence >= file->head.first && sequence <= end_of(file);
}

/* The number of the first head that reaches as far; 0: none does. */
static enum result
search_head(struct arena *arena, const char *folder, uint64_t sequence,
            uint64_t *number_r, struct error *err)
{
	uint64_t low = 1, high = head_last(folder) + 1, end = high;
	struct head_file file;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (head_load(arena, folder, middle, &file, err) != RESULT_OK)
			return RESULT_BAD;
		if (end_of(&file) >= sequence)
			high = middle;
		else
			low = middle + 1;
	}
	*number_r = low < end ? low : 0;
	return RESULT_OK;
}

static enum result
find_in(struct arena *arena, const char *folder, const char *writer,
        uint64_t sequence, struct head_file *file_r, struct error *err)
{
	struct head_file next;
	uint64_t number;

	if (search_head(arena, folder, sequence, &number, err) != RESULT_OK)
		return RESULT_BAD;
	if (number == 0) {
		error_set(err, "entry %llu of %s is not sealed yet",
		          (unsigned long long)sequence, writer);
		return RESULT_RETRY;
	}
	if (head_load(arena, folder, number, file_r, err) != RESULT_OK)
		return RESULT_BAD;
	if (!covers(file_r, sequence)) {
		error_set(err,
		          "entry %llu of %s was damaged before it was sealed",
		          (unsigned long long)sequence, writer);
		return RESULT_BAD;
	}
	next = *file_r;
	while (next.stamp.len == 0 &&
	       head_load(arena, folder, ++number, &next, err) == RESULT_OK &&
	       covers(&next, sequence))
		if (next.stamp.len > 0)
			*file_r = next;
	return RESULT_OK;
}

enum result
seal_find(struct arena *arena, const struct settings *settings,
          const char *writer, uint64_t sequence, struct head_file *file_r,
          struct error *err)
{
	const char *archive = settings->archive.folder;
	enum result result =
		find_in(arena, seal_writer_folder(arena, settings, writer),
	                writer, sequence, file_r, err);

	if (result != RESULT_RETRY || archive[0] == '\0')
		return result;
	return find_in(arena,
	               arena_printf(arena, "%s/%s/seals", archive, writer),
	               writer, sequence, file_r, err);
}
