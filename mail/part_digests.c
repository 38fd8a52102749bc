#include "mail/part_digests.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "mail/content.h"
#include "mail/mime.h"

#define READ_BYTES ((size_t)32 * 1024)
#define PATH_BYTES 128
#define NAME_BYTES 200

struct sum {
	struct digest *digest;
	int64_t size;
};

static void
add_decoded(void *context, struct span bytes)
{
	struct sum *sum = context;

	digest_add(sum->digest, bytes.at, bytes.len);
	sum->size += (int64_t)bytes.len;
}

/* Which child of its parent is it? 1, 2... */
static unsigned
number_of(const struct outline_list *list, size_t part)
{
	unsigned number = 1;

	for (size_t i = 1; i < part; i++)
		if (list->items[i].parent == list->items[part].parent)
			number++;
	return number;
}

static void
path_of(const struct outline_list *list, size_t part, char path_r[PATH_BYTES])
{
	char before[PATH_BYTES];

	if (part == 0) {
		snprintf(path_r, PATH_BYTES, "1");
		return;
	}
	snprintf(path_r, PATH_BYTES, "%u", number_of(list, part));
	while ((part = list->items[part].parent) != 0) {
		snprintf(before, sizeof(before), "%.100s", path_r);
		snprintf(path_r, PATH_BYTES, "%u.%.100s", number_of(list, part),
		         before);
	}
}

static const char *
file_name(struct arena *arena, const struct outline_part *part)
{
	const char *name =
		content_parameter(arena, part->disposition, "filename");

	if (name[0] == '\0')
		name = content_parameter(arena, part->type_value, "name");
	return mime_decode_words(arena, span_of(name));
}

/* One line, no controls in it. */
static void
add_name(struct buf *lines, const char *name)
{
	if (name[0] != '\0')
		buf_byte(lines, ' ');
	for (size_t i = 0; name[i] != '\0' && i < NAME_BYTES; i++)
		buf_byte(lines, (unsigned char)name[i] < 0x20 ? ' ' : name[i]);
}

static bool
sum_part(const struct outline_part *part, const struct body_source *body,
         struct sum *sum)
{
	struct mime_decoder *decoder = mime_decoder_new(part->encoding);
	int64_t at = part->body;

	while (at < part->end) {
		int64_t left = part->end - at;
		struct span bytes = body->read(
			body->context, at,
			left < (int64_t)READ_BYTES ? (size_t)left : READ_BYTES);

		if (bytes.len == 0)
			break;
		mime_decoder_add(decoder, bytes, add_decoded, sum);
		at += (int64_t)bytes.len;
	}
	mime_decoder_free(&decoder);
	return at == part->end;
}

static bool
add_part(struct arena *arena, const struct outline_list *list, size_t number,
         const struct body_source *body, struct buf *lines)
{
	const struct outline_part *part = &list->items[number];
	struct sum sum = { .digest = digest_new() };
	char text[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)], path[PATH_BYTES];
	uint8_t bytes[DIGEST_BYTES];
	bool is_whole = sum_part(part, body, &sum);

	digest_take(sum.digest, bytes);
	digest_free(&sum.digest);
	encode_base64url(bytes, DIGEST_BYTES, text);
	path_of(list, number, path);
	buf_printf(lines, "%s%s %s %lld %s", lines->len > 0 ? "\n" : "", path,
	           part->type[0] != '\0' ? part->type : "text/plain",
	           (long long)sum.size, text);
	add_name(lines, file_name(arena, part));
	return is_whole;
}

static void
feed(struct outline *outline, const struct body_source *body)
{
	int64_t at = 0;
	struct span bytes;

	while (at < body->size &&
	       (bytes = body->read(body->context, at, READ_BYTES)).len > 0) {
		outline_add(outline, bytes.at, bytes.len);
		at += (int64_t)bytes.len;
	}
}

void
part_digests(const struct outline_head *head, const struct body_source *body,
             struct buf *lines)
{
	struct outline *outline = outline_new(head);
	struct arena *arena = arena_new();
	bool is_whole = true;

	feed(outline, body);

	const struct outline_list *list = outline_end(outline);

	if (list->broken[0] == '\0')
		for (size_t i = 0; is_whole && i < list->count; i++)
			if (!outline_is_multipart(&list->items[i]))
				is_whole =
					add_part(arena, list, i, body, lines);
	if (!is_whole || lines->is_full)
		buf_reset(lines);
	arena_free(&arena);
	outline_free(&outline);
}
