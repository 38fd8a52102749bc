#include "record/bundle_copies.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"

#define COPY_BYTES ((size_t)64 * 1024 * 1024)

static void
add_buf(struct arena *arena, struct fileset *set, const char *name,
        struct buf *text)
{
	if (text->len > 0)
		fileset_add(
			arena, set, name,
			span_make(arena_strndup(arena, text->data, text->len),
		                  text->len));
	buf_done(text);
}

static void
add_log(struct arena *arena, const struct bundle_payload *items, size_t count,
        struct fileset *set)
{
	struct buf text;

	buf_init(&text, COPY_BYTES);
	for (size_t i = 0; i < count; i++) {
		const struct event *event = &items[i].event;

		if (event->source != SOURCE_MAILLOG ||
		    event_fact(event, "line")[0] == '\0')
			continue;
		buf_printf(&text, "# payload/%03zu.json %s\n", items[i].number,
		           event_fact(event, "log"));
		buf_text(&text, event_fact(event, "line"));
		buf_byte(&text, '\n');
	}
	add_buf(arena, set, BUNDLE_LOG, &text);
}

static void
add_headers(struct arena *arena, const struct event *submitted,
            struct fileset *set)
{
	struct buf text;
	const char *piece;

	buf_init(&text, COPY_BYTES);
	for (unsigned i = 1;; i++) {
		piece = event_fact(submitted,
		                   arena_printf(arena, "header_%02u", i));
		if (piece[0] == '\0')
			break;
		buf_text(&text, piece);
	}
	add_buf(arena, set, BUNDLE_HEADERS, &text);
}

/* One that was cut is no report as it came. */
static void
add_report(struct arena *arena, const struct bundle_payload *item,
           struct fileset *set)
{
	struct span raw = span_of(event_fact(&item->event, "raw"));
	size_t len = raw.len * 3 / 4;
	char *bytes = arena_alloc(arena, len + 1);
	uint8_t sum[DIGEST_BYTES];

	if (len == 0 || !item->event.has_raw_digest ||
	    !decode_base64url(raw, bytes, len))
		return;
	digest_sha256(bytes, len, sum);
	if (memcmp(sum, item->event.raw_digest, DIGEST_BYTES) == 0)
		fileset_add(
			arena, set,
			arena_printf(arena, "reports/%03zu.eml", item->number),
			span_make(bytes, len));
}

void
bundle_copies(struct arena *arena, const struct bundle_payload *items,
              size_t count, struct fileset *set_r)
{
	*set_r = (struct fileset){ NULL, 0, 0 };
	add_log(arena, items, count, set_r);
	for (size_t i = 0; i < count; i++) {
		if (items[i].event.kind == EVENT_SUBMITTED)
			add_headers(arena, &items[i].event, set_r);
		add_report(arena, &items[i], set_r);
	}
}

bool
bundle_is_copy(const char *name)
{
	return strcmp(name, BUNDLE_LOG) == 0 ||
	       strcmp(name, BUNDLE_HEADERS) == 0 ||
	       text_starts(name, "reports/");
}
