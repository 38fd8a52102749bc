/*
 * outline, targets, recode, html and splice on any message: what comes out of
 * insert_make is either nothing or a message with the same parts.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mail/header.h"
#include "mail/html_tree.h"
#include "mail/insert.h"
#include "mail/mime.h"
#include "mail/outline.h"

#define TEXT "Un accus\xc3\xa9 est demand\xc3\xa9.\nVous pouvez refuser."
#define HTML "<p>Un accus\xc3\xa9 est demand\xc3\xa9.</p>"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct insert_block blocks[] = {
	{ .name = "notice",
	  .text = TEXT,
	  .html = HTML,
	  .sign = "",
	  .is_on_top = true },
	{ .name = "footer", .text = "Bye.", .html = "<p>Bye.</p>", .sign = "" },
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	mime_setup();
	return 0;
}

static const char *
other_link(void *context, const char *url)
{
	(void)context;
	return strlen(url) % 2 == 0 ? "https://example.com/?a=1&b=<2>" : NULL;
}

struct taking {
	struct outline *outline;
	size_t len;
};

static bool
take(void *context, struct span piece)
{
	struct taking *taking = context;

	outline_add(taking->outline, piece.at, piece.len);
	taking->len += piece.len;
	return true;
}

/* Places are within the body and parts within those they are part of. */
static void
look_at(const struct outline_list *list)
{
	assert(list->count > 0);
	for (size_t i = 0; i < list->count; i++) {
		const struct outline_part *part = &list->items[i];

		assert(part->start >= 0 && part->start <= part->body);
		assert(part->body <= part->end && part->end <= list->size);
		assert(i == 0 || part->parent < i);
	}
}

static void
insert(struct arena *arena, const struct outline_head *head, struct span body,
       size_t step, bool is_with_links)
{
	struct outline *outline = outline_new(head);
	struct body_source source = body_source_of(&body);
	struct insert_request request = {
		.source = &source,
		.blocks = blocks,
		.block_count = 2,
		.link = is_with_links ? other_link : NULL,
		.is_8bit_fine = step % 2 == 0,
		.text_limit = (size_t)1024 * 1024,
	};
	struct insert_result result;

	for (size_t at = 0; at < body.len; at += step) {
		struct span piece = span_take(span_skip(body, at), step);

		outline_add(outline, piece.at, piece.len);
	}
	request.outline = outline_end(outline);
	look_at(request.outline);
	insert_make(arena, &request, &result);
	if (result.skipped[0] == '\0') {
		struct taking taking = { outline_new(head), 0 };

		assert(request.outline->broken[0] == '\0');
		bool is_whole =
			splice_stream(&result.splices, &source, take, &taking);

		assert(is_whole);
		assert((int64_t)taking.len ==
		       splice_size(&result.splices, source.size));
		look_at(outline_end(taking.outline));
		outline_free(&taking.outline);
	} else {
		assert(result.splices.count == 0);
	}
	outline_free(&outline);
}

/* The first byte chooses in what pieces the body comes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct header_list fields;
	struct outline_head head;
	struct span message;
	size_t used;

	if (size < 2)
		return 0;
	arena = arena_new();
	message = span_make((const char *)data + 1, size - 1);
	header_read(arena, message, 200, &fields, &used);
	head.type_value = header_text(arena, &fields, "Content-Type");
	head.encoding =
		header_text(arena, &fields, "Content-Transfer-Encoding");
	head.disposition = header_text(arena, &fields, "Content-Disposition");
	insert(arena, &head, span_skip(message, used), 1 + data[0] % 128,
	       data[0] >= 128);
	arena_free(&arena);
	return 0;
}
