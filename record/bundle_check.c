#include "record/bundle_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "record/bundle_copies.h"
#include "record/bundle_form.h"
#include "record/cms.h"
#include "record/head.h"

#define TRUST_SEAL_ROOTS "trust/seal-roots.pem"
#define TRUST_TSA_ROOTS  "trust/tsa-roots.pem"
#define TRUST_SEAL_CRL   "trust/seal.crl.pem"
#define TRUST_TSA_CRL    "trust/tsa.crl.pem"

#define SUM_LINE (DIGEST_HEX_SIZE + 1) /* digits and two spaces */

struct checking {
	struct arena *arena;
	const struct fileset *set;
	struct check_trust trust;
	struct bundle_check *check;
	struct manifest manifest;
	bool has_manifest;
	struct bundle_payload *payloads;
	size_t payload_count;
	size_t payload_room;
};

static void __attribute__((format(printf, 4, 0)))
add_line(struct checking *checking, enum check_kind kind, const char *step,
         const char *format, va_list args)
{
	struct bundle_check *check = checking->check;
	struct check_line *line =
		arena_push(checking->arena, (void **)&check->items,
	                   &check->count, &check->room, sizeof(*line));
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	line->kind = kind;
	line->step = step;
	line->text = arena_strdup(checking->arena, text);
	check->failures += kind == CHECK_FAILED;
}

#define SAY(name, kind)                                                        \
	FORMAT_LIKE(3, 4)                                                      \
	static void name(struct checking *checking, const char *step,          \
	                 const char *format, ...)                              \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		add_line(checking, kind, step, format, args);                  \
		va_end(args);                                                  \
	}

SAY(good, CHECK_GOOD)
SAY(failed, CHECK_FAILED)
SAY(noted, CHECK_NOTE)

/* Empty when there is none. */
static struct span
bytes_of(const struct checking *checking, const char *name)
{
	const struct fileset_file *file = fileset_find(checking->set, name);

	return file != NULL ? file->bytes : SPAN("");
}

static bool
has_file(const struct checking *checking, const char *name)
{
	return fileset_find(checking->set, name) != NULL;
}

/* --- files and sums --------------------------------------------------- */

/* "SUM  NAME"; false: not such a line. */
static bool
read_sum(struct span line, uint8_t sum_r[DIGEST_BYTES], struct span *name_r)
{
	char hex[DIGEST_HEX_SIZE];

	if (line.len <= SUM_LINE || line.at[SUM_LINE - 2] != ' ' ||
	    line.at[SUM_LINE - 1] != ' ' ||
	    !decode_hex(span_take(line, DIGEST_HEX_SIZE - 1), sum_r,
	                DIGEST_BYTES))
		return false;
	digest_hex(sum_r, hex);
	*name_r = span_skip(line, SUM_LINE);
	return memcmp(hex, line.at, DIGEST_HEX_SIZE - 1) == 0;
}

static bool
check_sum(struct checking *checking, const char *name,
          const uint8_t sum[DIGEST_BYTES])
{
	const struct fileset_file *file = fileset_find(checking->set, name);
	uint8_t is[DIGEST_BYTES];

	if (file == NULL) {
		failed(checking, "files", "%s is missing", name);
		return false;
	}
	digest_sha256(file->bytes.at, file->bytes.len, is);
	if (memcmp(is, sum, DIGEST_BYTES) == 0)
		return true;
	failed(checking, "sums", "%s is not as it was", name);
	return false;
}

/* The names in SHA256SUMS are sorted: one walk over both. */
static void
check_sums(struct checking *checking)
{
	struct span rest = bytes_of(checking, BUNDLE_SUMS), line, name;
	const struct fileset *set = checking->set;
	size_t at = 0, before = checking->check->failures;
	const char *last = "";

	while (span_line(&rest, &line)) {
		uint8_t sum[DIGEST_BYTES];
		const char *text;

		if (!read_sum(line, sum, &name)) {
			failed(checking, "sums",
			       BUNDLE_SUMS " is not as it was");
			return;
		}
		text = arena_strndup(checking->arena, name.at, name.len);
		if (strcmp(text, last) <= 0)
			failed(checking, "sums",
			       BUNDLE_SUMS " is not in order");
		last = text;
		check_sum(checking, text, sum);
		for (;
		     at < set->count && strcmp(set->items[at].name, text) <= 0;
		     at++)
			if (strcmp(set->items[at].name, text) != 0 &&
			    bundle_is_summed(set->items[at].name))
				failed(checking, "files",
				       "%s is in no list: it was put in",
				       set->items[at].name);
	}
	for (; at < set->count; at++)
		if (bundle_is_summed(set->items[at].name))
			failed(checking, "files",
			       "%s is in no list: it was put in",
			       set->items[at].name);
	if (checking->check->failures == before)
		good(checking, "sums",
		     "%zu files, none missing, none more, each with its sum",
		     set->count);
}

