#include "mail/dsn.h"

#include <stdio.h>
#include <string.h>

#include "mail/address.h"

struct notify_word {
	const char *text;
	unsigned bit;
};

static const struct notify_word notify_words[] = {
	{ "NEVER", DSN_NOTIFY_NEVER },
	{ "SUCCESS", DSN_NOTIFY_SUCCESS },
	{ "FAILURE", DSN_NOTIFY_FAILURE },
	{ "DELAY", DSN_NOTIFY_DELAY },
};

#define NOTIFY_WORDS (sizeof(notify_words) / sizeof(notify_words[0]))

/* The value of "KEYWORD=value"; false when the word is another keyword. */
static bool
parameter(const char *word, const char *keyword, struct span *value_r)
{
	struct span s = span_of(word);
	size_t len = strlen(keyword);

	if (!span_starts(s, keyword) || (s.len > len && s.at[len] != '='))
		return false;
	*value_r = span_skip(s, len + 1);
	return true;
}

static const char *
upper(struct arena *arena, struct span s)
{
	char *text = arena_strndup(arena, s.at, s.len);

	for (size_t i = 0; i < s.len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - ('a' - 'A'));
	return text;
}

void
dsn_mail_read(struct arena *arena, const char *const *args,
              struct dsn_mail *mail_r)
{
	struct span value;

	*mail_r = (struct dsn_mail){ .ret = "", .envid = "", .body = "" };
	for (size_t i = 0; args != NULL && args[i] != NULL; i++) {
		if (parameter(args[i], "RET", &value))
			mail_r->ret = upper(arena, value);
		else if (parameter(args[i], "ENVID", &value))
			mail_r->envid =
				arena_strndup(arena, value.at, value.len);
		else if (parameter(args[i], "BODY", &value))
			mail_r->body = upper(arena, value);
		else if (parameter(args[i], "SMTPUTF8", &value))
			mail_r->is_smtputf8 = true;
	}
}

static unsigned
notify_bits(struct span list)
{
	unsigned bits = DSN_NOTIFY_NONE;

	while (list.len > 0) {
		size_t comma = span_find(list, ',', 0);
		struct span word = span_take(list, comma);

		for (size_t i = 0; i < NOTIFY_WORDS; i++)
			if (span_is(word, notify_words[i].text))
				bits |= notify_words[i].bit;
		list = span_skip(list, comma + 1);
	}
	return bits;
}

void
dsn_rcpt_read(struct arena *arena, const char *const *args,
              struct dsn_rcpt *rcpt_r)
{
	struct span value;

	*rcpt_r = (struct dsn_rcpt){ .orcpt = "" };
	for (size_t i = 0; args != NULL && args[i] != NULL; i++) {
		if (parameter(args[i], "NOTIFY", &value)) {
			rcpt_r->notify = notify_bits(value);
			rcpt_r->is_marker =
				span_equal(value, SPAN(DSN_NOTIFY_MARKER));
		} else if (parameter(args[i], "ORCPT", &value)) {
			rcpt_r->orcpt =
				arena_strndup(arena, value.at, value.len);
		}
	}
}

const char *
dsn_notify_text(unsigned notify)
{
	if (notify == DSN_NOTIFY_NONE)
		return "";
	if (notify & DSN_NOTIFY_NEVER)
		return "NEVER";
	if (notify & DSN_NOTIFY_SUCCESS)
		return notify & DSN_NOTIFY_DELAY ? "SUCCESS,FAILURE,DELAY"
		                                 : "SUCCESS,FAILURE";
	if (notify & DSN_NOTIFY_FAILURE)
		return notify & DSN_NOTIFY_DELAY ? "FAILURE,DELAY" : "FAILURE";
	return "DELAY";
}

static bool
is_xtext_byte(unsigned char c)
{
	return c >= 33 && c <= 126 && c != '+' && c != '=';
}

