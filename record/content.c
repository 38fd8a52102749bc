#include "record/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

#define HEAD       "AVISCM1\n"
#define HEAD_BYTES 8
#define NEW        ".new"

struct content_writer {
	char folder[PATH_MAX]; /* with the two letters */
	char name[MESSAGE_NAME_SIZE];
	int fd;
	uint8_t key[SEAL_KEY_BYTES];
	struct digest *digest;
	int64_t size_bytes;
	struct buf chunk; /* what is not written yet */
	char sealed[4 + CONTENT_CHUNK + SEAL_EXTRA_BYTES];
};

static void
path_of(const char *folder, struct message_id id, const char *ending,
        char path_r[PATH_MAX])
{
	char name[MESSAGE_NAME_SIZE];

	message_id_name(id, name);
	snprintf(path_r, PATH_MAX, "%s/%.2s/%s%s", folder, name, name, ending);
}

/* --- writing ---------------------------------------------------------- */

static void
writer_free(struct content_writer **writer)
{
	struct content_writer *old = *writer;

	if (old->fd >= 0)
		close(old->fd);
	explicit_bzero(old->key, sizeof(old->key));
	digest_free(&old->digest);
	buf_done(&old->chunk);
	free(old);
	*writer = NULL;
}

static void
writer_path(const struct content_writer *writer, const char *ending,
            char path_r[PATH_MAX + 64])
{
	snprintf(path_r, PATH_MAX + 64, "%s/%s%s", writer->folder, writer->name,
	         ending);
}

static enum result
create_file(struct content_writer *writer, struct error *err)
{
	char path[PATH_MAX + 64];
	enum result result = file_make_folder(writer->folder, 0700, err);

	if (result != RESULT_OK)
		return RESULT_RETRY;
	writer_path(writer, NEW, path);
	writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (writer->fd >= 0)
		return file_write_all(writer->fd, HEAD, HEAD_BYTES, err);
	error_errno(err, errno, "cannot create %s", path);
	return RESULT_RETRY;
}

enum result
content_create(const char *folder, struct message_id id,
               struct content_writer **writer_r, struct error *err)
{
	struct content_writer *writer = memory_zeroed(1, sizeof(*writer));

	writer->fd = -1;
	message_id_name(id, writer->name);
	snprintf(writer->folder, sizeof(writer->folder), "%s/%.2s", folder,
	         writer->name);
	random_bytes(writer->key, sizeof(writer->key));
	writer->digest = digest_new();
	buf_init(&writer->chunk, CONTENT_CHUNK);

	enum result result = create_file(writer, err);

	if (result == RESULT_OK)
		*writer_r = writer;
	else
		content_drop(&writer);
	return result;
}

static enum result
write_chunk(struct content_writer *writer, struct error *err)
{
	size_t len = writer->chunk.len;

	for (int i = 0; i < 4; i++)
		writer->sealed[i] = (char)(uint8_t)(len >> (8 * i));
	digest_seal(writer->key, writer->chunk.data, len, writer->sealed + 4);
	buf_reset(&writer->chunk);
	return file_write_all(writer->fd, writer->sealed,
	                      4 + len + SEAL_EXTRA_BYTES, err);
}

enum result
content_add(struct content_writer *writer, struct span bytes, struct error *err)
{
	enum result result = RESULT_OK;

	digest_add(writer->digest, bytes.at, bytes.len);
	writer->size_bytes += (int64_t)bytes.len;
	while (result == RESULT_OK && bytes.len > 0) {
		struct span part =
			span_take(bytes, CONTENT_CHUNK - writer->chunk.len);

		buf_span(&writer->chunk, part);
		bytes = span_skip(bytes, part.len);
		if (writer->chunk.len == CONTENT_CHUNK)
			result = write_chunk(writer, err);
	}
	return result;
}

enum result
content_finish(struct content_writer *writer, struct content *content_r,
               struct error *err)
{
	enum result result = RESULT_OK;

	if (writer->chunk.len > 0)
		result = write_chunk(writer, err);
	if (result == RESULT_OK && fsync(writer->fd) != 0) {
		error_errno(err, errno, "cannot sync %s", writer->name);
		result = RESULT_RETRY;
	}
	if (result == RESULT_OK)
		result = file_sync_folder(writer->folder, err);
	memcpy(content_r->key, writer->key, sizeof(writer->key));
	digest_take(writer->digest, content_r->sum);
	content_r->size_bytes = writer->size_bytes;
	return result;
}

void
content_commit(struct content_writer **writer)
{
	char from[PATH_MAX + 64], to[PATH_MAX + 64];

	if (*writer == NULL)
		return;
	writer_path(*writer, NEW, from);
	writer_path(*writer, "", to);
	/* A reader looks under the other name, too. */
	(void)rename(from, to);
	writer_free(writer);
}

void
content_drop(struct content_writer **writer)
{
	char path[PATH_MAX + 64];

	if (*writer == NULL)
		return;
	writer_path(*writer, NEW, path);
	(void)unlink(path);
	writer_free(writer);
}

/* --- reading ---------------------------------------------------------- */

void
content_write_text(const struct content *content, struct content_text *text_r)
{
	encode_base64url(content->key, SEAL_KEY_BYTES, text_r->key);
	digest_hex(content->sum, text_r->sum);
	snprintf(text_r->size, sizeof(text_r->size), "%lld",
	         (long long)content->size_bytes);
}

