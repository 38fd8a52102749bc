#include <string.h>

#include "mail/report_parts.h"

void
report_malformed(struct report *report, const char *problem)
{
	if (!report->is_malformed)
		report->problem = problem;
	report->is_malformed = true;
}

struct report_recipient *
report_add_recipient(struct arena *arena, struct report *report)
{
	struct report_recipient *recipient = arena_push(
		arena, (void **)&report->recipients, &report->recipient_count,
		&report->recipient_room, sizeof(*recipient));

	*recipient = (struct report_recipient){
		.original = "",
		.final = "",
		.status = "",
		.diagnostic = "",
		.remote_mta = "",
		.will_retry_until = "",
	};
	return recipient;
}

const char *
report_line(struct arena *arena, struct span text, size_t limit)
{
	text = span_take(span_trim(text), limit);

	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c > ' ' && c != 0x7f)
			out[len++] = (char)c;
		else if (len > 0 && out[len - 1] != ' ')
			out[len++] = ' ';
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	/* The limit may have cut a character in two. */
	size_t last = len;
	while (last > 0 && len - last < 3 &&
	       ((unsigned char)out[last - 1] & 0xc0) == 0x80)
		last--;
	if (text.len == limit && last > 0 &&
	    (unsigned char)out[last - 1] >= 0xc0)
		len = last - 1;
	out[len] = '\0';
	return out;
}

static size_t
digits_at(struct span s, size_t i, size_t most)
{
	size_t count = 0;

	while (count < most && i + count < s.len &&
	       ascii_is_digit(s.at[i + count]))
		count++;
	return count;
}

/* Length of "5.1.1" at i; 0 when there is none, or more of a number. */
static size_t
status_length(struct span s, size_t i)
{
	size_t start = i;

	if (s.at[i] < '2' || s.at[i] > '5' || s.at[i] == '3')
		return 0;
	for (int part = 0; part < 2; part++) {
		i++;
		if (i >= s.len || s.at[i] != '.')
			return 0;

		size_t digits = digits_at(s, i + 1, 3);

		if (digits == 0)
			return 0;
		i += digits;
	}
	i++;
	if (i < s.len && (ascii_is_digit(s.at[i]) ||
	                  (s.at[i] == '.' && digits_at(s, i + 1, 1) > 0)))
		return 0;
	return i - start;
}

/* "Release 5.0.8" is a version, "10.5.1.1" part of an address. */
static bool
is_status_place(struct span s, size_t i)
{
	static const char *const versions[] = { "release", "version", "ver." };

	if (i == 0)
		return true;
	if (s.at[i - 1] == '-')
		return i > 1 && ascii_is_digit(s.at[i - 2]);
	if (ascii_is_alnum(s.at[i - 1]) || strchr("._/", s.at[i - 1]) != NULL)
		return false;

	struct span before = span_trim(span_take(s, i));

	for (size_t k = 0; k < sizeof(versions) / sizeof(versions[0]); k++)
		if (span_ends(before, versions[k]))
			return false;
	return true;
}

const char *
report_status_in(struct arena *arena, struct span text)
{
	for (size_t i = 0; i + 4 < text.len; i++) {
		if (text.at[i] != '4' && text.at[i] != '5')
			continue;

		size_t len = status_length(text, i);

		if (len > 0 && is_status_place(text, i))
			return arena_strndup(arena, text.at + i, len);
	}
	return "";
}

/*
 * A reply code stands alone: "550 No", "550-No", "(550)", "#550"; not in
 * "4500 bytes", "192.0.2.550" or "within 450 seconds".
 */
static bool
is_reply_code(struct span s, size_t i)
{
	if (digits_at(s, i, 4) != 3 || s.at[i + 1] > '5')
		return false;
	if (i > 0 && strchr(" \t\n(#:\"'<[=;>-", s.at[i - 1]) == NULL)
		return false;

	struct span after = span_skip(s, i + 3);

	if (after.len == 0)
		return true;
	if (strchr(" \t\n-:)\"'#,;]>", after.at[0]) == NULL)
		return false;

	struct span word = span_trim(after);
	static const char *const units[] = { "bytes",   "kb",      "mb",
		                             "seconds", "minutes", "octets",
		                             "hours",   "ms",      "k " };
	for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++)
		if (span_starts(word, units[k]))
			return false;
	return true;
}

const char *
report_class_in(struct arena *arena, struct span text)
{
	for (size_t i = 0; i + 2 < text.len; i++)
		if ((text.at[i] == '4' || text.at[i] == '5') &&
		    is_reply_code(text, i))
			return arena_printf(arena, "%c.0.0", text.at[i]);
	return "";
}

static bool
is_blank(struct span line)
{
	return span_trim(line).len == 0;
}

/* Length of the name in front of a colon; 0 when the line is no field. */
static size_t
field_name_length(struct span line)
{
	size_t colon = span_find(line, ':', 0);
	struct span name = span_trim(span_take(line, colon));

	if (colon == line.len || name.len == 0 || name.len > 60)
		return 0;
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-' &&
		    name.at[i] != '_')
			return 0;
	return colon;
}

/*
 * Some indent every line of a report: what looks like a fold is the next
 * field when it begins with a name that reports have.
 */
static bool
is_report_field(struct span line)
{
	static const char *const names[] = {
		"original-recipient",
		"final-recipient",
		"action",
		"status",
		"remote-mta",
		"diagnostic-code",
		"reporting-mta",
		"arrival-date",
		"original-envelope-id",
		"last-attempt-date",
		"will-retry-until",
		"final-log-id",
		"received-from-mta",
		"original-message-id",
		"disposition",
		"reporting-ua",
	};
	struct span name = span_trim(span_take(line, field_name_length(line)));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

/* Takes the folded lines behind a field into its value. */
static void
take_folds(struct field_reader *reader, struct field *field)
{
	struct span line;

	while (reader->rest.len > 0 &&
	       (reader->rest.at[0] == ' ' || reader->rest.at[0] == '\t')) {
		struct span before = reader->rest;

		span_line(&reader->rest, &line);
		if (is_blank(line) || is_report_field(line)) {
			reader->rest = before;
			return;
		}
		field->value.len =
			(size_t)(line.at + line.len - field->value.at);
	}
}

bool
field_next(struct field_reader *reader, struct field *field_r)
{
	struct span line;

	field_r->is_after_gap = false;
	while (span_line(&reader->rest, &line)) {
		if (is_blank(line)) {
			field_r->is_after_gap = true;
			continue;
		}
		size_t colon = field_name_length(line);
		if (colon == 0)
			continue;
		field_r->name = span_trim(span_take(line, colon));
		field_r->value = span_skip(line, colon + 1);

		take_folds(reader, field_r);
		if (field_r->value.len > FIELD_BYTES_LIMIT) {
			reader->has_long_field = true;
			field_r->value.len = FIELD_BYTES_LIMIT;
		}
		return true;
	}
	return false;
}
