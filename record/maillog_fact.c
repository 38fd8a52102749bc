#include "record/maillog_fact.h"

#define ID_LEAST 6
#define ID_MOST  23

bool
maillog_take_text(struct span *rest, const char *text)
{
	struct span want = span_of(text);

	if (rest->len < want.len ||
	    !span_equal(span_take(*rest, want.len), want))
		return false;
	*rest = span_skip(*rest, want.len);
	return true;
}

bool
maillog_take_until(struct span *rest, const char *before, struct span *text_r)
{
	struct span want = span_of(before);

	for (size_t i = 0; i + want.len <= rest->len; i++)
		if (span_equal(span_take(span_skip(*rest, i), want.len),
		               want)) {
			*text_r = span_take(*rest, i);
			*rest = span_skip(*rest, i + want.len);
			return true;
		}
	return false;
}

/*
 * Where an address ends. In a quoted local part any byte may stand, so that
 * `<"x>, status=sent (250"@example.com>` is one address and says no more.
 */
static size_t
path_end(struct span text, const char *ends)
{
	struct span stops = span_of(ends);
	bool is_quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (is_quoted && text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted &&
		         span_find(stops, text.at[i], 0) < stops.len)
			return i;
	}
	return text.len;
}

bool
maillog_take_path(struct span *rest, struct span *path_r)
{
	struct span text = *rest;

	if (!maillog_take_text(&text, "<"))
		return false;

	size_t end = path_end(text, "<>");

	if (end == text.len || text.at[end] != '>')
		return false;
	*path_r = span_take(text, end);
	*rest = span_skip(text, end + 1);
	return true;
}

bool
maillog_next_recipient(struct span *recipients, struct span *address_r)
{
	while (maillog_take_text(recipients, ",") ||
	       maillog_take_text(recipients, " "))
		;
	if (recipients->len == 0)
		return false;
	if (maillog_take_path(recipients, address_r))
		return true;

	size_t end = path_end(*recipients, ",");

	*address_r = span_take(*recipients, end);
	*recipients = span_skip(*recipients, end);
	return address_r->len > 0;
}

bool
maillog_is_queue_id(struct span text)
{
	if (text.len < ID_LEAST || text.len > ID_MOST)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.at[i]))
			return false;
	return true;
}

struct span
maillog_next_id(struct span reply)
{
	static const char *const marks[] = { "queued as ", "forwarded as " };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct span rest =
			span_skip(reply, span_find_text(reply, marks[i], 0));
		size_t len = 0;

		if (!maillog_take_text(&rest, marks[i]))
			continue;
		while (len < rest.len && ascii_is_alnum(rest.at[len]))
			len++;
		if (maillog_is_queue_id(span_take(rest, len)))
			return span_take(rest, len);
	}
	return (struct span){ "", 0 };
}
