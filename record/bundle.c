#include "record/bundle.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "record/bundle_copies.h"
#include "record/bundle_form.h"
#include "record/bundle_texts.h"
#include "record/content.h"
#include "record/frame.h"
#include "record/reader.h"
#include "record/seal.h"
#include "record/seal_find.h"

#define TEXT_BYTES    ((size_t)16 * 1024 * 1024)
#define TRUST_LIMIT   ((size_t)4 * 1024 * 1024)
#define MESSAGE_BYTES ((size_t)256 * 1024 * 1024)

/* An entry that is disclosed. */
struct disclosed {
	char writer[EVENT_WRITER_SIZE];
	uint64_t sequence;
	const struct event *event;
	size_t head; /* in heads */
	struct merkle_audit audit;
	struct span entry; /* empty until it was read */
	struct span salted;
	bool is_shown; /* its payload */
};

struct making {
	struct arena *arena;
	const struct bundle_request *request;
	struct fileset set;
	struct disclosed *items; /* in the order of writer and sequence */
	size_t count;
	struct head_file *heads;
	size_t head_count;
	size_t head_room;
	struct bundle_payload *payloads; /* those that are shown */
	size_t payload_count;
};

/* --- which entries ---------------------------------------------------- */

/* Who looked at the proof is no part of it, and would change it each time. */
static bool
is_evidence(const struct event *event)
{
	return event->kind != EVENT_ASKED && event->kind != EVENT_EXPORTED;
}

static bool
is_about(const struct bundle_request *request, unsigned recipient)
{
	return request->recipient == 0 || recipient == 0 ||
	       recipient == request->recipient;
}

static const struct event *
submission_of(const struct event_list *events)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind == EVENT_SUBMITTED)
			return &events->items[i];
	return NULL;
}

size_t
bundle_recipients(const struct event_list *events)
{
	const struct event *submitted = submission_of(events);

	return submitted != NULL ? submitted->recipient_count : 0;
}

/* Does the payload have another recipient's address, in any form of it? */
static bool
names_another(const struct bundle_request *request, struct span payload)
{
	const struct event *submitted = submission_of(request->events);
	size_t mine = request->recipient;

	if (mine == 0 && bundle_recipients(request->events) == 1)
		mine = 1;
	for (size_t i = 0; submitted != NULL && i < submitted->recipient_count;
	     i++) {
		const char *address = submitted->recipients[i].address;
		const char *orcpt = submitted->recipients[i].orcpt;

		if (i + 1 == mine ||
		    (mine > 0 &&
		     text_is(address, submitted->recipients[mine - 1].address)))
			continue;
		if (span_find_text(payload, address, 0) < payload.len ||
		    (orcpt[0] != '\0' &&
		     span_find_text(payload, orcpt, 0) < payload.len))
			return true;
	}
	return false;
}