/* Byte for byte: a sum in capitals is no sum of ours. */
static void
check_sealed(struct checking *checking)
{
	static const char *const names[] = { BUNDLE_SUMS, BUNDLE_MANIFEST,
		                             BUNDLE_SIGNATURE, BUNDLE_STAMP };
	struct span sealed = bytes_of(checking, BUNDLE_SEALED);
	size_t before = checking->check->failures;
	const char *want = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span bytes = bytes_of(checking, names[i]);
		char hex[DIGEST_HEX_SIZE];
		uint8_t sum[DIGEST_BYTES];
		const char *line;

		if (!has_file(checking, names[i])) {
			if (strcmp(names[i], BUNDLE_STAMP) != 0)
				failed(checking, "files", "%s is missing",
				       names[i]);
			continue;
		}
		digest_sha256(bytes.at, bytes.len, sum);
		digest_hex(sum, hex);
		line = arena_printf(checking->arena, "%s  %s\n", hex, names[i]);
		want = arena_printf(checking->arena, "%s%s", want, line);
		if (span_find_text(sealed, line, 0) == sealed.len)
			failed(checking, "sums", "%s is not as it was",
			       names[i]);
	}
	if (!span_equal(span_of(want), sealed))
		failed(checking, "sums", BUNDLE_SEALED " does not fit");
	if (checking->check->failures == before)
		good(checking, "sums", "the files that are made last");
}

static void
check_manifest(struct checking *checking)
{
	struct span bytes = bytes_of(checking, BUNDLE_MANIFEST);
	struct span sums = bytes_of(checking, BUNDLE_SUMS);
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];
	size_t lines = 0;
	struct error err;

	if (manifest_read(checking->arena, bytes, &checking->manifest, &err) !=
	    RESULT_OK) {
		failed(checking, "manifest", BUNDLE_MANIFEST ": %s", err.text);
		return;
	}
	checking->has_manifest = true;
	checking->check->is_stamp_qualified =
		checking->manifest.is_stamp_qualified;
	digest_sha256(sums.at, sums.len, sum);
	digest_hex(sum, hex);
	for (size_t i = 0; i < sums.len; i++)
		lines += sums.at[i] == '\n';
	if (strcmp(hex, checking->manifest.sums) != 0 ||
	    lines != checking->manifest.files)
		failed(checking, "manifest",
		       BUNDLE_MANIFEST " does not name this " BUNDLE_SUMS);
	else
		good(checking, "manifest",
		     "names " BUNDLE_SUMS ", and so every file");
}

/* --- signatures and stamps -------------------------------------------- */

/* The time of the stamp; 0: there is none that is good. */
static time_ms_t
check_stamp(struct checking *checking, const char *step, const char *name)
{
	const char *stamp_name =
		arena_printf(checking->arena, "%s" HEAD_STAMP, name);
	const char *signature =
		arena_printf(checking->arena, "%s" HEAD_SIGNATURE, name);
	struct cms_trust trust = { .anchors = checking->trust.tsa_ca,
		                   .crls = checking->trust.tsa_crl,
		                   .at = checking->trust.at };
	struct cms_stamp stamp = { .time = 0 };
	char text[CLOCK_TEXT_SIZE];
	struct error why;

	if (!has_file(checking, stamp_name)) {
		noted(checking, step, "%s is not time-stamped", name);
		return 0;
	}
	enum cms_verdict verdict = cms_check_stamp(
		checking->arena, bytes_of(checking, stamp_name),
		bytes_of(checking, signature), NULL, "", &trust, &stamp, &why);
	if (verdict != CMS_GOOD) {
		failed(checking, step, "%s: %s", stamp_name,
		       cms_verdict_words(verdict));
		return 0;
	}
	clock_format(stamp.time, text);
	good(checking, step, "%s: the signature was there at %s, says %s",
	     stamp_name, text, stamp.authority);
	checking->check->authority = stamp.authority;
	return stamp.time;
}

