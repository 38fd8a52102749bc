#include "mail/address.h"

#include <string.h>

#include "base/no_reply.h"

/* RFC 5321, 4.5.3.1: a path of 256 octets includes its brackets. */
#define LOCAL_LIMIT   64
#define DOMAIN_LIMIT  255
#define ADDRESS_LIMIT 254

/* Where a quoted-string or a comment that starts at i ends (one behind). */
static size_t
skip_quoted(struct span s, size_t i)
{
	for (i++; i < s.len && s.at[i] != '"'; i++)
		if (s.at[i] == '\\')
			i++;
	return i < s.len ? i + 1 : s.len;
}

static size_t
skip_comment(struct span s, size_t i)
{
	size_t depth = 0;

	for (; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '(')
			depth++;
		else if (s.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

/* One behind the '>' that closes the angle at i; a missing one: the end. */
static size_t
skip_angle(struct span s, size_t i)
{
	while (i < s.len && s.at[i] != '>')
		i = s.at[i] == '"' ? skip_quoted(s, i) : i + 1;
	return i < s.len ? i + 1 : s.len;
}

/* Comments and white space out; what is left of an addr-spec. */
static char *
squeeze(struct arena *arena, struct span s)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.len;) {
		size_t next = i + 1;

		if (s.at[i] == '(') {
			next = skip_comment(s, i);
		} else if (s.at[i] == '"') {
			next = skip_quoted(s, i);
			memcpy(out + len, s.at + i, next - i);
			len += next - i;
		} else if (!ascii_is_space(s.at[i])) {
			out[len++] = s.at[i];
		}
		i = next;
	}
	out[len] = '\0';
	return out;
}

static struct span
without_route(struct span s)
{
	s = span_trim(s);
	if (s.len == 0 || s.at[0] != '@')
		return s;

	size_t colon = span_find(s, ':', 0);
	return colon < s.len ? span_trim(span_skip(s, colon + 1)) : s;
}

/* Has something on both sides of its last @. */
static bool
has_both_sides(const char *address)
{
	return address_local(address).len > 0 &&
	       address_domain(address).len > 0;
}

/* White space inside a bare word is only allowed around "." and "@". */
static bool
is_one_word(struct span s)
{
	char before = '\0';
	bool is_gap = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (ascii_is_space(c)) {
			is_gap = true;
			continue;
		}
		if (c == '"' || c == '(')
			return true;
		if (is_gap && before != '\0' && strchr(".@", c) == NULL &&
		    strchr(".@", before) == NULL)
			return false;
		before = c;
		is_gap = false;
	}
	return true;
}

/* The word with an @ in it, when somebody left the brackets out. */
static struct span
word_with_at(struct span s)
{
	size_t at = span_find(s, '@', 0);
	size_t start = at;
	size_t end = at;

	while (start > 0 && !ascii_is_space(s.at[start - 1]))
		start--;
	while (end < s.len && !ascii_is_space(s.at[end]))
		end++;
	return span_make(s.at + start, end - start);
}

/* Trims white space and comments at both ends of a bare addr-spec. */
static struct span
trim_comments(struct span s)
{
	s = span_trim(s);
	while (s.len > 0 && s.at[0] == '(')
		s = span_trim(span_skip(s, skip_comment(s, 0)));

	for (size_t i = 0; i < s.len;) {
		if (s.at[i] == '"') {
			i = skip_quoted(s, i);
		} else if (s.at[i] == '(') {
			size_t end = skip_comment(s, i);

			if (span_trim(span_skip(s, end)).len == 0)
				return span_trim(span_take(s, i));
			i = end;
		} else {
			i++;
		}
	}
	return s;
}

struct element {
	struct span all;
	struct span angle; /* with its brackets; len 0 when there is none */
};

static void
add_mailbox(struct arena *arena, const struct element *element,
            struct mailbox_list *list)
{
	struct mailbox box = { .display = SPAN(""), .address = "" };
	bool has_angle = element->angle.len > 0;

	if (span_trim(element->all).len == 0)
		return;
	if (has_angle) {
		struct span inside = span_skip(element->angle, 1);

		if (inside.len > 0 && inside.at[inside.len - 1] == '>')
			inside.len--;
		else
			list->is_broken = true;
		box.spot = without_route(inside);
		box.display = span_trim(span_make(
			element->all.at,
			(size_t)(element->angle.at - element->all.at)));
	} else {
		box.spot = trim_comments(element->all);
		if (!is_one_word(box.spot)) {
			list->is_broken = true;
			box.spot = word_with_at(box.spot);
		}
	}
	if (box.spot.len == 0 && !has_angle)
		return;

	const char *address = squeeze(arena, box.spot);
	if (has_both_sides(address))
		box.address = address;
	else
		list->is_broken = true;

	struct mailbox *item =
		arena_push(arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*item));
	*item = box;
}

