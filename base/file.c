#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static enum result
read_all(int fd, struct buf *bytes, const char *path, struct error *err)
{
	char part[65536];

	for (;;) {
		ssize_t got = read(fd, part, sizeof(part));

		if (got == 0)
			return RESULT_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_errno(err, errno, "cannot read %s", path);
			return RESULT_BAD;
		}
		buf_add(bytes, part, (size_t)got);
		if (bytes->is_full) {
			error_set(err, "%s is larger than %zu bytes", path,
			          bytes->limit);
			return RESULT_BAD;
		}
	}
}

enum result
file_read(struct arena *arena, const char *path, size_t limit,
          struct span *bytes_r, struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct buf bytes;

	if (fd < 0) {
		error_errno(err, errno, "cannot open %s", path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	buf_init(&bytes, limit);
	enum result result = read_all(fd, &bytes, path, err);
	if (result == RESULT_OK)
		*bytes_r = span_make(
			arena_strndup(arena, bytes.data, bytes.len), bytes.len);
	buf_done(&bytes);
	if (!is_stdin)
		close(fd);
	return result;
}

enum result
file_write_all(int fd, const void *at, size_t len, struct error *err)
{
	const char *from = at;

	while (len > 0) {
		ssize_t put = write(fd, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			error_errno(err, put == 0 ? EIO : errno,
			            "cannot write");
			return RESULT_RETRY;
		}
		from += put;
		len -= (size_t)put;
	}
	return RESULT_OK;
}

enum result
file_sync_folder(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0) {
		error_errno(err, errno, "cannot sync folder %s", path);
		if (fd >= 0)
			close(fd);
		return RESULT_RETRY;
	}
	close(fd);
	return RESULT_OK;
}

static enum result
sync_parent(const char *path, struct error *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return file_sync_folder(".", err);
	snprintf(folder, sizeof(folder), "%.*s",
	         slash == path ? 1 : (int)(slash - path), path);
	return file_sync_folder(folder, err);
}

enum result
file_replace(const char *path, struct span bytes, mode_t mode,
             struct error *err)
{
	char name[PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.new.%ld", path,
	                   (long)getpid());

	if (len < 0 || (size_t)len >= sizeof(name)) {
		error_set(err, "path too long: %s", path);
		return RESULT_BAD;
	}
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0) {
		error_errno(err, errno, "cannot create %s", name);
		return RESULT_RETRY;
	}
	enum result result = file_write_all(fd, bytes.at, bytes.len, err);
	if (result == RESULT_OK && fsync(fd) != 0) {
		error_errno(err, errno, "cannot sync %s", name);
		result = RESULT_RETRY;
	}
	close(fd);
	if (result == RESULT_OK && rename(name, path) != 0) {
		error_errno(err, errno, "cannot rename %s to %s", name, path);
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK) {
		unlink(name);
		return result;
	}
	return sync_parent(path, err);
}

enum result
file_make_folder(const char *path, mode_t mode, struct error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		error_set(err, "bad folder name \"%s\"", path);
		return RESULT_BAD;
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, i == len ? mode : 0755) != 0 &&
		    errno != EEXIST) {
			error_errno(err, errno, "cannot create %s", part);
			return RESULT_RETRY;
		}
		part[i] = i == len ? '\0' : '/';
	}
	return RESULT_OK;
}
