#include "record/event.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/jread.h"
#include "base/jwrite.h"

#define VALUE_BYTES    ((size_t)64 * 1024) /* of one fact; the rest is cut */
#define WORD_BYTES     64
#define NUMBER_LIMIT   ((1LL << 53) - 1) /* JCS-2 */
#define LATEST_TIME    253402300799999LL /* the year 9999 ends */
#define DIGEST_LETTERS ENCODE_BASE64URL_SIZE(DIGEST_BYTES)

#define ETSI "http://uri.etsi.org/19522/Event/"

/* EN 319 522-3, table 2; "x-" where the standard has no such event. */
static const struct {
	const char *name;
	const char *uri;
} kinds[EVENT_KINDS] = {
	[EVENT_SUBMITTED] = { "submitted", ETSI "SubmissionAcceptance" },
	[EVENT_REFUSED] = { "refused", ETSI "SubmissionRejection" },
	[EVENT_RELAYED] = { "relayed", ETSI "RelayToNonERDS" },
	[EVENT_DELIVERED] = { "delivered", "x-dsn-delivered" },
	[EVENT_EXPANDED] = { "expanded", "x-dsn-expanded" },
	[EVENT_DELAYED] = { "delayed", "x-dsn-delayed" },
	[EVENT_FAILED] = { "failed", ETSI "RelayToNonERDSFailure" },
	[EVENT_DISPLAYED] = { "displayed", "x-mdn-displayed" },
	[EVENT_DISPOSED] = { "disposed", "x-mdn-disposed" },
	[EVENT_REPLIED] = { "replied", "x-reply" },
	[EVENT_AUTO_REPLIED] = { "auto-replied", "x-auto-reply" },
	[EVENT_UNSUBSCRIBED] = { "unsubscribed", "x-unsubscribe" },
	[EVENT_UNREADABLE] = { "unreadable", ETSI "ReceivedFromNonERDS" },
	[EVENT_PASSED_ON] = { "passed-on", "x-passed-on" },
	[EVENT_GAP] = { "gap", "x-gap" },
	[EVENT_STARTED] = { "started", "x-started" },
	[EVENT_HELD] = { "held", "x-held" },
	[EVENT_RELEASED] = { "released", "x-released" },
	[EVENT_CONFIRMED] = { "confirmed", "x-confirmed" },
	[EVENT_PREFERENCE] = { "preference", "x-preference" },
	[EVENT_CONSENT] = { "consent", "x-consent" },
	[EVENT_SUPPRESSED] = { "suppressed", "x-suppressed" },
	[EVENT_READMITTED] = { "readmitted", "x-readmitted" },
	[EVENT_ASKED] = { "asked", "x-asked" },
	[EVENT_EXPORTED] = { "exported", "x-exported" },
	[EVENT_ERASED] = { "erased", "x-erasure" },
	[EVENT_AMENDED] = { "amended", "x-amended" },
	[EVENT_RESTRICTED] = { "restricted", "x-restriction" },
	[EVENT_HOLD] = { "hold", "x-hold" },
	[EVENT_HOLD_LIFTED] = { "hold-lifted", "x-hold-lifted" },
	[EVENT_EXPIRED] = { "expired", "x-expired" },
	[EVENT_CLICKED] = { "clicked", "x-clicked" },
};

static const char *const grades[] = {
	[GRADE_OBSERVED] = "observed",
	[GRADE_AUTHENTICATED] = "authenticated",
	[GRADE_CLAIMED] = "claimed",
};