/* Reads up to the next separator, which it returns; '\0' at the end. */
static char
next_element(struct span s, size_t *at, struct element *element_r)
{
	size_t start = *at;
	size_t i = start;

	*element_r = (struct element){ .angle = { s.at, 0 } };
	while (i < s.len) {
		char c = s.at[i];

		if (c == '"') {
			i = skip_quoted(s, i);
		} else if (c == '(') {
			i = skip_comment(s, i);
		} else if (c == '<') {
			size_t end = skip_angle(s, i);

			element_r->angle = span_make(s.at + i, end - i);
			i = end;
		} else if (strchr(",;:", c) != NULL && c != '\0') {
			break;
		} else {
			i++;
		}
	}
	element_r->all = span_make(s.at + start, i - start);
	*at = i < s.len ? i + 1 : s.len;
	return i < s.len ? s.at[i] : '\0';
}

void
mailbox_read(struct arena *arena, const char *value, size_t limit,
             struct mailbox_list *list_r)
{
	struct span s = span_of(value);
	size_t at = 0;

	*list_r = (struct mailbox_list){ 0 };
	while (at < s.len && list_r->count < limit) {
		struct element element;
		char end = next_element(s, &at, &element);

		if (end == ':') {
			list_r->has_group = true;
			continue;
		}
		add_mailbox(arena, &element, list_r);
	}
}

char *
address_from_path(struct arena *arena, const char *path)
{
	struct span s = span_trim(span_of(path));
	size_t end = 0;

	if (s.len > 0 && s.at[0] == '<')
		s = span_skip(s, 1);
	while (end < s.len && s.at[end] != '>' && !ascii_is_space(s.at[end]))
		end = s.at[end] == '"' ? skip_quoted(s, end) : end + 1;
	s = without_route(span_take(s, end));
	return arena_strndup(arena, s.at, s.len);
}

struct span
address_local(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? span_of(address)
	                  : span_make(address, (size_t)(at - address));
}

struct span
address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return span_of(at == NULL ? "" : at + 1);
}

char *
address_normal(struct arena *arena, const char *address)
{
	char *text = arena_strdup(arena, address);
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		text[i] = ascii_lower(text[i]);
	if (len > 0 && text[len - 1] == '.' && strchr(text, '@') != NULL)
		text[len - 1] = '\0';
	return text;
}

bool
address_same(const char *a, const char *b)
{
	return span_equal(address_local(a), address_local(b)) &&
	       span_equal_nocase(address_domain(a), address_domain(b));
}

bool
address_extension(const char *address, const char *base, char delimiter,
                  struct span *extension_r)
{
	struct span local = address_local(address);
	struct span name = address_local(base);

	if (!span_equal_nocase(address_domain(address), address_domain(base)))
		return false;
	if (!span_equal_nocase(span_take(local, name.len), name))
		return false;

	struct span rest = span_skip(local, name.len);

	if (rest.len > 0 && rest.at[0] != delimiter)
		return false;
	*extension_r = span_skip(rest, 1);
	return true;
}

char *
address_with_extension(struct arena *arena, const char *base, char delimiter,
                       const char *extension)
{
	struct span local = address_local(base);

	return arena_printf(arena, SPAN_FMT "%c%s%s", SPAN_ARG(local),
	                    delimiter, extension, base + local.len);
}

bool
address_is_no_reply(const char *address)
{
	return no_reply_name(address_local(address));
}

char *
address_mask(struct arena *arena, const char *address)
{
	struct span local = address_local(address);
	size_t len = local.len > 0;

	while (len < local.len && ((unsigned char)local.at[len] & 0xc0) == 0x80)
		len++;
	return arena_printf(arena, "%.*s%s%s", (int)len, local.at,
	                    local.len > 0 ? "***" : "", address + local.len);
}

static bool
is_local_byte(char c)
{
	return (unsigned char)c >= 0x80 || ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_local_valid(struct span local)
{
	if (local.len == 0 || local.len > LOCAL_LIMIT)
		return false;
	if (local.at[0] == '"')
		return local.len >= 2 && skip_quoted(local, 0) == local.len &&
		       local.at[local.len - 1] == '"';
	for (size_t i = 0; i < local.len; i++)
		if (!is_local_byte(local.at[i]))
			return false;
	return true;
}

static bool
is_domain_valid(struct span domain)
{
	if (domain.len == 0 || domain.len > DOMAIN_LIMIT)
		return false;

	bool is_literal = domain.at[0] == '[';

	if (is_literal && domain.at[domain.len - 1] != ']')
		return false;
	for (size_t i = 0; i < domain.len; i++) {
		char c = domain.at[i];

		if (!ascii_is_alnum(c) && (unsigned char)c < 0x80 &&
		    strchr(is_literal ? ".-:[]" : ".-_", c) == NULL)
			return false;
	}
	return true;
}

bool
address_is_valid(const char *address)
{
	if (strlen(address) > ADDRESS_LIMIT)
		return false;
	for (size_t i = 0; address[i] != '\0'; i++)
		if ((unsigned char)address[i] < ' ' || address[i] == 0x7f)
			return false;
	return is_local_valid(address_local(address)) &&
	       is_domain_valid(address_domain(address));
}
