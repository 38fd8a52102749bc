#include "mail/insert.h"

#include <string.h>

#include "mail/content.h"
#include "mail/insert_parts.h"
#include "mail/mime.h"
#include "mail/part_header.h"

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
	struct arena *arena = insert->arena;
	struct recode_put blocks[2], *links = NULL, *puts;
	size_t block_count, link_count, count;

	if (!block_html_puts(arena, work->recode.text, insert->blocks,
	                     insert->block_count, blocks, &block_count) ||
	    !block_link_puts(arena, work->recode.text, insert->request, &links,
	                     &link_count))
		return "html";
	count = block_count + link_count;
	puts = arena_array(arena, count, sizeof(*puts));
	for (size_t i = 0; i < count; i++)
		puts[i] = i < block_count ? blocks[i] : links[i - block_count];
	recode_sort(puts, count);
	with_its_line_ends(insert, work, puts, count);
	work->after = recode_apply(arena, work->recode.text, puts, count);
	insert->result->links_changed += link_count;
	return recode_splice(arena, &work->recode, puts, count,
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
	if (insert->block_count == 0 && insert->request->link == NULL)
		return insert->request->block_count > 0 ? "already-there"
		                                        : "nothing-to-do";
	if (targets->kind == TARGET_NEW_PART)
		return insert->block_count > 0 ? make_part(insert)
		                               : "nothing-to-do";
	for (size_t i = 0; problem[0] == '\0' && i < targets->count; i++)
		problem = insert->works[i].is_html
		                  ? make_html(insert, &insert->works[i])
		                  : make_plain(insert, &insert->works[i]);
	if (problem[0] == '\0' && insert->result->splices.count == 0)
		problem = "nothing-to-do";
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
	if (result_r->skipped[0] == '\0' && !insert_is_sound(&insert))
		result_r->skipped = "unsure";
	if (result_r->skipped[0] != '\0')
		*result_r =
			(struct insert_result){ .skipped = result_r->skipped,
			                        .type_value = "",
			                        .encoding = "" };
}