char *
xtext_encode(struct arena *arena, struct span bytes)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_array(arena, bytes.len + 1, 3);
	size_t len = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.at[i];

		if (is_xtext_byte(c)) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '+';
		out[len++] = hex[c >> 4];
		out[len++] = hex[c & 15];
	}
	out[len] = '\0';
	return out;
}

enum result
xtext_decode(struct arena *arena, struct span text, struct span *bytes_r,
             struct error *err)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '+') {
			int high = i + 2 < text.len ? ascii_hex(text.at[i + 1])
			                            : -1;
			int low = high < 0 ? -1 : ascii_hex(text.at[i + 2]);

			if (low < 0) {
				error_set(err, "xtext: \"+\" without two "
				               "hex digits");
				return RESULT_BAD;
			}
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || c == '\r' || c == '\n') {
			error_set(err, "xtext: NUL, CR or LF in it");
			return RESULT_BAD;
		}
		out[len++] = c;
	}
	*bytes_r = span_make(out, len);
	return RESULT_OK;
}

/* The code point of the UTF-8 sequence at *i, which moves on behind it. */
static unsigned
next_code_point(const unsigned char *at, size_t len, size_t *i)
{
	unsigned char c = at[(*i)++];
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	unsigned point = more == 0 ? c : c & (0x3fU >> more);

	while (more-- > 0 && *i < len && (at[*i] & 0xc0) == 0x80)
		point = point << 6 | (at[(*i)++] & 0x3fU);
	return point;
}

/* RFC 6533, 3: the form of a utf-8 address in which all is 7-bit. */
static char *
unitext_encode(struct arena *arena, const char *address)
{
	const unsigned char *at = (const unsigned char *)address;
	size_t len = strlen(address);
	char *out = arena_array(arena, len + 1, sizeof("\\x{10FFFF}"));
	char *to = out;

	for (size_t i = 0; i < len;) {
		unsigned point = next_code_point(at, len, &i);

		if (point > ' ' && point < 0x7f && point != '\\' &&
		    point != '+' && point != '=')
			*to++ = (char)point;
		else
			to += snprintf(to, sizeof("\\x{10FFFF}"), "\\x{%02X}",
			               point & 0x1fffffU);
	}
	*to = '\0';
	return out;
}

char *
dsn_orcpt(struct arena *arena, const char *address)
{
	for (size_t i = 0; address[i] != '\0'; i++)
		if ((unsigned char)address[i] >= 0x80)
			return arena_printf(arena, "utf-8;%s",
			                    unitext_encode(arena, address));
	return arena_printf(arena, "rfc822;%s",
	                    xtext_encode(arena, span_of(address)));
}

