#include "record/hook_cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/jread.h"
#include "base/jwrite.h"

#define FILE_BYTES ((size_t)1024 * 1024)

char *
hook_path(struct arena *arena, const char *folder, const char *name,
          const char *ending)
{
	return arena_printf(arena, "%s/%s.%s", folder, name, ending);
}

struct reader_place *
hook_cursor_place(struct arena *arena, struct hook_cursor *cursor,
                  const char *writer)
{
	struct hook_place *place;

	for (size_t i = 0; i < cursor->count; i++)
		if (strcmp(cursor->places[i].writer, writer) == 0)
			return &cursor->places[i].place;
	place = arena_push(arena, (void **)&cursor->places, &cursor->count,
	                   &cursor->room, sizeof(*place));
	*place = (struct hook_place){ .place = { .segment = 0 } };
	snprintf(place->writer, sizeof(place->writer), "%s", writer);
	return &place->place;
}

/* --- reading ------------------------------------------------------------ */

static time_ms_t
read_time(const struct jread_value *top, const char *name)
{
	const char *text = jread_get_text(top, name);
	time_ms_t when = 0;

	return text[0] != '\0' && clock_parse(text, &when) ? when : 0;
}

static bool
read_place(struct arena *arena, const struct jread_value *item,
           struct hook_cursor *cursor)
{
	const char *hash = jread_get_text(item, "hash");
	struct reader_place place = {
		.segment = (uint32_t)jread_get_int(item, "segment"),
		.offset = (uint64_t)jread_get_int(item, "offset"),
		.sequence = (uint64_t)jread_get_int(item, "sequence"),
		.has_hash = hash[0] != '\0',
	};

	if (place.has_hash &&
	    !decode_base64url(span_of(hash), place.hash, DIGEST_BYTES))
		return false;
	*hook_cursor_place(arena, cursor, jread_get_text(item, "writer")) =
		place;
	return true;
}

static enum result
read_top(struct arena *arena, const struct jread_value *top,
         struct hook_cursor *cursor)
{
	const struct jread_value *journals = jread_get(top, "journals");

	cursor->since = read_time(top, "since");
	cursor->last = read_time(top, "last");
	cursor->delivered = (uint64_t)jread_get_int(top, "delivered");
	cursor->aside = (uint64_t)jread_get_int(top, "aside");
	snprintf(cursor->trouble, sizeof(cursor->trouble), "%s",
	         jread_get_text(top, "trouble"));
	for (size_t i = 0; i < jread_count(journals); i++)
		if (!read_place(arena, jread_at(journals, i), cursor))
			return RESULT_BAD;
	return cursor->since > 0 ? RESULT_OK : RESULT_BAD;
}

enum result
hook_cursor_read(struct arena *arena, const char *path,
                 struct hook_cursor *cursor_r, struct error *err)
{
	struct hook_cursor cursor = { .since = 0 };
	struct jread_doc *doc;
	struct span bytes;
	enum result result = file_read(arena, path, FILE_BYTES, &bytes, err);

	*cursor_r = cursor;
	if (result == RESULT_OK)
		result = jread_parse(bytes, &doc, err);
	if (result != RESULT_OK)
		return result;
	result = read_top(arena, jread_top(doc), &cursor);
	jread_free(&doc);
	if (result != RESULT_OK)
		error_set(err, "%s is not as we write it", path);
	else
		*cursor_r = cursor;
	return result;
}

/* --- writing ------------------------------------------------------------ */

static void
write_time(struct jwrite *json, const char *name, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	if (when == 0)
		return;
	clock_format(when, text);
	jwrite_text(json, name, text);
}

static void
write_place(struct jwrite *json, const struct hook_place *at)
{
	char hash[ENCODE_BASE64URL_SIZE(DIGEST_BYTES)];

	jwrite_object(json, NULL);
	if (at->place.has_hash) {
		encode_base64url(at->place.hash, DIGEST_BYTES, hash);
		jwrite_text(json, "hash", hash);
	}
	jwrite_int(json, "offset", (int64_t)at->place.offset);
	jwrite_int(json, "segment", (int64_t)at->place.segment);
	jwrite_int(json, "sequence", (int64_t)at->place.sequence);
	jwrite_text(json, "writer", at->writer);
	jwrite_end(json);
}

enum result
hook_cursor_write(const char *path, const struct hook_cursor *cursor,
                  struct error *err)
{
	struct jwrite json;
	struct buf out;

	buf_init(&out, FILE_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	write_time(&json, "since", cursor->since);
	write_time(&json, "last", cursor->last);
	jwrite_int(&json, "delivered", (int64_t)cursor->delivered);
	jwrite_int(&json, "aside", (int64_t)cursor->aside);
	jwrite_text_if(&json, "trouble", cursor->trouble);
	jwrite_array(&json, "journals");
	for (size_t i = 0; i < cursor->count; i++)
		write_place(&json, &cursor->places[i]);
	jwrite_end(&json);
	jwrite_end(&json);
	buf_byte(&out, '\n');
	enum result result = file_replace(path, buf_as_span(&out), 0640, err);
	buf_done(&out);
	return result;
}