static int
compare_items(const void *a, const void *b)
{
	const struct disclosed *x = a, *y = b;
	int order = strcmp(x->writer, y->writer);

	if (order != 0)
		return order;
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static void
choose(struct making *making)
{
	const struct event_list *events = making->request->events;

	making->items = arena_array(making->arena, events->count,
	                            sizeof(*making->items));
	for (size_t i = 0; i < events->count; i++) {
		struct disclosed *item = &making->items[making->count];
		const struct event *event = &events->items[i];

		if (!is_evidence(event) ||
		    !is_about(making->request, event->recipient))
			continue;
		snprintf(item->writer, sizeof(item->writer), "%s",
		         event->writer);
		item->sequence = event->sequence;
		item->event = event;
		making->count++;
	}
	if (making->count > 0)
		qsort(making->items, making->count, sizeof(*making->items),
		      compare_items);
}

/* --- which heads ------------------------------------------------------ */

static enum result
find_heads(struct making *making, struct error *err)
{
	for (size_t i = 0; i < making->count; i++) {
		struct disclosed *item = &making->items[i];
		struct head_file file;
		size_t at = 0;
		enum result result =
			seal_find(making->arena, making->request->settings,
		                  item->writer, item->sequence, &file, err);

		if (result != RESULT_OK)
			return result;
		while (at < making->head_count &&
		       !span_equal(making->heads[at].bytes, file.bytes))
			at++;
		item->head = at;
		if (at == making->head_count)
			*(struct head_file *)arena_push(
				making->arena, (void **)&making->heads,
				&making->head_count, &making->head_room,
				sizeof(file)) = file;
		merkle_audit_init(&item->audit,
		                  item->sequence - file.head.first,
		                  file.head.size);
	}
	return RESULT_OK;
}

/* --- reading a segment ------------------------------------------------ */

struct gathering {
	struct making *making;
	size_t head;
	uint64_t index;
	struct merkle tree;
};

static struct span
copy(struct arena *arena, struct span bytes)
{
	return span_make(arena_strndup(arena, bytes.at, bytes.len), bytes.len);
}

/* False: the head covers no more. */
static bool
gather(struct gathering *gathering, const struct reader_entry *entry)
{
	struct making *making = gathering->making;
	const struct head *head = &making->heads[gathering->head].head;
	uint64_t sequence = head->first + gathering->index;
	uint8_t leaf[DIGEST_BYTES];

	if (gathering->index >= head->size)
		return false;
	merkle_leaf(entry->entry, leaf);
	merkle_add(&gathering->tree, leaf);
	for (size_t i = 0; i < making->count; i++) {
		struct disclosed *item = &making->items[i];

		if (item->head != gathering->head)
			continue;
		merkle_audit_add(&item->audit, leaf);
		if (item->sequence == sequence) {
			item->entry = copy(making->arena, entry->entry);
			item->salted = copy(making->arena, entry->salted);
		}
	}
	gathering->index++;
	return gathering->index < head->size;
}

static bool
gather_archived(void *context, const struct event *event,
                const struct reader_entry *entry)
{
	(void)event;
	return gather(context, entry);
}

/* NONE: the segment is not in the journals here. */
static enum result
read_local(struct gathering *gathering, struct error *err)
{
	struct making *making = gathering->making;
	const struct head *head = &making->heads[gathering->head].head;
	const char *folder =
		arena_printf(making->arena, "%s/%s",
	                     making->request->settings->journal, head->writer);
	struct reader_place place = { .segment = head->segment,
		                      .sequence = head->first - 1 };
	struct reader_entry entry;
	struct reader *reader;
	enum result result = reader_open(folder, place, &reader, err);

	if (result != RESULT_OK)
		return RESULT_NONE;
	do
		result = reader_next(reader, &entry, err);
	while (result == RESULT_OK && gather(gathering, &entry));
	reader_close(&reader);
	return result == RESULT_BAD ? RESULT_BAD : RESULT_OK;
}

static enum result
read_archived(struct gathering *gathering, struct error *err)
{
	struct making *making = gathering->making;
	const struct head *head = &making->heads[gathering->head].head;
	struct archive *archive = making->request->archive;
	struct archive_list list = { NULL, 0, 0 };
	enum result result = RESULT_OK;

	if (archive != NULL)
		result = archive_list(making->arena, archive, &list, err);
	for (size_t i = 0; result == RESULT_OK && i < list.count; i++)
		if (strcmp(list.items[i].writer, head->writer) == 0 &&
		    list.items[i].number == head->segment)
			return archive_walk(archive, &list.items[i],
			                    gather_archived, gathering, err);
	if (result == RESULT_OK)
		error_set(err,
		          "segment %u of %s is neither in the journals of this "
		          "host nor in the archive",
		          (unsigned)head->segment, head->writer);
	return RESULT_BAD;
}

static enum result
read_head(struct making *making, size_t number, struct error *err)
{
	struct gathering gathering = { making, number, 0, { .size = 0 } };
	const struct head *head = &making->heads[number].head;
	uint8_t root[DIGEST_BYTES];
	enum result result = read_local(&gathering, err);

	if (result == RESULT_NONE)
		result = read_archived(&gathering, err);
	if (result != RESULT_OK)
		return RESULT_BAD;
	merkle_root(&gathering.tree, root);
	if (memcmp(root, head->root, DIGEST_BYTES) == 0)
		return RESULT_OK;
	error_set(err, "segment %u of %s is not what head %llu sealed",
	          (unsigned)head->segment, head->writer,
	          (unsigned long long)head->number);
	return RESULT_BAD;
}

/* --- the files -------------------------------------------------------- */

static void
add(struct making *making, struct span bytes, const char *name)
{
	fileset_add(making->arena, &making->set, name, bytes);
}

static const char *
numbered(struct making *making, const char *form, size_t index)
{
	const char *star = strchr(form, '*');

	return arena_printf(making->arena, "%.*s%03zu%s", (int)(star - form),
	                    form, index + 1, star + 1);
}

static void
add_entry(struct making *making, size_t index)
{
	struct disclosed *item = &making->items[index];
	struct bundle_place place = {
		.event = { .sequence = item->sequence,
		           .head = item->head + 1,
		           .index = item->audit.index },
		.size = item->audit.size,
		.path = *merkle_audit_path(&item->audit),
	};
	struct buf text;

	snprintf(place.event.writer, sizeof(place.event.writer), "%s",
	         item->writer);
	buf_init(&text, TEXT_BYTES);
	bundle_place_write(&place, &text);
	add(making, copy(making->arena, buf_as_span(&text)),
	    numbered(making, "chain/*.txt", index));
	buf_done(&text);
	add(making, item->entry, numbered(making, "events/*.json", index));
	if (!item->is_shown)
		return;
	add(making, span_take(item->salted, FRAME_SALT_BYTES),
	    numbered(making, "payload/*.salt", index));
	add(making, span_skip(item->salted, FRAME_SALT_BYTES),
	    numbered(making, "payload/*.json", index));
}

/* As the journal has them: the store leaves some of it out. */
static enum result
open_payloads(struct making *making, struct error *err)
{
	const struct bundle_request *request = making->request;

	making->payloads = arena_array(making->arena, making->count,
	                               sizeof(*making->payloads));
	for (size_t i = 0; i < making->count; i++) {
		struct disclosed *item = &making->items[i];
		struct bundle_payload *shown =
			&making->payloads[making->payload_count];
		struct span payload = span_skip(item->salted, FRAME_SALT_BYTES);

		item->is_shown = item->salted.len > 0 &&
		                 (request->names_others ||
		                  !names_another(request, payload));
		if (!item->is_shown)
			continue;
		shown->number = i + 1;
		if (event_read(making->arena, item->entry, payload,
		               &shown->event, err) != RESULT_OK)
			return RESULT_BAD;
		making->payload_count++;
	}
	return RESULT_OK;
}

static void
add_copies(struct making *making)
{
	struct fileset copies;

	bundle_copies(making->arena, making->payloads, making->payload_count,
	              &copies);
	for (size_t i = 0; i < copies.count; i++)
		add(making, copies.items[i].bytes, copies.items[i].name);
}

static bool
take_piece(void *context, struct span piece)
{
	struct buf *text = context;

	buf_span(text, piece);
	return !text->is_full;
}

/* What opens it is in the payload, so who sees that may see the message. */
static const char *
add_message(struct making *making)
{
	const struct event *submitted = NULL;
	struct content content;
	const char *left_out = "";
	struct error err = { "" };
	struct buf text;

	for (size_t i = 0; i < making->payload_count; i++)
		if (event_fact(&making->payloads[i].event, "content_key")[0] !=
		    '\0')
			submitted = &making->payloads[i].event;
	if (submitted == NULL ||
	    !content_read_text(event_fact(submitted, "content_key"),
	                       event_fact(submitted, "content_sha256"),
	                       event_fact(submitted, "content_size"), &content))
		return "";
	buf_init(&text, MESSAGE_BYTES);
	if (content_read(making->request->settings->content, submitted->message,
	                 &content, take_piece, &text, &err) == RESULT_OK)
		add(making, copy(making->arena, buf_as_span(&text)),
		    BUNDLE_AS_SENT);
	else
		left_out = arena_strdup(making->arena, err.text);
	explicit_bzero(&content, sizeof(content));
	buf_done(&text);
	return left_out;
}

static void
add_head(struct making *making, size_t index)
{
	const struct head_file *file = &making->heads[index];

	add(making, file->bytes, numbered(making, "chain/head-*.json", index));
	add(making, file->signature,
	    numbered(making, "chain/head-*.json" HEAD_SIGNATURE, index));
	if (file->stamp.len > 0)
		add(making, file->stamp,
		    numbered(making, "chain/head-*.json" HEAD_STAMP, index));
}

/* The last certificate of each file: the one that leads no further. */
static void
add_roots(struct making *making, struct span text, const char *name)
{
	static const char start[] = "-----BEGIN CERTIFICATE-----";

	if (text.len > 0 && span_find_text(text, start, 0) < text.len)
		add(making, text, name);
}

static void
add_crl(struct making *making, const char *name)
{
	const char *path =
		arena_printf(making->arena, "%s/%s",
	                     making->request->settings->seal.folder, name);
	struct span text;
	struct error ignored;

	if (file_read(making->arena, path, TRUST_LIMIT, &text, &ignored) ==
	    RESULT_OK)
		add(making, text,
		    arena_printf(making->arena, "trust/%s", name));
}

static void
add_trust(struct making *making)
{
	const struct settings *settings = making->request->settings;

	add_roots(making, seal_roots(making->arena, settings),
	          "trust/seal-roots.pem");
	add_roots(making, seal_trust(making->arena, settings, "authority"),
	          "trust/tsa-roots.pem");
	add_crl(making, "seal.crl.pem");
	add_crl(making, "tsa.crl.pem");
}

static void
add_sums(struct making *making)
{
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];
	struct buf text;

	buf_init(&text, TEXT_BYTES);
	for (size_t i = 0; i < making->set.count; i++) {
		const struct fileset_file *file = &making->set.items[i];

		digest_sha256(file->bytes.at, file->bytes.len, sum);
		digest_hex(sum, hex);
		buf_printf(&text, "%s  %s\n", hex, file->name);
	}
	add(making, copy(making->arena, buf_as_span(&text)), BUNDLE_SUMS);
	buf_done(&text);
}

