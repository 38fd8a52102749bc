#include "mail/insert.h"

#include <string.h>

#include "mail/block.h"
#include "mail/content.h"
#include "mail/html_place.h"
#include "mail/mime.h"
#include "mail/part_header.h"
#include "mail/targets.h"

#define BLOCKS_LIMIT 16

enum line_ends {
	LINE_ENDS_CRLF, /* or none */
	LINE_ENDS_LF,
	LINE_ENDS_MIXED
};

/* One text part on its way. */
struct work {
	const struct outline_part *part;
	size_t index;
	bool is_html;
	bool is_flowed;
	const char *charset; /* "us-ascii" when it says nothing */
	enum line_ends line_ends;
	struct recode recode;
	struct span after;        /* what the decoded text shall be */
	const char *new_charset;  /* "" : as it was */
	const char *new_encoding; /* "" : as it was */
};

struct insert {
	struct arena *arena;
	const struct insert_request *request;
	struct insert_result *result;
	const struct insert_block *blocks[BLOCKS_LIMIT];
	size_t block_count;
	struct targets targets;
	struct work *works;
};

/* Charsets whose ASCII bytes mean ASCII wherever they stand. */
static bool
is_ascii_based(const char *charset)
{
	static const char *const starts[] = { "utf-8",    "us-ascii",   "ascii",
		                              "iso-8859", "windows-12", "cp12",
		                              "koi8",     "macintosh",  "latin",
		                              "euc-",     "gb2312" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (text_starts(charset, starts[i]))
			return true;
	return false;
}

static bool
has_8bit(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= 0x80)
			return true;
	return false;
}

static enum line_ends
line_ends_of(struct span text)
{
	size_t crlf = 0, lf = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0')
			return LINE_ENDS_MIXED;
		if (text.at[i] != '\n')
			continue;
		if (i > 0 && text.at[i - 1] == '\r')
			crlf++;
		else
			lf++;
	}
	return lf == 0     ? LINE_ENDS_CRLF
	       : crlf == 0 ? LINE_ENDS_LF
	                   : LINE_ENDS_MIXED;
}

/* --- reading ------------------------------------------------------------ */

/* The part's bytes, all of them, in the arena. False: they do not come. */
static bool
read_raw(struct insert *insert, const struct outline_part *part,
         struct span *raw_r)
{
	size_t len = (size_t)(part->end - part->body);
	char *out = arena_alloc(insert->arena, len + 1);

	*raw_r = span_make(out, len);
	return body_read(insert->request->source, part->body, len, out);
}

static const char *
read_work(struct insert *insert, size_t index, struct work *work)
{
	const struct outline_part *part =
		&insert->request->outline->items[index];
	struct arena *arena = insert->arena;
	const char *value = part->type_value;
	struct span raw;

	*work = (struct work){ .part = part, .index = index };
	work->new_charset = work->new_encoding = "";
	work->is_html = text_is(part->type, "text/html");
	work->is_flowed =
		text_is(content_parameter(arena, value, "format"), "flowed");
	work->charset = content_parameter(arena, value, "charset");
	if (work->charset[0] == '\0')
		work->charset = "us-ascii";
	if (part->end - part->body > (int64_t)insert->request->text_limit)
		return "too-long";
	if (!is_ascii_based(work->charset))
		return "charset";
	if (!read_raw(insert, part, &raw))
		return "unreadable";
	if (!recode_read(arena, raw, part->encoding, &work->recode))
		return "encoding";
	work->line_ends = line_ends_of(work->recode.text);
	if (work->line_ends == LINE_ENDS_MIXED ||
	    (work->line_ends == LINE_ENDS_LF &&
	     work->recode.kind != RECODE_BASE64))
		return "line-ends";
	/* BODY-4: bytes that their label does not allow are not ours to name.
	 */
	if (text_is(work->charset, "us-ascii") && has_8bit(work->recode.text))
		return "charset";
	if (span_find_text(work->recode.text, "-----BEGIN PGP ", 0) <
	    work->recode.text.len)
		return "signed";
	return "";
}