static void
check_signature(struct checking *checking, const char *step, const char *name,
                time_ms_t stamped)
{
	const char *signature =
		arena_printf(checking->arena, "%s" HEAD_SIGNATURE, name);
	struct cms_trust trust = { .anchors = checking->trust.seal_ca,
		                   .crls = checking->trust.seal_crl,
		                   .at = checking->trust.at };
	const char *signer = "", *later = "";
	struct error why;
	enum cms_verdict verdict =
		cms_verify(checking->arena, bytes_of(checking, signature),
	                   bytes_of(checking, name), &trust, &signer, &why);

	/* CMS-4: what counts is when the stamp saw it. */
	if (verdict == CMS_EXPIRED && trust.at == 0 && stamped != 0) {
		trust.at = stamped;
		later = "; its certificate expired after the stamp";
		verdict = cms_verify(
			checking->arena, bytes_of(checking, signature),
			bytes_of(checking, name), &trust, &signer, &why);
	}
	if (verdict != CMS_GOOD) {
		failed(checking, step, "%s: %s", signature,
		       cms_verdict_words(verdict));
		return;
	}
	good(checking, step, "%s: signed by %s%s", signature, signer, later);
	checking->check->signer = signer;
}

/* --- heads ------------------------------------------------------------ */

static void
note_stamp(struct bundle_check *check, time_ms_t when)
{
	if (when == 0)
		return;
	check->stamps++;
	if (check->first_stamp == 0 || when < check->first_stamp)
		check->first_stamp = when;
	if (when > check->last_stamp)
		check->last_stamp = when;
}

static const char *
head_path(struct checking *checking, uint64_t number)
{
	return arena_printf(checking->arena, "chain/head-%03llu.json",
	                    (unsigned long long)number);
}

/* False: there is none, or it is no head. */
static bool
read_head(struct checking *checking, uint64_t number, struct head *head_r)
{
	struct error ignored;

	return head_read(bytes_of(checking, head_path(checking, number)),
	                 head_r, &ignored) == RESULT_OK;
}

struct known_head {
	struct head head;
	uint8_t sum[DIGEST_BYTES];
};

static int
compare_heads(const void *a, const void *b)
{
	const struct head *x = &((const struct known_head *)a)->head;
	const struct head *y = &((const struct known_head *)b)->head;
	int order = strcmp(x->writer, y->writer);

	if (order != 0)
		return order;
	return (x->number > y->number) - (x->number < y->number);
}

static void
check_follows(struct checking *checking, struct known_head *heads, size_t count)
{
	if (count == 0)
		return;
	qsort(heads, count, sizeof(*heads), compare_heads);
	for (size_t i = 1; i < count; i++) {
		const struct known_head *one = &heads[i - 1], *next = &heads[i];

		if (compare_heads(one, next) == 0)
			failed(checking, "head",
			       "head %llu of %s is there "
			       "twice",
			       (unsigned long long)one->head.number,
			       one->head.writer);
		if (strcmp(one->head.writer, next->head.writer) != 0 ||
		    one->head.number + 1 != next->head.number ||
		    memcmp(one->sum, next->head.prev, DIGEST_BYTES) == 0)
			continue;
		failed(checking, "head",
		       "head %llu of %s does not follow head "
		       "%llu",
		       (unsigned long long)next->head.number, next->head.writer,
		       (unsigned long long)one->head.number);
	}
}

static void
check_heads(struct checking *checking)
{
	struct known_head *known = NULL;
	size_t number = 0, count = 0, room = 0;

	while (has_file(checking, head_path(checking, number + 1))) {
		const char *name = head_path(checking, ++number);
		time_ms_t when = check_stamp(checking, "head", name);
		struct span bytes = bytes_of(checking, name);
		struct known_head one;

		check_signature(checking, "head", name, when);
		note_stamp(checking->check, when);
		if (!read_head(checking, number, &one.head)) {
			failed(checking, "head", "%s is no tree head", name);
			continue;
		}
		digest_sha256(bytes.at, bytes.len, one.sum);
		*(struct known_head *)arena_push(checking->arena,
		                                 (void **)&known, &count, &room,
		                                 sizeof(one)) = one;
	}
	checking->check->heads = number;
	check_follows(checking, known, count);
}