static void
add_manifest(struct making *making)
{
	const struct settings *settings = making->request->settings;
	const struct fileset_file *sums =
		fileset_find(&making->set, BUNDLE_SUMS);
	struct manifest manifest = {
		.files = making->set.count - 1,
		.case_number = making->request->case_number,
		.class_name = "",
		.software = "avis " AVIS_VERSION,
		.is_stamp_qualified = settings->seal.is_qualified,
		.event_count = making->count,
	};
	uint8_t sum[DIGEST_BYTES];
	struct buf text;

	manifest.events = arena_array(making->arena, making->count,
	                              sizeof(*manifest.events));
	for (size_t i = 0; i < making->count; i++) {
		struct disclosed *item = &making->items[i];

		manifest.events[i].sequence = item->sequence;
		manifest.events[i].head = item->head + 1;
		manifest.events[i].index = item->audit.index;
		snprintf(manifest.events[i].writer, EVENT_WRITER_SIZE, "%s",
		         item->writer);
		if (item->event->kind == EVENT_SUBMITTED)
			manifest.class_name = item->event->class_name;
	}
	message_id_name(making->items[0].event->message, manifest.message);
	digest_sha256(sums->bytes.at, sums->bytes.len, sum);
	digest_hex(sum, manifest.sums);
	snprintf(manifest.id, sizeof(manifest.id), "%.*s", MANIFEST_ID_SIZE - 1,
	         manifest.sums);
	buf_init(&text, MANIFEST_LIMIT);
	manifest_write(&manifest, &text);
	add(making, copy(making->arena, buf_as_span(&text)), BUNDLE_MANIFEST);
	buf_done(&text);
}

enum result
bundle_make(struct arena *arena, const struct bundle_request *request,
            struct fileset *set_r, const char **left_out_r, struct error *err)
{
	struct making making = { .arena = arena, .request = request };
	enum result result;

	choose(&making);
	if (making.count == 0) {
		error_set(err, "there is nothing to put into a bundle");
		return RESULT_BAD;
	}
	result = find_heads(&making, err);
	for (size_t i = 0; result == RESULT_OK && i < making.head_count; i++)
		result = read_head(&making, i, err);
	if (result == RESULT_OK)
		result = open_payloads(&making, err);
	if (result != RESULT_OK)
		return result;
	for (size_t i = 0; i < making.count; i++)
		add_entry(&making, i);
	add_copies(&making);
	*left_out_r = add_message(&making);
	for (size_t i = 0; i < making.head_count; i++)
		add_head(&making, i);
	add_trust(&making);
	add(&making, bundle_readme(), "README.txt");
	add(&making, bundle_script(), "verify.sh");
	add_sums(&making);
	add_manifest(&making);
	*set_r = making.set;
	return RESULT_OK;
}
