#include "cli/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "mail/body_digest.h"
#include "record/case.h"
#include "record/content.h"

#define HEADER_BYTES ((size_t)64 * 1024 * 1024)

/* Bytes on their way to the file; the body's digest is made meanwhile. */
struct rebuilding {
	int fd;
	struct body_digest *body;
	unsigned matched; /* of CR LF CR LF: how far the header's end is seen */
	struct error err;
};

/* How many of the bytes still belong to the header. */
static size_t
skip_header(struct rebuilding *rebuilding, struct span piece)
{
	static const char end[] = "\r\n\r\n";
	size_t i = 0;

	for (; i < piece.len && rebuilding->matched < 4; i++) {
		if (piece.at[i] == end[rebuilding->matched])
			rebuilding->matched++;
		else
			rebuilding->matched = piece.at[i] == '\r' ? 1 : 0;
	}
	return i;
}

static bool
take_piece(void *context, struct span piece)
{
	struct rebuilding *rebuilding = context;
	size_t header = skip_header(rebuilding, piece);
	struct span body = span_skip(piece, header);

	if (body.len > 0)
		body_digest_add(rebuilding->body, body.at, body.len);
	return file_write_all(rebuilding->fd, piece.at, piece.len,
	                      &rebuilding->err) == RESULT_OK;
}

static bool
body_agrees(struct rebuilding *rebuilding, const struct event *submitted)
{
	uint8_t sum[DIGEST_BYTES];

	body_digest_take(rebuilding->body, sum);
	return !submitted->has_digests ||
	       memcmp(sum, submitted->body_digest, DIGEST_BYTES) == 0;
}

static enum result
read_content(const struct opened *opened, const struct event *submitted,
             struct rebuilding *rebuilding, struct error *err)
{
	struct content content;

	if (!content_read_text(event_fact(submitted, "content_key"),
	                       event_fact(submitted, "content_sha256"),
	                       event_fact(submitted, "content_size"),
	                       &content)) {
		error_set(err, "what the record says of its content cannot be "
		               "read");
		return RESULT_BAD;
	}
	enum result result =
		content_read(opened->settings->content, submitted->message,
	                     &content, take_piece, rebuilding, err);
	explicit_bzero(&content, sizeof(content));
	if (result == RESULT_NONE)
		error_prefix(err, "its content is not on this host");
	if (result == RESULT_OK && !body_agrees(rebuilding, submitted)) {
		error_set(err, "its body is not the one whose digest was "
		               "recorded");
		result = RESULT_BAD;
	}
	return result;
}

static bool
write_whole(const struct opened *opened, const struct event *submitted,
            const char *path)
{
	struct rebuilding rebuilding = { .body = body_digest_new() };
	char name[PATH_MAX];
	struct error err = { "" };

	snprintf(name, sizeof(name), "%s.new", path);
	rebuilding.fd =
		open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool is_good = rebuilding.fd >= 0;

	if (!is_good)
		error_errno(&err, errno, "cannot create %s", name);
	if (is_good)
		is_good = read_content(opened, submitted, &rebuilding, &err) ==
		          RESULT_OK;
	if (rebuilding.fd >= 0)
		close(rebuilding.fd);
	if (is_good && rename(name, path) != 0) {
		error_errno(&err, errno, "cannot write %s", path);
		is_good = false;
	}
	if (!is_good) {
		(void)unlink(name);
		opened_say(opened, "not rebuilt: %s", err.text);
	}
	body_digest_free(&rebuilding.body);
	return is_good;
}

static bool
write_header(const struct opened *opened, const struct event *submitted,
             const char *path)
{
	struct buf header;
	struct error err;

	buf_init(&header, HEADER_BYTES);
	for (unsigned i = 1;; i++) {
		const char *piece =
			event_fact(submitted, arena_printf(opened->arena,
		                                           "header_%02u", i));

		if (piece[0] == '\0')
			break;
		buf_text(&header, piece);
	}
	buf_text(&header, "\r\n");
	enum result result =
		file_replace(path, buf_as_span(&header), 0600, &err);
	buf_done(&header);
	if (result != RESULT_OK)
		opened_say(opened, "%s", err.text);
	return result == RESULT_OK;
}

bool
rebuild_message(const struct opened *opened, const struct event_list *events,
                const char *path)
{
	const struct event *first = case_first(events);

	if (first != NULL && event_fact(first, "content_key")[0] != '\0') {
		if (!write_whole(opened, first, path))
			return false;
		printf("%s: the message as it left, %s bytes, SHA-256 %s\n",
		       path, event_fact(first, "content_size"),
		       event_fact(first, "content_sha256"));
		return true;
	}
	if (first != NULL && event_fact(first, "header_01")[0] != '\0') {
		if (!write_header(opened, first, path))
			return false;
		printf("%s: the header as it left; its class keeps no body\n",
		       path);
		return true;
	}
	opened_say(opened,
	           "of this message only digests were kept, or its content was "
	           "erased (the setting keep of its class)");
	return false;
}
