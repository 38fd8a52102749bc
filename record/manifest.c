#include "record/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jread.h"
#include "base/jwrite.h"

#define TYPE "avis-bundle-1"

void
manifest_request_name(struct span bytes, char name_r[MANIFEST_ID_SIZE])
{
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];

	digest_sha256(bytes.at, bytes.len, sum);
	digest_hex(sum, hex);
	snprintf(name_r, MANIFEST_ID_SIZE, "%.*s", MANIFEST_ID_SIZE - 1, hex);
}

static void
write_event(struct jwrite *json, const struct manifest_event *event)
{
	char sequence[24];

	snprintf(sequence, sizeof(sequence), "%llu",
	         (unsigned long long)event->sequence);
	jwrite_object(json, NULL);
	jwrite_int(json, "head", (int64_t)event->head);
	jwrite_int(json, "index", (int64_t)event->index);
	jwrite_text(json, "log_id", event->writer);
	jwrite_text(json, "seq", sequence);
	jwrite_end(json);
}

void
manifest_write(const struct manifest *manifest, struct buf *out)
{
	struct jwrite json;

	jwrite_init(&json, out, true);
	jwrite_object(&json, NULL);
	jwrite_text_if(&json, "case", manifest->case_number);
	jwrite_text_if(&json, "class", manifest->class_name);
	jwrite_array(&json, "events");
	for (size_t i = 0; i < manifest->event_count; i++)
		write_event(&json, &manifest->events[i]);
	jwrite_end(&json);
	jwrite_int(&json, "files", (int64_t)manifest->files);
	jwrite_text(&json, "id", manifest->id);
	jwrite_text(&json, "message", manifest->message);
	jwrite_bool(&json, "qualified", false);
	jwrite_bool(&json, "qualified_stamp", manifest->is_stamp_qualified);
	jwrite_text(&json, "software", manifest->software);
	jwrite_text(&json, "sums", manifest->sums);
	jwrite_text(&json, "type", TYPE);
	jwrite_end(&json);
}

static void
read_events(struct arena *arena, const struct jread_value *list,
            struct manifest *manifest)
{
	manifest->event_count = jread_count(list);
	manifest->events = arena_array(arena, manifest->event_count,
	                               sizeof(*manifest->events));
	for (size_t i = 0; i < manifest->event_count; i++) {
		const struct jread_value *item = jread_at(list, i);
		struct manifest_event *event = &manifest->events[i];

		snprintf(event->writer, sizeof(event->writer), "%s",
		         jread_get_text(item, "log_id"));
		event->sequence =
			strtoull(jread_get_text(item, "seq"), NULL, 10);
		event->head = (uint64_t)jread_get_int(item, "head");
		event->index = (uint64_t)jread_get_int(item, "index");
	}
}

static void
read_members(struct arena *arena, const struct jread_value *top,
             struct manifest *manifest)
{
	snprintf(manifest->id, sizeof(manifest->id), "%s",
	         jread_get_text(top, "id"));
	snprintf(manifest->sums, sizeof(manifest->sums), "%s",
	         jread_get_text(top, "sums"));
	snprintf(manifest->message, sizeof(manifest->message), "%s",
	         jread_get_text(top, "message"));
	manifest->files = (uint64_t)jread_get_int(top, "files");
	manifest->case_number = jread_copy_text(arena, top, "case");
	manifest->class_name = jread_copy_text(arena, top, "class");
	manifest->software = jread_copy_text(arena, top, "software");
	manifest->is_stamp_qualified = jread_get_bool(top, "qualified_stamp");
	read_events(arena, jread_get(top, "events"), manifest);
}

enum result
manifest_read(struct arena *arena, struct span bytes,
              struct manifest *manifest_r, struct error *err)
{
	struct manifest manifest;
	struct jread_doc *doc;
	struct buf again;

	if (bytes.len > MANIFEST_LIMIT) {
		error_set(err, "too long for a manifest");
		return RESULT_BAD;
	}
	if (jread_parse(bytes, &doc, err) != RESULT_OK)
		return RESULT_BAD;
	read_members(arena, jread_top(doc), &manifest);
	jread_free(&doc);
	buf_init(&again, MANIFEST_LIMIT);
	manifest_write(&manifest, &again);
	bool is_same =
		span_equal(buf_as_span(&again), bytes) &&
		strncmp(manifest.id, manifest.sums, MANIFEST_ID_SIZE - 1) == 0;
	buf_done(&again);
	if (!is_same) {
		error_set(err, "not a manifest as we write it");
		return RESULT_BAD;
	}
	*manifest_r = manifest;
	return RESULT_OK;
}
