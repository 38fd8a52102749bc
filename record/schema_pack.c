#include <stdio.h>
#include <string.h>

#include "record/schema.h"

/*
 * An event in few bytes: Redis keeps it in memory.
 *
 *     value    version of the store key, sealed(packed)
 *     packed   2, kind, grade, source, flags, numbers, texts, digests,
 *              facts, recipients; the key says which message
 *
 * A number is seven bits a byte, lowest first, the high bit set in all but
 * the last byte. A text is its length and its bytes.
 */
#define PACK_FORMAT 2
#define PACK_LIMIT  ((size_t)16 * 1024 * 1024)

enum pack_flag {
	PACK_DIGESTS = 1,
	PACK_RAW_DIGEST = 2
};

static void
put_number(struct buf *out, uint64_t number)
{
	while (number >= 0x80) {
		buf_byte(out, (char)(uint8_t)(number | 0x80));
		number >>= 7;
	}
	buf_byte(out, (char)(uint8_t)number);
}

static void
put_text(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	put_number(out, len);
	buf_add(out, text, len);
}

static uint64_t
unsigned_of(int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

/*
 * GDPR-11: no message bodies and headers in Redis, nor what opens them; the
 * journal has them. Nor lines of a log, whose facts stand there one by one.
 */
static bool
is_left_out(const char *name)
{
	return strcmp(name, "raw") == 0 || strcmp(name, "content_key") == 0 ||
	       strcmp(name, "line") == 0 || strncmp(name, "header_", 7) == 0;
}

/*
 * Names that take one byte, their place here plus one; any other is written
 * out behind a zero. Only ever added to, at the end: Redis holds numbers.
 */
static const char *const fact_names[] = {
	"sender",      "from",         "message_id",
	"client",      "auth",         "origin",
	"reason",      "envid",        "ret",
	"reply_to",    "receipt_to",   "subject",
	"diagnostic",  "remote_mta",   "reporting_mta",
	"original",    "final",        "arrival_date",
	"disposition", "reporting_ua", "will_retry_until",
	"sign",        "problem",      "refs",
	"to",          "address",      "text",
	"channel",     "context",      "left_out",
};
#define FACT_NAMES (sizeof(fact_names) / sizeof(fact_names[0]))

static void
put_fact(struct buf *out, const struct event_fact *fact)
{
	size_t i = 0;

	while (i < FACT_NAMES && strcmp(fact_names[i], fact->name) != 0)
		i++;
	put_number(out, i < FACT_NAMES ? i + 1 : 0);
	if (i == FACT_NAMES)
		put_text(out, fact->name);
	put_text(out, fact->value);
}

static void
put_payload(const struct event *event, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < event->fact_count; i++)
		count += is_left_out(event->facts[i].name) ? 0 : 1;
	put_number(out, count);
	for (size_t i = 0; i < event->fact_count; i++)
		if (!is_left_out(event->facts[i].name))
			put_fact(out, &event->facts[i]);
	put_number(out, event->recipient_count);
	for (size_t i = 0; i < event->recipient_count; i++) {
		put_text(out, event->recipients[i].address);
		put_text(out, event->recipients[i].orcpt);
		put_number(out, event->recipients[i].notify);
	}
}

static void
pack(const struct event *event, struct buf *out)
{
	unsigned flags = (event->has_digests ? PACK_DIGESTS : 0u) |
	                 (event->has_raw_digest ? PACK_RAW_DIGEST : 0u);

	buf_byte(out, PACK_FORMAT);
	buf_byte(out, (char)event->kind);
	buf_byte(out, (char)event->grade);
	buf_byte(out, (char)event->source);
	buf_byte(out, (char)flags);
	put_number(out, event->sequence);
	put_number(out, unsigned_of(event->time));
	put_number(out, unsigned_of(event->recorded - event->time));
	put_number(out, event->recipient);
	put_number(out, unsigned_of(event->size_bytes));
	put_number(out, unsigned_of(event->retention_ms));
	put_number(out, unsigned_of(event->way_out_ms));
	put_number(out, unsigned_of(event->due));
	put_text(out, event->writer);
	put_text(out, event->class_name);
	put_text(out, event->queue_id);
	put_text(out, event->status);
	put_text(out, event->detail);
	put_text(out, event->person);
	if (event->has_digests) {
		buf_add(out, event->body_digest, DIGEST_BYTES);
		buf_add(out, event->header_digest, DIGEST_BYTES);
	}
	if (event->has_raw_digest)
		buf_add(out, event->raw_digest, DIGEST_BYTES);
	put_payload(event, out);
}

void
schema_pack(const struct keyring *keys, const struct event *event,
            struct buf *out)
{
	unsigned version = keyring_newest(keys, KEY_STORE);
	struct buf plain;
	size_t start;

	buf_init(&plain, PACK_LIMIT);
	pack(event, &plain);
	buf_byte(out, (char)version);
	start = out->len;
	/* Only for the room: the sealed bytes overwrite it. */
	buf_span(out, buf_as_span(&plain));
	buf_add(out, (char[SEAL_EXTRA_BYTES]){ 0 }, SEAL_EXTRA_BYTES);
	if (!out->is_full)
		digest_seal(keyring_key(keys, KEY_STORE, version), plain.data,
		            plain.len, out->data + start);
	explicit_bzero(plain.data, plain.len);
	buf_done(&plain);
}