/* --- which blocks ------------------------------------------------------- */

static bool
is_there(struct insert *insert, const struct insert_block *block)
{
	for (size_t i = 0; i < insert->targets.count; i++) {
		const struct work *work = &insert->works[i];
		struct span text = mime_to_utf8(
			insert->arena, work->recode.text, work->charset);

		if (block_is_there(insert->arena, block, text, work->is_html))
			return true;
	}
	return false;
}

/* In one version of the text is in all: never a second time. */
static void
choose_blocks(struct insert *insert)
{
	const struct insert_request *request = insert->request;

	for (size_t i = 0; i < request->block_count; i++)
		if (insert->block_count < BLOCKS_LIMIT &&
		    !is_there(insert, &request->blocks[i]))
			insert->blocks[insert->block_count++] =
				&request->blocks[i];
}

/* --- making ------------------------------------------------------------- */

/* Lines end as those around them: behind base64 that may be LF alone. */
static void
with_its_line_ends(struct insert *insert, const struct work *work,
                   struct recode_put *puts, size_t count)
{
	if (work->line_ends != LINE_ENDS_LF)
		return;
	for (size_t i = 0; i < count; i++) {
		struct span from = puts[i].bytes;
		char *out = arena_alloc(insert->arena, from.len + 1);
		size_t len = 0;

		for (size_t k = 0; k < from.len; k++)
			if (from.at[k] != '\r')
				out[len++] = from.at[k];
		puts[i].bytes = span_make(out, len);
	}
}

/* UTF-8 of ours as the part has it; false when it cannot say that. */
static bool
in_charset(struct insert *insert, const struct work *work,
           struct recode_put *puts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_8bit(puts[i].bytes))
			continue;
		if (text_is(work->charset, "us-ascii") ||
		    !mime_write_charset(insert->arena, puts[i].bytes,
		                        work->charset, &puts[i].bytes))
			return false;
	}
	return true;
}

/* Under which encoding can the new text go? "" : the old one. */
static const char *
encoding_for(const struct insert *insert, const struct work *work)
{
	if (work->recode.kind != RECODE_PLAIN || work->recode.is_8bit ||
	    !has_8bit(work->after))
		return "";
	return insert->request->is_8bit_fine ? "8bit" : "quoted-printable";
}

/* All of the part anew: its charset or its encoding changes. */
static bool
replace_part(struct insert *insert, struct work *work)
{
	const char *encoding = work->new_encoding[0] != '\0'
	                               ? work->new_encoding
	                               : work->part->encoding;
	struct span put = work->after;

	if (text_is(encoding, "quoted-printable") ||
	    text_is(encoding, "base64"))
		put = mime_encode_body(insert->arena, put, encoding);
	if (text_is(encoding, "base64"))
		while (put.len > 0 && ascii_is_space(put.at[put.len - 1]))
			put.len--;
	return splice_add(insert->arena, &insert->result->splices,
	                  work->part->body, work->part->end - work->part->body,
	                  put);
}

/* What the part's own header, or the message's, has to say now. */
static const char *
change_header(struct insert *insert, struct work *work)
{
	struct insert_result *result = insert->result;
	const char *type = "";

	if (work->new_charset[0] != '\0')
		type = content_with_parameter(insert->arena,
		                              work->part->type_value[0] != '\0'
		                                      ? work->part->type_value
		                                      : "text/plain",
		                              "charset", work->new_charset);
	if (type[0] == '\0' && work->new_encoding[0] == '\0')
		return "";
	if (work->index > 0)
		return part_header_change(insert->arena,
		                          insert->request->source, work->part,
		                          type, work->new_encoding,
		                          &result->splices)
		               ? ""
		               : "header";
	result->type_value = type;
	result->encoding = work->new_encoding;
	return "";
}