static const char *const sources[] = {
	[SOURCE_MILTER] = "milter",     [SOURCE_DSN] = "dsn",
	[SOURCE_MDN] = "mdn",           [SOURCE_BOUNCE] = "bounce",
	[SOURCE_MAIL] = "mail",         [SOURCE_JOURNAL] = "journal",
	[SOURCE_MAILLOG] = "maillog",   [SOURCE_PAGE] = "page",
	[SOURCE_OPERATOR] = "operator",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *
event_kind_name(enum event_kind kind)
{
	return kinds[kind].name;
}

const char *
event_kind_uri(enum event_kind kind)
{
	return kinds[kind].uri;
}

const char *
event_grade_name(enum event_grade grade)
{
	return grades[grade];
}

const char *
event_source_name(enum event_source source)
{
	return sources[source];
}

void
event_fact_add(struct arena *arena, struct event *event, const char *name,
               const char *value)
{
	struct event_fact *fact;

	if (value[0] == '\0')
		return;
	for (size_t i = 0; i < event->fact_count; i++)
		if (strcmp(event->facts[i].name, name) == 0) {
			event->facts[i].value = arena_strdup(arena, value);
			return;
		}
	fact = arena_push(arena, (void **)&event->facts, &event->fact_count,
	                  &event->fact_room, sizeof(*fact));
	fact->name = arena_strdup(arena, name);
	fact->value = arena_strdup(arena, value);
}

const char *
event_fact(const struct event *event, const char *name)
{
	for (size_t i = 0; i < event->fact_count; i++)
		if (strcmp(event->facts[i].name, name) == 0)
			return event->facts[i].value;
	return "";
}

/* A value no longer than its limit, not cut inside a UTF-8 sequence. */
static struct span
short_value(const char *value)
{
	struct span s = span_make(value, strnlen(value, VALUE_BYTES));

	if (s.len == VALUE_BYTES)
		while (s.len > 0 && ((unsigned char)s.at[s.len] & 0xc0) == 0x80)
			s.len--;
	return s;
}

/*
 * The fact whose name comes next in byte order: facts are few, so looking
 * through them again is cheaper than memory to sort them in.
 */
static const struct event_fact *
next_fact(const struct event *event, const char *last)
{
	const struct event_fact *best = NULL;

	for (size_t i = 0; i < event->fact_count; i++) {
		const struct event_fact *fact = &event->facts[i];

		if (last != NULL && strcmp(fact->name, last) <= 0)
			continue;
		if (best == NULL || strcmp(fact->name, best->name) < 0)
			best = fact;
	}
	return best;
}

void
event_write_payload(const struct event *event, struct buf *out)
{
	const struct event_fact *fact = NULL;
	struct jwrite json;

	jwrite_init(&json, out, true);
	jwrite_object(&json, NULL);
	jwrite_object(&json, "f");
	while ((fact = next_fact(event, fact ? fact->name : NULL)) != NULL)
		jwrite_span(&json, fact->name, short_value(fact->value));
	jwrite_end(&json);
	if (event->recipient_count > 0)
		jwrite_array(&json, "to");
	for (size_t i = 0; i < event->recipient_count; i++) {
		const struct event_recipient *to = &event->recipients[i];

		jwrite_object(&json, NULL);
		jwrite_span(&json, "a", short_value(to->address));
		if (to->notify != 0)
			jwrite_int(&json, "n", to->notify);
		if (to->orcpt[0] != '\0')
			jwrite_span(&json, "o", short_value(to->orcpt));
		jwrite_end(&json);
	}
	if (event->recipient_count > 0)
		jwrite_end(&json);
	jwrite_end(&json);
}

/*
 * CHAIN-6a: what the entry says in words comes from closed alphabets; any
 * other byte, an @ above all, becomes '_'.
 */
static void
write_word(struct jwrite *json, const char *name, const char *word)
{
	char clean[WORD_BYTES + 1];
	size_t len = 0;

	for (; word[len] != '\0' && len < WORD_BYTES; len++) {
		char c = word[len];

		clean[len] =
			ascii_is_alnum(c) || c == '.' || c == '-' ? c : '_';
	}
	if (len > 0)
		jwrite_span(json, name, span_make(clean, len));
}

static void
write_time(struct jwrite *json, const char *name, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	if (when < 0)
		when = 0;
	clock_format(when < LATEST_TIME ? when : LATEST_TIME, text);
	jwrite_text(json, name, text);
}

static void
write_digest(struct jwrite *json, const char *name,
             const uint8_t sum[DIGEST_BYTES])
{
	char text[DIGEST_LETTERS];

	encode_base64url(sum, DIGEST_BYTES, text);
	jwrite_text(json, name, text);
}

static void
write_number(struct jwrite *json, const char *name, int64_t number)
{
	if (number > 0)
		jwrite_int(json, name,
		           number < NUMBER_LIMIT ? number : NUMBER_LIMIT);
}

void
event_write_entry(const struct event *event, const uint8_t prev[DIGEST_BYTES],
                  const uint8_t commitment[DIGEST_BYTES], struct buf *out)
{
	char name[MESSAGE_NAME_SIZE], sequence[24];
	struct jwrite json;

	jwrite_init(&json, out, true);
	jwrite_object(&json, NULL);
	if (event->has_digests)
		write_digest(&json, "b", event->body_digest);
	write_digest(&json, "c", commitment);
	write_word(&json, "class", event->class_name);
	write_word(&json, "detail", event->detail);
	if (event->due > 0)
		write_time(&json, "due", event->due);
	jwrite_text(&json, "g", grades[event->grade]);
	if (event->has_digests)
		write_digest(&json, "h", event->header_digest);
	jwrite_text(&json, "k", kinds[event->kind].name);
	if (event->has_message) {
		message_id_name(event->message, name);
		jwrite_text(&json, "m", name);
	}
	write_number(&json, "out", event->way_out_ms);
	write_word(&json, "p", event->person);
	write_digest(&json, "prev", prev);
	write_word(&json, "q", event->queue_id);
	if (event->has_raw_digest)
		write_digest(&json, "raw", event->raw_digest);
	write_number(&json, "rcpt", event->recipient);
	write_time(&json, "rec", event->recorded);
	write_number(&json, "ret", event->retention_ms);
	snprintf(sequence, sizeof(sequence), "%llu",
	         (unsigned long long)event->sequence);
	jwrite_text(&json, "seq", sequence);
	write_number(&json, "size", event->size_bytes);
	jwrite_text(&json, "src", sources[event->source]);
	write_word(&json, "st", event->status);
	write_time(&json, "t", event->time);
	write_word(&json, "w", event->writer);
	jwrite_end(&json);
}

static bool
read_choice(const struct jread_value *top, const char *member,
            const char *const *names, size_t count, int *choice_r)
{
	const char *name = jread_get_text(top, member);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0) {
			*choice_r = (int)i;
			return true;
		}
	return false;
}