bool
content_read_text(const char *key, const char *sum, const char *size,
                  struct content *content_r)
{
	content_r->size_bytes = strtoll(size, NULL, 10);
	return decode_base64url(span_of(key), content_r->key, SEAL_KEY_BYTES) &&
	       decode_hex(span_of(sum), content_r->sum, DIGEST_BYTES);
}

static bool
read_exactly(FILE *file, void *at, size_t len)
{
	return fread(at, 1, len, file) == len;
}

/* NONE: the end. */
static enum result
read_chunk(FILE *file, const uint8_t key[SEAL_KEY_BYTES], char *sealed,
           char *text, size_t *len_r)
{
	uint8_t head[4];
	size_t got = fread(head, 1, sizeof(head), file);

	if (got == 0)
		return RESULT_NONE;

	size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
	             (size_t)head[3] << 24;

	if (got < sizeof(head) || len > CONTENT_CHUNK ||
	    !read_exactly(file, sealed, len + SEAL_EXTRA_BYTES) ||
	    !digest_open(key, sealed, len + SEAL_EXTRA_BYTES, text))
		return RESULT_BAD;
	*len_r = len;
	return RESULT_OK;
}

static enum result
read_chunks(FILE *file, const struct content *content,
            bool (*take)(void *context, struct span piece), void *context)
{
	char *sealed = memory_get(CONTENT_CHUNK + SEAL_EXTRA_BYTES);
	char *text = memory_get(CONTENT_CHUNK);
	struct digest *digest = digest_new();
	uint8_t sum[DIGEST_BYTES];
	enum result result;
	int64_t size = 0;
	size_t len;

	while ((result = read_chunk(file, content->key, sealed, text, &len)) ==
	       RESULT_OK) {
		digest_add(digest, text, len);
		size += (int64_t)len;
		if (!take(context, span_make(text, len))) {
			result = RESULT_RETRY;
			break;
		}
	}
	digest_take(digest, sum);
	digest_free(&digest);
	free(sealed);
	free(text);
	if (result == RESULT_NONE)
		result =
			size == content->size_bytes && memcmp(sum, content->sum,
		                                              DIGEST_BYTES) == 0
				? RESULT_OK
				: RESULT_BAD;
	return result;
}

enum result
content_read(const char *folder, struct message_id id,
             const struct content *content,
             bool (*take)(void *context, struct span piece), void *context,
             struct error *err)
{
	char path[PATH_MAX], head[HEAD_BYTES];
	FILE *file;

	path_of(folder, id, "", path);
	file = fopen(path, "re");
	if (file == NULL) {
		path_of(folder, id, NEW, path);
		file = fopen(path, "re");
	}
	if (file == NULL) {
		error_errno(err, errno, "cannot open %s", path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	enum result result = RESULT_BAD;
	if (read_exactly(file, head, sizeof(head)) &&
	    memcmp(head, HEAD, HEAD_BYTES) == 0)
		result = read_chunks(file, content, take, context);
	fclose(file);
	if (result == RESULT_RETRY)
		error_set(err, "%s: not read to its end", path);
	if (result == RESULT_BAD)
		error_set(err, "%s: it is not the message that was recorded",
		          path);
	return result;
}

enum result
content_delete(const char *folder, struct message_id id, struct error *err)
{
	static const char *const endings[] = { "", NEW };

	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];

		path_of(folder, id, endings[i], path);
		if (unlink(path) != 0 && errno != ENOENT) {
			error_errno(err, errno, "cannot delete %s", path);
			return RESULT_RETRY;
		}
	}
	return RESULT_OK;
}

static void
look_in(struct arena *arena, const char *folder, time_ms_t before,
        struct content_orphans *list)
{
	DIR *dir = opendir(folder);
	struct dirent *file;

	while (dir != NULL && (file = readdir(dir)) != NULL) {
		struct span name = span_of(file->d_name);
		struct message_id id;
		struct stat status;

		if (!span_ends(name, NEW) ||
		    !message_id_parse(span_take(name, name.len - 4), &id) ||
		    fstatat(dirfd(dir), file->d_name, &status, 0) != 0 ||
		    (time_ms_t)status.st_mtime * 1000 > before)
			continue;
		*(struct message_id *)arena_push(arena, (void **)&list->items,
		                                 &list->count, &list->room,
		                                 sizeof(id)) = id;
	}
	if (dir != NULL)
		closedir(dir);
}

enum result
content_orphans(struct arena *arena, const char *folder, int64_t age_ms,
                struct content_orphans *list_r, struct error *err)
{
	time_ms_t before = clock_now() - age_ms;
	DIR *dir = opendir(folder);
	struct dirent *file;

	*list_r = (struct content_orphans){ NULL, 0, 0 };
	if (dir == NULL) {
		error_errno(err, errno, "cannot open folder %s", folder);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	while ((file = readdir(dir)) != NULL)
		if (strlen(file->d_name) == 2 && file->d_name[0] != '.')
			look_in(arena,
			        arena_printf(arena, "%s/%s", folder,
			                     file->d_name),
			        before, list_r);
	closedir(dir);
	return RESULT_OK;
}