/* --- entries ---------------------------------------------------------- */

struct looking {
	struct checking *checking;
	size_t number; /* 1: 001 */
	struct span entry;
	struct bundle_place place;
	struct event_links links;
	uint8_t sum[DIGEST_BYTES]; /* of the entry */
	const char *name;          /* "events/001.json" */
};

static const char *
path_for(const struct looking *looking, const char *folder, const char *ending)
{
	return arena_printf(looking->checking->arena, "%s/%03zu.%s", folder,
	                    looking->number, ending);
}

static void
check_tree(const struct looking *looking, const struct head *head)
{
	const struct bundle_place *place = &looking->place;
	uint8_t leaf[DIGEST_BYTES], root[DIGEST_BYTES];

	if (strcmp(place->event.writer, head->writer) != 0 ||
	    place->size != head->size ||
	    place->event.sequence != head->first + place->event.index) {
		failed(looking->checking, "place", "%s and its head do not fit",
		       path_for(looking, "chain", "txt"));
		return;
	}
	merkle_leaf(looking->entry, leaf);
	if (!merkle_climb(leaf, place->event.index, place->size, &place->path,
	                  root) ||
	    memcmp(root, head->root, DIGEST_BYTES) != 0)
		failed(looking->checking, "tree",
		       "%s is not what head %03llu sealed in its place",
		       looking->name, (unsigned long long)place->event.head);
}

/* For the copies; one that cannot be read has none. */
static void
keep_payload(const struct looking *looking, struct span payload)
{
	struct checking *checking = looking->checking;
	struct bundle_payload item = { .number = looking->number };
	struct error ignored;

	if (event_read(checking->arena, looking->entry, payload, &item.event,
	               &ignored) == RESULT_OK)
		*(struct bundle_payload *)arena_push(
			checking->arena, (void **)&checking->payloads,
			&checking->payload_count, &checking->payload_room,
			sizeof(item)) = item;
}

static void
check_payload(const struct looking *looking)
{
	struct checking *checking = looking->checking;
	const char *name = path_for(looking, "payload", "json");
	struct span salt =
		bytes_of(checking, path_for(looking, "payload", "salt"));
	struct span payload = bytes_of(checking, name);
	struct digest *digest;
	uint8_t sum[DIGEST_BYTES];

	if (!has_file(checking, name)) {
		noted(checking, "payload",
		      "%s: its payload was erased, or is withheld",
		      looking->name);
		return;
	}
	digest = digest_new();
	digest_add(digest, salt.at, salt.len);
	digest_add(digest, payload.at, payload.len);
	digest_take(digest, sum);
	digest_free(&digest);
	checking->check->payloads++;
	if (memcmp(sum, looking->links.commitment, DIGEST_BYTES) != 0)
		failed(checking, "payload", "%s is not what %s commits to",
		       name, looking->name);
	keep_payload(looking, payload);
}

/* The manifest names the same entries in the same order, of one message. */
static void
check_order(const struct looking *looking)
{
	const struct manifest *manifest = &looking->checking->manifest;
	const struct manifest_event *mine = &looking->place.event, *named;
	const char *member = arena_printf(looking->checking->arena,
	                                  "\"m\":\"%s\"", manifest->message);

	if (span_find_text(looking->entry, member, 0) == looking->entry.len)
		failed(looking->checking, "order",
		       "%s is about another message than the manifest",
		       looking->name);
	if (looking->number > manifest->event_count) {
		failed(looking->checking, "order",
		       "%s is not named in the manifest", looking->name);
		return;
	}
	named = &manifest->events[looking->number - 1];
	if (named->sequence != mine->sequence || named->head != mine->head ||
	    named->index != mine->index ||
	    strcmp(named->writer, mine->writer) != 0)
		failed(looking->checking, "order",
		       "%s is not the entry that the manifest has there",
		       looking->name);
}

static bool
is_of_writer(struct span entry, const char *writer)
{
	char ending[EVENT_WRITER_SIZE + 16];

	snprintf(ending, sizeof(ending), "\"w\":\"%s\"}", writer);
	return span_ends(entry, ending);
}

