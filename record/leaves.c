#include "record/leaves.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "record/event.h"
#include "record/frame.h"
#include "record/merkle.h"

/* Larger reads were no faster, and leave less of the cache. */
#define PART_BYTES ((size_t)256 * 1024)

struct walk {
	int fd;
	struct buf window;
	size_t at; /* in the window */
	const char *path;
	struct leaves_limit limit;
	struct leaves_report report;
};

/* False: the file ends. */
static bool
read_more(struct walk *walk)
{
	struct buf *window = &walk->window;
	struct span rest = span_skip(buf_as_span(window), walk->at);
	ssize_t got;

	memmove(window->data, rest.at, rest.len);
	window->len = rest.len;
	walk->at = 0;
	if (!buf_reserve(window, PART_BYTES))
		return false;
	do
		got = read(walk->fd, window->data + window->len, PART_BYTES);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	window->len += (size_t)got;
	window->data[window->len] = '\0';
	return true;
}

static enum frame_state
next_frame(struct walk *walk, struct frame *frame)
{
	for (;;) {
		struct span bytes =
			span_skip(buf_as_span(&walk->window), walk->at);
		enum frame_state state = frame_read(bytes, frame);

		if (state == FRAME_WHOLE || state == FRAME_BROKEN)
			return state;
		if (!read_more(walk))
			return state;
	}
}

static enum result
bad_entry(const struct walk *walk, const char *what, struct error *err)
{
	error_set(err, "%s: entry %llu: %s", walk->path,
	          (unsigned long long)walk->report.first + walk->report.count,
	          what);
	return RESULT_BAD;
}

static enum result
check_links(struct walk *walk, const struct event_links *links,
            struct error *err)
{
	struct leaves_report *report = &walk->report;

	if (report->count > 0) {
		if (links->sequence != report->first + report->count)
			return bad_entry(walk, "another stands in its place",
			                 err);
		if (memcmp(links->prev, report->last, DIGEST_BYTES) != 0)
			return bad_entry(walk,
			                 "prev is not the hash of the one "
			                 "before: one of the two was changed",
			                 err);
		return RESULT_OK;
	}
	report->first = links->sequence;
	if (walk->limit.expected != 0 &&
	    links->sequence != walk->limit.expected)
		return bad_entry(walk, "the segment begins with another", err);
	return RESULT_OK;
}

static bool
is_past(const struct walk *walk, uint64_t sequence)
{
	return walk->limit.before != 0 && sequence >= walk->limit.before;
}

/* OK: go on; NONE: the limit is reached. */
static enum result
take_entry(struct walk *walk, struct span entry, leaves_call *call,
           void *context, struct error *err)
{
	struct leaves_report *report = &walk->report;
	uint8_t leaf[DIGEST_BYTES];
	struct event_links links;

	if (!event_read_links(entry, &links))
		return bad_entry(walk, "it is no entry of ours", err);
	if (is_past(walk, links.sequence))
		return RESULT_NONE;
	if (check_links(walk, &links, err) != RESULT_OK)
		return RESULT_BAD;
	merkle_leaf(entry, leaf);
	if (call != NULL)
		call(context, report->count, entry, leaf);
	digest_sha256(entry.at, entry.len, report->last);
	report->count++;
	return RESULT_OK;
}

static enum result
walk_all(struct walk *walk, leaves_call *call, void *context, struct error *err)
{
	for (;;) {
		struct leaves_report *report = &walk->report;
		struct frame frame;
		enum frame_state state;
		enum result result;

		/* What stands behind the limit may be half written. */
		if (report->count > 0 &&
		    is_past(walk, report->first + report->count))
			return RESULT_OK;
		state = next_frame(walk, &frame);
		if (state == FRAME_END)
			return RESULT_OK;
		if (state != FRAME_WHOLE)
			return bad_entry(walk,
			                 "its frame is damaged or unfinished",
			                 err);
		result = take_entry(walk, frame.entry, call, context, err);
		if (result != RESULT_OK)
			return result == RESULT_NONE ? RESULT_OK : result;
		walk->at += frame.size;
	}
}

enum result
leaves_read(const char *log, struct leaves_limit limit, leaves_call *call,
            void *context, struct leaves_report *report_r, struct error *err)
{
	struct walk walk = { .path = log, .limit = limit };
	enum result result;

	*report_r = walk.report;
	walk.fd = open(log, O_RDONLY | O_CLOEXEC);
	if (walk.fd < 0) {
		error_errno(err, errno, "cannot open %s", log);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	buf_init(&walk.window,
	         FRAME_HEAD_BYTES + FRAME_BODY_LIMIT + 2 * PART_BYTES);
	result = walk_all(&walk, call, context, err);
	buf_done(&walk.window);
	close(walk.fd);
	*report_r = walk.report;
	return result;
}