/* Reading: is_short once set, everything else reads as nothing. */
struct unpacker {
	struct arena *arena;
	struct span rest;
	bool is_short;
};

static uint8_t
get_byte(struct unpacker *in)
{
	if (in->rest.len == 0) {
		in->is_short = true;
		return 0;
	}

	uint8_t byte = (uint8_t)in->rest.at[0];

	in->rest = span_skip(in->rest, 1);
	return byte;
}

static uint64_t
get_number(struct unpacker *in)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = get_byte(in);

		number |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return number;
	}
	in->is_short = true;
	return 0;
}

static const char *
get_text(struct unpacker *in)
{
	size_t len = get_number(in);

	if (len > in->rest.len) {
		in->is_short = true;
		return "";
	}

	const char *text = arena_strndup(in->arena, in->rest.at, len);

	in->rest = span_skip(in->rest, len);
	return text;
}

static void
get_bytes(struct unpacker *in, uint8_t *bytes_r, size_t len)
{
	if (len > in->rest.len) {
		in->is_short = true;
		return;
	}
	memcpy(bytes_r, in->rest.at, len);
	in->rest = span_skip(in->rest, len);
}

static void
get_facts(struct unpacker *in, struct event *event)
{
	size_t count = get_number(in);

	for (size_t i = 0; i < count && !in->is_short; i++) {
		uint64_t name = get_number(in);
		const char *text = "";

		if (name == 0)
			text = get_text(in);
		else if (name <= FACT_NAMES)
			text = fact_names[name - 1];
		else
			in->is_short = true;
		event_fact_add(in->arena, event, text, get_text(in));
	}
}

static void
get_recipients(struct unpacker *in, struct event *event)
{
	size_t count = get_number(in);

	/* Three bytes each at least: a broken number asks no more memory. */
	if (count > in->rest.len / 3) {
		in->is_short = true;
		return;
	}
	event->recipients =
		arena_array(in->arena, count, sizeof(*event->recipients));
	event->recipient_count = count;
	for (size_t i = 0; i < count; i++) {
		event->recipients[i].address = get_text(in);
		event->recipients[i].orcpt = get_text(in);
		event->recipients[i].notify = (unsigned)get_number(in);
	}
}

static bool
get_choices(struct unpacker *in, struct event *event, unsigned *flags_r)
{
	unsigned format = get_byte(in), kind = get_byte(in);
	unsigned grade = get_byte(in), source = get_byte(in);

	*flags_r = get_byte(in);
	event->kind = (enum event_kind)kind;
	event->grade = (enum event_grade)grade;
	event->source = (enum event_source)source;
	return format == PACK_FORMAT && kind < EVENT_KINDS &&
	       grade <= GRADE_CLAIMED && source <= SOURCE_OPERATOR;
}

static bool
unpack(struct unpacker *in, struct event *event)
{
	unsigned flags;

	if (!get_choices(in, event, &flags))
		return false;
	event->sequence = get_number(in);
	event->time = (time_ms_t)get_number(in);
	event->recorded = event->time + (time_ms_t)get_number(in);
	event->recipient = (unsigned)get_number(in);
	event->size_bytes = (int64_t)get_number(in);
	event->retention_ms = (int64_t)get_number(in);
	event->way_out_ms = (int64_t)get_number(in);
	event->due = (time_ms_t)get_number(in);
	snprintf(event->writer, sizeof(event->writer), "%s", get_text(in));
	event->class_name = get_text(in);
	event->queue_id = get_text(in);
	event->status = get_text(in);
	event->detail = get_text(in);
	snprintf(event->person, sizeof(event->person), "%s", get_text(in));
	event->has_digests = (flags & PACK_DIGESTS) != 0;
	event->has_raw_digest = (flags & PACK_RAW_DIGEST) != 0;
	if (event->has_digests) {
		get_bytes(in, event->body_digest, DIGEST_BYTES);
		get_bytes(in, event->header_digest, DIGEST_BYTES);
	}
	if (event->has_raw_digest)
		get_bytes(in, event->raw_digest, DIGEST_BYTES);
	get_facts(in, event);
	get_recipients(in, event);
	return !in->is_short && in->rest.len == 0;
}

enum result
schema_unpack(struct arena *arena, const struct keyring *keys,
              struct message_id message, struct span value,
              struct event *event_r, struct error *err)
{
	struct unpacker in = { .arena = arena };
	struct event event = { .has_message = true, .message = message };
	unsigned version = value.len > 0 ? (uint8_t)value.at[0] : 0;
	const uint8_t *key = keyring_key(keys, KEY_STORE, version);
	struct span sealed = span_skip(value, 1);

	if (key == NULL) {
		error_set(err,
		          "store: sealed with key %u, which the file of "
		          "keys does not have",
		          version);
		return RESULT_BAD;
	}
	if (sealed.len < SEAL_EXTRA_BYTES) {
		error_set(err, "store: a value is too short");
		return RESULT_BAD;
	}

	char *plain = arena_alloc(arena, sealed.len);

	if (!digest_open(key, sealed.at, sealed.len, plain)) {
		error_set(err, "store: a value does not open with its key");
		return RESULT_BAD;
	}
	in.rest = span_make(plain, sealed.len - SEAL_EXTRA_BYTES);
	if (!unpack(&in, &event)) {
		error_set(err, "store: a value is not as this version packs");
		return RESULT_BAD;
	}
	*event_r = event;
	return RESULT_OK;
}