/* False: too broken to go on with. */
static bool
read_entry(struct looking *looking)
{
	struct checking *checking = looking->checking;
	const char *place = path_for(looking, "chain", "txt");
	struct error err;

	if (bundle_place_read(bytes_of(checking, place), &looking->place,
	                      &err) != RESULT_OK) {
		failed(checking, "place", "%s cannot be read", place);
		return false;
	}
	if (!event_read_links(looking->entry, &looking->links) ||
	    looking->links.sequence != looking->place.event.sequence ||
	    !is_of_writer(looking->entry, looking->place.event.writer)) {
		failed(checking, "place", "%s is not entry %llu of %s",
		       looking->name,
		       (unsigned long long)looking->place.event.sequence,
		       looking->place.event.writer);
		return false;
	}
	return true;
}

static void
check_entry(struct looking *looking, const struct looking *before)
{
	struct checking *checking = looking->checking;
	size_t failures = checking->check->failures;
	struct head head;

	if (!read_entry(looking))
		return;
	/* One of those that check_heads saw: no other one is signed. */
	if (looking->place.event.head > 0 &&
	    looking->place.event.head <= checking->check->heads &&
	    read_head(checking, looking->place.event.head, &head))
		check_tree(looking, &head);
	else
		failed(checking, "place", "%s: its head is not there",
		       looking->name);
	check_payload(looking);
	if (checking->has_manifest)
		check_order(looking);
	digest_sha256(looking->entry.at, looking->entry.len, looking->sum);
	if (before->number > 0 &&
	    strcmp(before->place.event.writer, looking->place.event.writer) ==
	            0 &&
	    before->place.event.sequence + 1 == looking->place.event.sequence &&
	    memcmp(before->sum, looking->links.prev, DIGEST_BYTES) != 0)
		failed(checking, "prev", "%s does not follow the one before",
		       looking->name);
	if (checking->check->failures == failures)
		good(checking, "entry", "%s: entry %llu of %s", looking->name,
		     (unsigned long long)looking->place.event.sequence,
		     looking->place.event.writer);
}

static void
check_entries(struct checking *checking)
{
	struct looking before = { .number = 0 };
	size_t number = 0;

	for (;;) {
		struct looking looking = { .checking = checking,
			                   .number = number + 1 };

		looking.name = path_for(&looking, "events", "json");
		if (!has_file(checking, looking.name))
			break;
		number++;
		looking.entry = bytes_of(checking, looking.name);
		check_entry(&looking, &before);
		before = looking;
	}
	checking->check->entries = number;
	if (checking->has_manifest && number < checking->manifest.event_count)
		failed(checking, "order",
		       "the manifest names %zu entries, %zu are here",
		       checking->manifest.event_count, number);
	if (number == 0)
		failed(checking, "order", "there is no entry");
}

/* --- copies ----------------------------------------------------------- */

/* The message is the one whose sum the submission's payload has. */
static bool
is_as_sent(const struct checking *checking, struct span bytes)
{
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];

	digest_sha256(bytes.at, bytes.len, sum);
	digest_hex(sum, hex);
	for (size_t i = 0; i < checking->payload_count; i++)
		if (strcmp(event_fact(&checking->payloads[i].event,
		                      "content_sha256"),
		           hex) == 0)
			return true;
	return false;
}

static bool
is_copied(const struct checking *checking, const struct fileset *copies,
          const struct fileset_file *file)
{
	const struct fileset_file *copy = fileset_find(copies, file->name);

	if (strcmp(file->name, BUNDLE_AS_SENT) == 0)
		return is_as_sent(checking, file->bytes);
	return copy != NULL && span_equal(copy->bytes, file->bytes);
}

/* What people read first is what the payloads say, and all of it. */
static void
check_copies(struct checking *checking)
{
	size_t before = checking->check->failures, count = 0;
	struct fileset copies;

	bundle_copies(checking->arena, checking->payloads,
	              checking->payload_count, &copies);
	for (size_t i = 0; i < checking->set->count; i++) {
		const struct fileset_file *file = &checking->set->items[i];

		if (!bundle_is_copy(file->name) &&
		    strcmp(file->name, BUNDLE_AS_SENT) != 0)
			continue;
		count++;
		if (!is_copied(checking, &copies, file))
			failed(checking, "copies",
			       "%s is not what the payloads say", file->name);
	}
	for (size_t i = 0; i < copies.count; i++)
		if (!has_file(checking, copies.items[i].name))
			failed(checking, "copies", "%s is missing",
			       copies.items[i].name);
	if (count > 0 && checking->check->failures == before)
		good(checking, "copies", "%zu files are what the payloads say",
		     count);
}