static const char *
make_plain(struct insert *insert, struct work *work)
{
	struct arena *arena = insert->arena;
	struct recode_put puts[2], utf8_puts[2];
	struct span text = work->recode.text;
	size_t count =
		block_text_puts(arena, text, work->is_flowed, insert->blocks,
	                        insert->block_count, puts);

	with_its_line_ends(insert, work, puts, count);
	if (in_charset(insert, work, puts, count)) {
		work->after = recode_apply(arena, text, puts, count);
		work->new_encoding = encoding_for(insert, work);
		if (work->new_encoding[0] == '\0')
			return recode_splice(arena, &work->recode, puts, count,
			                     work->part->body,
			                     &insert->result->splices)
			               ? ""
			               : "overlap";
		return replace_part(insert, work) ? change_header(insert, work)
		                                  : "overlap";
	}
	/* BODY-4: the whole part in UTF-8, if every byte of it is known. */
	if (!mime_read_charset(arena, text, work->charset, &text))
		return "charset";
	count = block_text_puts(arena, text, work->is_flowed, insert->blocks,
	                        insert->block_count, utf8_puts);
	with_its_line_ends(insert, work, utf8_puts, count);
	work->after = recode_apply(arena, text, utf8_puts, count);
	work->new_charset = "utf-8";
	work->new_encoding = encoding_for(insert, work);
	return replace_part(insert, work) ? change_header(insert, work)
	                                  : "overlap";
}

static const char *
make_html(struct insert *insert, struct work *work)
{
	struct recode_put puts[2];
	size_t count;

	if (!block_html_puts(insert->arena, work->recode.text, insert->blocks,
	                     insert->block_count, puts, &count))
		return "html";
	with_its_line_ends(insert, work, puts, count);
	work->after =
		recode_apply(insert->arena, work->recode.text, puts, count);
	return recode_splice(insert->arena, &work->recode, puts, count,
	                     work->part->body, &insert->result->splices)
	               ? ""
	               : "overlap";
}

/* BODY-6: nothing to read yet, so a part of our own comes last. */
static const char *
make_part(struct insert *insert)
{
	const struct outline_part *mixed =
		&insert->request->outline->items[insert->targets.mixed];
	struct arena *arena = insert->arena;
	struct recode_put puts[2];
	size_t count = block_text_puts(arena, SPAN(""), false, insert->blocks,
	                               insert->block_count, puts);
	struct span text = recode_apply(arena, SPAN(""), puts, count);
	struct span body = mime_encode_body(arena, text, "quoted-printable");
	const char *put = arena_printf(
		arena,
		"--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"Content-Disposition: inline\r\n\r\n" SPAN_FMT "\r\n",
		content_parameter(arena, mixed->type_value, "boundary"),
		SPAN_ARG(body));

	return splice_add(arena, &insert->result->splices, mixed->close, 0,
	                  span_of(put))
	               ? ""
	               : "overlap";
}

/* --- looking again ------------------------------------------------------ */

static bool
feed(void *context, struct span piece)
{
	outline_add(context, piece.at, piece.len);
	return true;
}

static bool
is_same_part(const struct insert *insert, size_t index,
             const struct outline_part *new)
{
	const struct outline_part *old =
		&insert->request->outline->items[index];
	bool is_edited = index == 0;

	for (size_t i = 0; i < insert->targets.count; i++)
		is_edited |= insert->targets.parts[i] == index;
	for (size_t up = index; !is_edited && up != 0;)
		is_edited = (up = insert->request->outline->items[up].parent) ==
		            index;
	return text_is(old->type, new->type) && old->parent == new->parent &&
	       old->depth == new->depth &&
	       (is_edited || outline_is_multipart(old) ||
	        (old->end - old->body ==
	         new->end - new->body &&text_is(old->encoding, new->encoding)));
}

/* The bytes of an edited part in the new body. */
struct gather {
	int64_t at; /* of the new body */
	int64_t from, to;
	char *out;
	size_t len;
};

/* False once it has them: the rest need not stream by. */
static bool
gather(void *context, struct span piece)
{
	struct gather *gather = context;
	int64_t start = gather->at, end = start + (int64_t)piece.len;
	int64_t from = start > gather->from ? start : gather->from;
	int64_t to = end < gather->to ? end : gather->to;

	if (from < to) {
		memcpy(gather->out + gather->len, piece.at + (from - start),
		       (size_t)(to - from));
		gather->len += (size_t)(to - from);
	}
	gather->at = end;
	return end < gather->to;
}