static bool
read_kind(const struct jread_value *top, enum event_kind *kind_r)
{
	const char *name = jread_get_text(top, "k");

	for (int i = 0; i < EVENT_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*kind_r = (enum event_kind)i;
			return true;
		}
	return false;
}

static bool
read_number(struct span digits, uint64_t *number_r)
{
	uint64_t number = 0;

	if (digits.len == 0 || digits.len > 19)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.at[i]))
			return false;
		number = number * 10 + (uint64_t)(digits.at[i] - '0');
	}
	*number_r = number;
	return true;
}

/* False when it is there but no digest. */
static bool
read_digest(const struct jread_value *top, const char *name, bool *has_r,
            uint8_t sum_r[DIGEST_BYTES])
{
	const char *text = jread_get_text(top, name);

	*has_r = text[0] != '\0';
	return !*has_r || decode_base64url(span_of(text), sum_r, DIGEST_BYTES);
}

static bool
read_digests(const struct jread_value *top, struct event *event)
{
	bool has_header;

	return read_digest(top, "b", &event->has_digests, event->body_digest) &&
	       read_digest(top, "h", &has_header, event->header_digest) &&
	       has_header == event->has_digests &&
	       read_digest(top, "raw", &event->has_raw_digest,
	                   event->raw_digest);
}

static bool
read_message(const struct jread_value *top, struct event *event)
{
	const char *name = jread_get_text(top, "m");

	event->has_message = name[0] != '\0';
	return !event->has_message ||
	       message_id_parse(span_of(name), &event->message);
}

static bool
read_due(const struct jread_value *top, struct event *event)
{
	const char *due = jread_get_text(top, "due");

	return due[0] == '\0' || clock_parse(due, &event->due);
}

/* The name of the first member that is not as we write it; NULL: none. */
static const char *
read_members(struct arena *arena, const struct jread_value *top,
             struct event *event)
{
	int grade = 0, source = 0;