/* --- what no step has looked at ---------------------------------------- */

/* A name with a number in it, and what it cannot be there without. */
static const struct {
	const char *front, *ending;
	const char *with_front, *with_ending;
} numbered[] = {
	{ "events/", ".json", NULL, NULL },
	{ "chain/", ".txt", "events/", ".json" },
	{ "payload/", ".json", "events/", ".json" },
	{ "payload/", ".salt", "payload/", ".json" },
	{ "chain/head-", ".json", NULL, NULL },
	{ "chain/head-", ".json" HEAD_SIGNATURE, "chain/head-", ".json" },
	{ "chain/head-", ".json" HEAD_STAMP, "chain/head-", ".json" },
};

static bool
is_numbered(const struct checking *checking, const char *name, size_t row)
{
	const char *front = numbered[row].front, *ending = numbered[row].ending;
	bool is_head = span_ends(span_of(front), "head-");
	size_t most =
		is_head ? checking->check->heads : checking->check->entries;
	unsigned long long number;

	if (!span_starts(span_of(name), front))
		return false;
	number = strtoull(name + strlen(front), NULL, 10);
	if (number < 1 || number > most ||
	    strcmp(name, arena_printf(checking->arena, "%s%03llu%s", front,
	                              number, ending)) != 0)
		return false;
	return numbered[row].with_front == NULL ||
	       has_file(checking, arena_printf(checking->arena, "%s%03llu%s",
	                                       numbered[row].with_front, number,
	                                       numbered[row].with_ending));
}

static bool
is_known(const struct checking *checking, const char *name)
{
	static const char *const names[] = {
		"README.txt",    "verify.sh",    TRUST_SEAL_ROOTS,
		TRUST_TSA_ROOTS, TRUST_SEAL_CRL, TRUST_TSA_CRL,
	};

	if (!bundle_is_summed(name) || bundle_is_copy(name) ||
	    strcmp(name, BUNDLE_AS_SENT) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
		if (is_numbered(checking, name, i))
			return true;
	return false;
}

/* A sum says that a file is as it was, not that it is of the record. */
static void
check_strays(struct checking *checking)
{
	for (size_t i = 0; i < checking->set->count; i++)
		if (!is_known(checking, checking->set->items[i].name))
			failed(checking, "files", "%s is no part of a bundle",
			       checking->set->items[i].name);
}

/* --- all of it -------------------------------------------------------- */

static void
take_trust(struct checking *checking, struct span *mine, const char *name,
           const char *what)
{
	if (mine->len > 0)
		return;
	*mine = bytes_of(checking, name);
	if (mine->len > 0 && what[0] != '\0')
		noted(checking, "trust",
		      "%s: the certificates in the bundle are taken", what);
}

void
bundle_check(struct arena *arena, const struct fileset *set,
             const struct check_trust *trust, struct bundle_check *check_r)
{
	struct checking checking = {
		.arena = arena, .set = set, .trust = *trust, .check = check_r
	};
	time_ms_t when;

	*check_r = (struct bundle_check){ .authority = "", .signer = "" };
	check_sums(&checking);
	check_sealed(&checking);
	check_manifest(&checking);
	take_trust(&checking, &checking.trust.seal_ca, TRUST_SEAL_ROOTS,
	           "signatures");
	take_trust(&checking, &checking.trust.tsa_ca, TRUST_TSA_ROOTS,
	           "stamps");
	take_trust(&checking, &checking.trust.seal_crl, TRUST_SEAL_CRL, "");
	take_trust(&checking, &checking.trust.tsa_crl, TRUST_TSA_CRL, "");
	check_heads(&checking);
	check_entries(&checking);
	check_copies(&checking);
	check_strays(&checking);
	when = check_stamp(&checking, "manifest", BUNDLE_MANIFEST);
	check_signature(&checking, "manifest", BUNDLE_MANIFEST, when);
}