static size_t
put_code_point(unsigned long point, char *to)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | point >> 18);
	to[1] = (char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* Reads "\x{E9}" at the start; 0 when it is no such escape. */
static size_t
read_escape(struct span s, unsigned long *point_r)
{
	unsigned long point = 0;
	size_t i = 3;

	if (!span_starts(s, "\\x{"))
		return 0;
	for (; i < s.len && i < 9 && ascii_hex(s.at[i]) >= 0; i++)
		point = point * 16 + (unsigned long)ascii_hex(s.at[i]);
	if (i == 3 || i >= s.len || s.at[i] != '}')
		return 0;
	if (point < ' ' || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*point_r = point;
	return i + 1;
}

static char *
unitext_decode(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len;) {
		unsigned long point;
		size_t used = read_escape(span_skip(text, i), &point);

		if (used == 0) {
			out[len++] = text.at[i++];
			continue;
		}
		len += put_code_point(point, out + len);
		i += used;
	}
	out[len] = '\0';
	return out;
}

/* "rfc822" and the like: letters, digits, hyphens. */
static size_t
type_length(struct span typed)
{
	size_t len = 0;

	while (len < typed.len &&
	       (ascii_is_alnum(typed.at[len]) || typed.at[len] == '-'))
		len++;

	size_t end = len;

	while (end < typed.len && ascii_is_space(typed.at[end]))
		end++;
	return end < typed.len && typed.at[end] == ';' ? len : 0;
}

struct typed_address {
	struct span type; /* empty when it was left out */
	struct span text;
};

static struct typed_address
split_type(struct span typed)
{
	struct typed_address split = { SPAN(""), span_trim(typed) };
	size_t len = type_length(split.text);

	if (len > 0) {
		size_t semicolon = span_find(split.text, ';', len);

		split.type = span_take(split.text, len);
		split.text = span_trim(span_skip(split.text, semicolon + 1));
		/* Some write "rfc822;rfc822; a@b". */
		if (type_length(split.text) == len &&
		    span_equal_nocase(split.type, span_take(split.text, len)))
			return split_type(split.text);
	}
	return split;
}

/* An address without brackets, quotes around the whole and comments. */
static char *
bare_address(struct arena *arena, struct span text)
{
	struct mailbox_list list;
	const char *value = arena_strndup(arena, text.at, text.len);

	if (span_find(text, '@', 0) < text.len) {
		mailbox_read(arena, value, 1, &list);
		if (list.count == 1 && list.items[0].address[0] != '\0')
			return arena_strdup(arena, list.items[0].address);
	}
	return address_from_path(arena, value);
}

bool
dsn_address_matches(const char *typed, const char *address)
{
	struct arena *arena = arena_new();
	struct typed_address split = split_type(span_of(typed));
	struct span decoded;
	struct error err;
	const char *bare = bare_address(arena, split.text);
	bool is_match = address_same(bare, address);

	if (!is_match &&
	    xtext_decode(arena, span_of(bare), &decoded, &err) == RESULT_OK)
		is_match = address_same(
			arena_strndup(arena, decoded.at, decoded.len), address);
	if (!is_match)
		is_match = address_same(unitext_decode(arena, span_of(bare)),
		                        address);
	arena_free(&arena);
	return is_match;
}

/*
 * "+2B" may be xtext for "+" or a tag of its own: a tag is seldom exactly
 * the code of a byte that xtext has to hide.
 */
static bool
is_likely_xtext(struct span text)
{
	bool has_any = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '=')
			return false;
		if (text.at[i] != '+')
			continue;
		struct span code = span_take(span_skip(text, i), 3);
		if (!span_equal(code, SPAN("+2B")) &&
		    !span_equal(code, SPAN("+3D")))
			return false;
		has_any = true;
	}
	return has_any;
}

/* Exchange wraps foreign addresses: IMCEASMTP-anne+40example+2Ecom@gw. */
static char *
imcea_address(struct arena *arena, const char *address)
{
	struct span local = address_local(address);
	struct span decoded;
	struct error err;

	if (!span_starts(local, "IMCEASMTP-"))
		return NULL;
	local = span_skip(local, strlen("IMCEASMTP-"));
	if (xtext_decode(arena, local, &decoded, &err) != RESULT_OK)
		return NULL;

	char *text = arena_strndup(arena, decoded.at, decoded.len);
	return address_is_valid(text) ? text : NULL;
}

char *
dsn_address_text(struct arena *arena, struct span typed)
{
	struct typed_address split = split_type(typed);

	/* X.400 and other foreign addresses have no @ and hold their ";". */
	if (span_find(split.text, '@', 0) == split.text.len &&
	    !span_is(split.type, "rfc822"))
		return span_is(split.text, "<>")
		               ? arena_strdup(arena, "")
		               : arena_strndup(arena, split.text.at,
		                               split.text.len);

	char *bare = bare_address(arena, split.text);
	char *plain = imcea_address(arena, bare);

	if (plain != NULL)
		return plain;
	if (span_is(split.type, "utf-8") || strstr(bare, "\\x{") != NULL)
		return unitext_decode(arena, span_of(bare));

	struct span decoded;
	struct error err;
	if (is_likely_xtext(span_of(bare)) &&
	    xtext_decode(arena, span_of(bare), &decoded, &err) == RESULT_OK)
		return arena_strndup(arena, decoded.at, decoded.len);
	return bare;
}
