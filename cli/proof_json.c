#include "cli/proof_json.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "record/clicks.h"

static void
write_time(struct jwrite *json, const char *name, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	jwrite_text(json, name, text);
}

static void
write_digest(struct jwrite *json, const char *name,
             const uint8_t sum[DIGEST_BYTES])
{
	char text[DIGEST_HEX_SIZE];

	digest_hex(sum, text);
	jwrite_text(json, name, text);
}

/* What opens content is for nobody's eyes; bulk is not for a list. */
static bool
is_left_out(const char *name)
{
	return strcmp(name, "content_key") == 0 || strcmp(name, "raw") == 0 ||
	       strcmp(name, "parts") == 0 || strncmp(name, "header_", 7) == 0;
}

static void
write_facts(struct jwrite *json, const struct event *event)
{
	jwrite_object(json, "facts");
	for (size_t i = 0; i < event->fact_count; i++)
		if (!is_left_out(event->facts[i].name))
			jwrite_text(json, event->facts[i].name,
			            event->facts[i].value);
	jwrite_end(json);
}

/* Which other event says the same, by what names it in the record. */
static void
write_same(struct jwrite *json, const struct event *same)
{
	if (same == NULL)
		return;
	jwrite_object(json, "corroborates");
	jwrite_text(json, "writer", same->writer);
	jwrite_int(json, "sequence", (int64_t)same->sequence);
	jwrite_end(json);
}

static void
write_line(struct jwrite *json, const struct case_line *line)
{
	const struct event *event = line->event;

	jwrite_object(json, NULL);
	jwrite_text(json, "kind", event_kind_name(event->kind));
	jwrite_text(json, "event_id", event_kind_uri(event->kind));
	write_time(json, "time", event->time);
	write_time(json, "recorded", event->recorded);
	jwrite_text(json, "grade", event_grade_name(event->grade));
	jwrite_text(json, "source", event_source_name(event->source));
	jwrite_int(json, "recipient", event->recipient);
	jwrite_text_if(json, "class", event->class_name);
	jwrite_text_if(json, "queue_id", event->queue_id);
	jwrite_text_if(json, "status", event->status);
	jwrite_text_if(json, "detail", event->detail);
	if (event->has_raw_digest)
		write_digest(json, "raw_sha256", event->raw_digest);
	jwrite_text(json, "writer", event->writer);
	jwrite_int(json, "sequence", (int64_t)event->sequence);
	write_facts(json, event);
	jwrite_text_if(json, "remark", line->remark);
	write_same(json, line->same_as);
	jwrite_end(json);
}

/* In the order of the facts, whomever they concern. */
static void
write_events(struct jwrite *json, const struct case_file *file)
{
	jwrite_array(json, "events");
	for (size_t i = 0; i < file->events->count; i++)
		write_line(json, &file->lines[i]);
	jwrite_end(json);
}

/* One line of mail/part_digests.h: path, type, size, digest, file name. */
static void
write_part(struct jwrite *json, struct span line)
{
	struct span words[4];
	uint8_t sum[DIGEST_BYTES];

	for (size_t i = 0; i < 4; i++) {
		size_t end = span_find(line, ' ', 0);

		words[i] = span_take(line, end);
		line = span_skip(line, end + 1);
	}
	jwrite_object(json, NULL);
	jwrite_span(json, "path", words[0]);
	jwrite_span(json, "type", words[1]);
	jwrite_span(json, "size_bytes", words[2]);
	if (decode_base64url(words[3], sum, DIGEST_BYTES))
		write_digest(json, "sha256", sum);
	if (line.len > 0)
		jwrite_span(json, "file", line);
	jwrite_end(json);
}

static void
write_parts(struct jwrite *json, const struct event *first)
{
	struct span rest = span_of(event_fact(first, "parts")), line;

	jwrite_array(json, "parts");
	while (span_line(&rest, &line))
		write_part(json, line);
	jwrite_end(json);
}

static void
write_texts(struct jwrite *json, const char *name, const char *const *texts,
            size_t count)
{
	jwrite_array(json, name);
	for (size_t i = 0; i < count; i++)
		jwrite_text(json, NULL, texts[i]);
	jwrite_end(json);
}

static void
write_limits(struct jwrite *json, enum language language)
{
	const char *limit;

	jwrite_array(json, "limits");
	for (size_t i = 0; (limit = case_limit(language, i)) != NULL; i++)
		jwrite_text(json, NULL, limit);
	jwrite_end(json);
}

static void
write_recipients(struct jwrite *json, const struct case_file *file)
{
	const struct event *first = file->first;

	jwrite_array(json, "recipients");
	for (size_t i = 0; first != NULL && i < first->recipient_count; i++) {
		const struct case_part *part = &file->parts[i];

		jwrite_object(json, NULL);
		jwrite_int(json, "number", part->number);
		jwrite_text(json, "address", first->recipients[i].address);
		jwrite_text(json, "state", state_name(part->state));
		jwrite_text(json, "state_words", part->state_words);
		jwrite_bool(json, "state_is_claimed", part->is_claimed);
		write_texts(json, "gaps", part->gaps, part->gap_count);
		jwrite_end(json);
	}
	jwrite_end(json);
}

/* Kept apart: what was counted, and who it was as far as one can tell. */
static void
write_clicks(struct jwrite *json, const struct case_file *file)
{
	struct clicks clicks = { .next = 0 };
	struct click_counts counts = { .raw = 0 };

	for (size_t i = 0; i < file->events->count; i++)
		clicks_add(&clicks, &file->events->items[i], &counts);
	if (counts.raw == 0)
		return;
	jwrite_object(json, "clicks");
	jwrite_int(json, "raw", (int64_t)counts.raw);
	jwrite_int(json, "machine", (int64_t)counts.machine);
	jwrite_int(json, "human", (int64_t)click_counts_human(&counts));
	jwrite_end(json);
}

void
proof_json_message(struct jwrite *json, const struct case_file *file)
{
	static const char *const sources[] = {
		[READ_STORE] = "store",
		[READ_JOURNAL] = "journal",
		[READ_ARCHIVE] = "archive",
	};
	const struct event *first = file->first;
	char name[MESSAGE_NAME_SIZE];

	message_id_name(file->events->items[0].message, name);
	jwrite_object(json, NULL);
	jwrite_text(json, "message", name);
	jwrite_text(json, "read_from", sources[file->read_from]);
	jwrite_bool(json, "qualified", false); /* EVD-2 */
	if (first != NULL) {
		jwrite_text_if(json, "class", first->class_name);
		write_time(json, "sent", first->time);
		jwrite_text_if(json, "message_id",
		               event_fact(first, "message_id"));
		jwrite_text_if(json, "subject", event_fact(first, "subject"));
		jwrite_text_if(json, "from", event_fact(first, "from"));
		jwrite_text_if(json, "sender", event_fact(first, "sender"));
		jwrite_int(json, "size_bytes", first->size_bytes);
	}
	if (first != NULL && first->has_digests) {
		write_digest(json, "body_sha256", first->body_digest);
		write_digest(json, "header_sha256", first->header_digest);
	}
	if (first != NULL)
		write_parts(json, first);
	write_recipients(json, file);
	write_clicks(json, file);
	write_events(json, file);
	write_limits(json, file->language);
	jwrite_end(json);
}