	if (!read_kind(top, &event->kind))
		return "k";
	if (!read_choice(top, "g", grades, COUNT(grades), &grade))
		return "g";
	if (!read_choice(top, "src", sources, COUNT(sources), &source))
		return "src";
	if (!read_number(span_of(jread_get_text(top, "seq")), &event->sequence))
		return "seq";
	if (!clock_parse(jread_get_text(top, "t"), &event->time))
		return "t";
	if (!clock_parse(jread_get_text(top, "rec"), &event->recorded))
		return "rec";
	if (!read_due(top, event))
		return "due";
	if (!read_message(top, event))
		return "m";
	if (!read_digests(top, event))
		return "b, h or raw";
	event->grade = (enum event_grade)grade;
	event->source = (enum event_source)source;
	event->recipient = (unsigned)jread_get_int(top, "rcpt");
	event->size_bytes = jread_get_int(top, "size");
	event->retention_ms = jread_get_int(top, "ret");
	event->way_out_ms = jread_get_int(top, "out");
	event->class_name = jread_copy_text(arena, top, "class");
	event->queue_id = jread_copy_text(arena, top, "q");
	event->status = jread_copy_text(arena, top, "st");
	event->detail = jread_copy_text(arena, top, "detail");
	snprintf(event->writer, sizeof(event->writer), "%s",
	         jread_get_text(top, "w"));
	snprintf(event->person, sizeof(event->person), "%s",
	         jread_get_text(top, "p"));
	return NULL;
}

static void
read_recipients(struct arena *arena, const struct jread_value *list,
                struct event *event)
{
	event->recipient_count = jread_count(list);
	event->recipients = arena_array(arena, event->recipient_count,
	                                sizeof(*event->recipients));
	for (size_t i = 0; i < event->recipient_count; i++) {
		const struct jread_value *item = jread_at(list, i);
		struct event_recipient *to = &event->recipients[i];

		to->address = jread_copy_text(arena, item, "a");
		to->orcpt = jread_copy_text(arena, item, "o");
		to->notify = (unsigned)jread_get_int(item, "n");
	}
}

enum result
event_read_payload(struct arena *arena, struct span payload,
                   struct event *event, struct error *err)
{
	const struct jread_value *facts, *value;
	struct jread_doc *doc;
	const char *name;
	void *place = NULL;

	if (jread_parse(payload, &doc, err) != RESULT_OK) {
		error_prefix(err, "payload");
		return RESULT_BAD;
	}
	facts = jread_get(jread_top(doc), "f");
	while (jread_next(facts, &place, &name, &value))
		event_fact_add(arena, event, name, jread_as_text(value));
	read_recipients(arena, jread_get(jread_top(doc), "to"), event);
	jread_free(&doc);
	return RESULT_OK;
}

enum result
event_read(struct arena *arena, struct span entry, struct span payload,
           struct event *event_r, struct error *err)
{
	struct event event = { .kind = EVENT_SUBMITTED };
	struct jread_doc *doc;
	const char *wrong;

	if (jread_parse(entry, &doc, err) != RESULT_OK) {
		error_prefix(err, "entry");
		return RESULT_BAD;
	}
	wrong = read_members(arena, jread_top(doc), &event);
	jread_free(&doc);
	if (wrong != NULL) {
		error_set(err, "entry: member %s is not as we write it", wrong);
		return RESULT_BAD;
	}
	if (payload.len > 0 &&
	    event_read_payload(arena, payload, &event, err) != RESULT_OK)
		return RESULT_BAD;
	*event_r = event;
	return RESULT_OK;
}

/*
 * The text of one member, by its lead `,"seq":"`. Entries hold no escapes
 * (closed alphabets), so a quote ends it.
 */
static struct span
member_text(struct span entry, const char *lead, size_t len)
{
	size_t at = 0;

	for (;;) {
		at = span_find(entry, '"', at);
		if (at + len > entry.len)
			return SPAN("");
		if (memcmp(entry.at + at, lead, len) == 0)
			break;
		at++;
	}
	entry = span_skip(entry, at + len);
	return span_take(entry, span_find(entry, '"', 0));
}

bool
event_read_links(struct span entry, struct event_links *links_r)
{
	struct span c = member_text(entry, "\"c\":\"", 5);
	struct span prev = member_text(entry, "\"prev\":\"", 8);
	struct span sequence = member_text(entry, "\"seq\":\"", 7);

	return decode_base64url(c, links_r->commitment, DIGEST_BYTES) &&
	       decode_base64url(prev, links_r->prev, DIGEST_BYTES) &&
	       read_number(sequence, &links_r->sequence);
}

unsigned
event_recipient_number(const struct event *submitted, const char *address)
{
	for (size_t i = 0; i < submitted->recipient_count; i++)
		if (text_is(submitted->recipients[i].address, address))
			return (unsigned)i + 1;
	return 0;
}