static bool
is_as_wanted(struct insert *insert, const struct work *work,
             const struct outline_part *new)
{
	struct gather state = { .from = new->body, .to = new->end };
	struct recode again;

	state.out =
		arena_alloc(insert->arena, (size_t)(new->end - new->body) + 1);
	(void)splice_stream(&insert->result->splices, insert->request->source,
	                    gather, &state);
	if ((int64_t)state.len != new->end - new->body ||
	    !recode_read(insert->arena, span_make(state.out, state.len),
	                 new->encoding, &again) ||
	    !span_equal(again.text, work->after))
		return false;
	if (!work->is_html)
		return true;
	for (size_t i = 0; i < insert->block_count; i++)
		if (insert->blocks[i]->html[0] != '\0' &&
		    !html_place_is_seen(
			    again.text,
			    block_id(insert->arena, insert->blocks[i])))
			return false;
	return true;
}

/* The new message as anybody will read it, against the old one. */
static bool
is_sound(struct insert *insert)
{
	const struct outline_list *old = insert->request->outline;
	const struct insert_result *result = insert->result;
	const struct outline_head head = {
		.type_value = result->type_value[0] != '\0'
		                      ? result->type_value
		                      : old->items[0].type_value,
		.encoding = result->encoding[0] != '\0'
		                    ? result->encoding
		                    : old->items[0].encoding,
		.disposition = old->items[0].disposition,
	};
	struct outline *outline = outline_new(&head);
	bool is_new_part = insert->targets.kind == TARGET_NEW_PART;
	bool is_good = splice_stream(&result->splices, insert->request->source,
	                             feed, outline);
	const struct outline_list *new = outline_end(outline);

	is_good = is_good && new->broken[0] == '\0' &&
	          new->count == old->count + is_new_part;
	for (size_t i = 0; is_good && i < old->count; i++)
		is_good = is_same_part(insert, i, &new->items[i]);
	for (size_t i = 0; is_good && i < insert->targets.count; i++)
		is_good = is_as_wanted(insert, &insert->works[i],
		                       &new->items[insert->targets.parts[i]]);
	outline_free(&outline);
	return is_good;
}

/* --- all of it ---------------------------------------------------------- */

static const char *
make(struct insert *insert)
{
	struct targets *targets = &insert->targets;
	const char *problem = "";

	targets_find(insert->arena, insert->request->outline, targets);
	if (targets->kind == TARGET_NONE)
		return targets->reason;
	insert->works = arena_array(insert->arena, targets->count,
	                            sizeof(*insert->works));
	for (size_t i = 0; i < targets->count; i++) {
		problem =
			read_work(insert, targets->parts[i], &insert->works[i]);
		if (problem[0] != '\0')
			return problem;
	}
	choose_blocks(insert);
	if (insert->block_count == 0)
		return "already-there";
	if (targets->kind == TARGET_NEW_PART)
		return make_part(insert);
	for (size_t i = 0; problem[0] == '\0' && i < targets->count; i++)
		problem = insert->works[i].is_html
		                  ? make_html(insert, &insert->works[i])
		                  : make_plain(insert, &insert->works[i]);
	return problem;
}

void
insert_make(struct arena *arena, const struct insert_request *request,
            struct insert_result *result_r)
{
	struct insert insert = { .arena = arena,
		                 .request = request,
		                 .result = result_r };

	*result_r = (struct insert_result){ .type_value = "", .encoding = "" };
	result_r->skipped = make(&insert);
	if (result_r->skipped[0] == '\0' && !is_sound(&insert))
		result_r->skipped = "unsure";
	if (result_r->skipped[0] != '\0')
		*result_r =
			(struct insert_result){ .skipped = result_r->skipped,
			                        .type_value = "",
			                        .encoding = "" };
}
