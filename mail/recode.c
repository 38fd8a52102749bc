#include "mail/recode.h"

#include <string.h>

#include "mail/mime.h"

bool
recode_read(struct arena *arena, struct span raw, const char *encoding,
            struct recode *recode_r)
{
	static const struct {
		const char *name;
		enum recode_kind kind;
		bool is_8bit;
	} kinds[] = {
		{ "", RECODE_PLAIN, false },
		{ "7bit", RECODE_PLAIN, false },
		{ "8bit", RECODE_PLAIN, true },
		{ "quoted-printable", RECODE_QUOTED, false },
		{ "base64", RECODE_BASE64, false },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!text_is(encoding, kinds[i].name))
			continue;
		*recode_r = (struct recode){
			.kind = kinds[i].kind,
			.is_8bit = kinds[i].is_8bit,
			.raw = raw,
			.text = mime_decode_body(arena, raw, encoding, raw.len),
		};
		return true;
	}
	return false;
}

void
recode_sort(struct recode_put *puts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct recode_put put = puts[i];
		size_t k = i;

		for (; k > 0 && puts[k - 1].at > put.at; k--)
			puts[k] = puts[k - 1];
		puts[k] = put;
	}
}

struct span
recode_apply(struct arena *arena, struct span text,
             const struct recode_put *puts, size_t count)
{
	size_t len = text.len, done = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		len += puts[i].bytes.len - puts[i].cut;

	char *out = arena_alloc(arena, len + 1);

	for (size_t i = 0; i < count; i++) {
		memcpy(out + at, text.at + done, puts[i].at - done);
		at += puts[i].at - done;
		done = puts[i].at + puts[i].cut;
		memcpy(out + at, puts[i].bytes.at, puts[i].bytes.len);
		at += puts[i].bytes.len;
	}
	if (text.len > done)
		memcpy(out + at, text.at + done, text.len - done);
	return span_make(out, len);
}

/* Where we are in quoted-printable: asked for in order, it is walked once. */
struct quoted_place {
	size_t raw;
	size_t decoded;
};

/*
 * Where the byte at that offset of the decoded text begins in
 * quoted-printable. A soft break in front of it stays in front.
 */
static size_t
quoted_offset(struct span raw, struct quoted_place *place, size_t decoded)
{
	while (place->raw < raw.len && place->decoded < decoded) {
		struct span rest = span_skip(raw, place->raw);
		bool is_soft = span_starts(rest, "=\r\n");
		bool is_coded = rest.len > 2 && rest.at[0] == '=' &&
		                ascii_hex(rest.at[1]) >= 0 &&
		                ascii_hex(rest.at[2]) >= 0;

		place->raw += is_soft || is_coded ? 3 : 1;
		place->decoded += is_soft ? 0 : 1;
	}
	return place->raw;
}

static struct span
joined(struct arena *arena, const char *front, struct span middle)
{
	size_t len = strlen(front);
	char *out = arena_alloc(arena, len + middle.len + 1);

	memcpy(out, front, len);
	memcpy(out + len, middle.at, middle.len);
	return span_make(out, len + middle.len);
}

/*
 * What begins and ends with a line end of its own fits anywhere, but white
 * space in front of it needs a soft break to live on. What goes into the
 * middle of a line gets soft breaks around it, so that no line grows.
 */
static struct span
quoted_put(struct arena *arena, struct span raw, size_t at, size_t end,
           struct span bytes)
{
	struct span put = mime_encode_body(arena, bytes, "quoted-printable");
	bool is_at_start = at == 0 || raw.at[at - 1] == '\n';
	bool is_space =
		at > 0 && (raw.at[at - 1] == ' ' || raw.at[at - 1] == '\t');
	bool is_line = span_starts(bytes, "\r\n");
	bool is_at_end = end == raw.len || raw.at[end] == '\r';

	if (is_line ? is_space : !is_at_start)
		put = joined(arena, "=\r\n", put);
	if (!span_ends(bytes, "\r\n") && !is_at_end)
		put = span_of(
			arena_printf(arena, SPAN_FMT "=\r\n", SPAN_ARG(put)));
	return put;
}

/* The byte behind that many letters of base64. */
static size_t
base64_offset(struct span raw, size_t letters)
{
	size_t i = 0;

	for (; i < raw.len && letters > 0; i++)
		if (ascii_is_alnum(raw.at[i]) || raw.at[i] == '+' ||
		    raw.at[i] == '/')
			letters--;
	return i;
}

/* From the group of three that the first one falls into to the end. */
static bool
splice_base64(struct arena *arena, const struct recode *recode,
              const struct recode_put *puts, size_t count, int64_t start,
              struct splice_list *list)
{
	struct span whole = recode_apply(arena, recode->text, puts, count);
	size_t group = puts[0].at / 3;
	size_t at = base64_offset(recode->raw, group * 4);
	bool is_inside = at > 0 && recode->raw.at[at - 1] != '\n';
	struct span tail =
		mime_encode_body(arena, span_skip(whole, group * 3), "base64");

	/* The last line end belongs to what follows the part. */
	while (tail.len > 0 && ascii_is_space(tail.at[tail.len - 1]))
		tail.len--;
	if (recode->raw.len > 0 && recode->raw.at[recode->raw.len - 1] == '\n')
		tail = joined(arena, "", span_make(tail.at, tail.len + 2));
	return splice_add(arena, list, start + (int64_t)at,
	                  (int64_t)(recode->raw.len - at),
	                  is_inside ? joined(arena, "\r\n", tail) : tail);
}

bool
recode_splice(struct arena *arena, const struct recode *recode,
              const struct recode_put *puts, size_t count, int64_t start,
              struct splice_list *list)
{
	struct quoted_place place = { 0, 0 };

	if (count == 0)
		return true;
	if (recode->kind == RECODE_BASE64)
		return splice_base64(arena, recode, puts, count, start, list);
	for (size_t i = 0; i < count; i++) {
		size_t at = puts[i].at, end = at + puts[i].cut;
		struct span put = puts[i].bytes;

		if (recode->kind == RECODE_QUOTED) {
			at = quoted_offset(recode->raw, &place, at);
			if (puts[i].cut > 0)
				end = quoted_offset(recode->raw, &place, end);
			else
				end = at;
			put = quoted_put(arena, recode->raw, at, end, put);
		}
		if (!splice_add(arena, list, start + (int64_t)at,
		                (int64_t)(end - at), put))
			return false;
	}
	return true;
}
