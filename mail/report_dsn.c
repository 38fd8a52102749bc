#include <string.h>

#include "mail/dsn.h"
#include "mail/report_parts.h"

#define DIAGNOSTIC_LIMIT 1000

/* The fields of RFC 3464 we use, and which member they fill. */
enum dsn_field {
	FIELD_OTHER,
	FIELD_ENVELOPE_ID,
	FIELD_REPORTING_MTA,
	FIELD_ARRIVAL_DATE,
	FIELD_ORIGINAL,
	FIELD_FINAL,
	FIELD_ACTUAL,
	FIELD_ACTION,
	FIELD_STATUS,
	FIELD_REMOTE_MTA,
	FIELD_DIAGNOSTIC,
	FIELD_RETRY_UNTIL,
	FIELD_ATTEMPT,
};

static const struct {
	const char *name;
	enum dsn_field field;
} field_names[] = {
	{ "original-envelope-id", FIELD_ENVELOPE_ID },
	{ "reporting-mta", FIELD_REPORTING_MTA },
	{ "arrival-date", FIELD_ARRIVAL_DATE },
	{ "received-from-mta", FIELD_OTHER },
	{ "dsn-gateway", FIELD_OTHER },
	{ "original-recipient", FIELD_ORIGINAL },
	{ "final-recipient", FIELD_FINAL },
	{ "x-actual-recipient", FIELD_ACTUAL },
	{ "action", FIELD_ACTION },
	{ "status", FIELD_STATUS },
	{ "remote-mta", FIELD_REMOTE_MTA },
	{ "diagnostic-code", FIELD_DIAGNOSTIC },
	{ "will-retry-until", FIELD_RETRY_UNTIL },
	{ "last-attempt-date", FIELD_ATTEMPT },
	{ "final-log-id", FIELD_ATTEMPT },
};

#define FIELD_NAMES (sizeof(field_names) / sizeof(field_names[0]))

/* RFC 3464, 2.3.3, and what some write for it; by their beginning. */
static const struct {
	const char *start;
	enum report_action action;
} actions[] = {
	{ "fail", ACTION_FAILED },
	{ "undeliver", ACTION_FAILED },
	{ "bounce", ACTION_FAILED },
	{ "permanent-fail", ACTION_FAILED },
	{ "permanent fail", ACTION_FAILED },
	{ "delay", ACTION_DELAYED },
	{ "defer", ACTION_DELAYED },
	{ "delivered", ACTION_DELIVERED },
	{ "relay", ACTION_RELAYED },
	{ "expand", ACTION_EXPANDED },
};

struct reading {
	struct arena *arena;
	struct report *report;
	struct report_recipient *now; /* NULL in front of the first group */
	const char *actual;
	enum dsn_field last;
};

static enum dsn_field
field_of(struct span name, bool *is_known_r)
{
	for (size_t i = 0; i < FIELD_NAMES; i++)
		if (span_is(name, field_names[i].name)) {
			*is_known_r = true;
			return field_names[i].field;
		}
	*is_known_r = false;
	return FIELD_OTHER;
}

/* "dns; mx.example (192.0.2.1)" -> "mx.example" */
static const char *
mta_name(struct arena *arena, struct span value)
{
	struct span s = span_trim(value);
	size_t semicolon = span_find(s, ';', 0);

	if (semicolon < s.len && semicolon < 30)
		s = span_trim(span_skip(s, semicolon + 1));

	size_t comment = span_find(s, '(', 0);
	if (comment > 0)
		s = span_take(s, comment);
	return report_line(arena, s, DIAGNOSTIC_LIMIT);
}

/* "smtp; 550 No" -> "550 No"; the type may be missing. */
static const char *
diagnostic_text(struct arena *arena, struct span value)
{
	struct span s = span_trim(value);
	size_t len = 0;

	while (len < s.len &&
	       (ascii_is_alnum(s.at[len]) || strchr("-_", s.at[len]) != NULL))
		len++;

	size_t end = len;
	while (end < s.len && ascii_is_space(s.at[end]))
		end++;
	if (len > 0 && len < 30 && end < s.len && s.at[end] == ';')
		s = span_skip(s, end + 1);
	return report_line(arena, s, DIAGNOSTIC_LIMIT);
}

static enum report_action
action_of(struct arena *arena, struct span value)
{
	const char *word =
		header_token(arena, arena_strndup(arena, value.at, value.len));

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (text_starts(word, actions[i].start))
			return actions[i].action;
	return ACTION_NONE;
}

static const char *
status_of(struct arena *arena, struct span value)
{
	struct span s = span_trim(value);

	for (size_t i = 0; i < s.len; i++) {
		size_t end = i;

		if (!ascii_is_digit(s.at[i]))
			continue;
		while (end < s.len &&
		       (ascii_is_digit(s.at[end]) || s.at[end] == '.'))
			end++;
		while (end > i && s.at[end - 1] == '.')
			end--;

		struct span code = span_make(s.at + i, end - i);
		size_t dots = 0;
		for (size_t k = 0; k < code.len; k++)
			dots += code.at[k] == '.';
		if (dots == 2 && code.len <= 9 &&
		    strchr("245", code.at[0]) != NULL && code.at[1] == '.')
			return arena_strndup(arena, code.at, code.len);
		break;
	}
	return report_class_in(arena, s);
}

static void
start_group(struct reading *reading, bool is_after_gap)
{
	const char *original = "";

	/* Without an empty line the new group's first field has already
	 * gone to the group before. */
	if (reading->now != NULL && reading->last == FIELD_ORIGINAL &&
	    !is_after_gap) {
		original = reading->now->original;
		reading->now->original = "";
	}
	reading->now = report_add_recipient(reading->arena, reading->report);
	reading->now->original = original;
	reading->actual = "";
}

static bool
has_final_or_action(const struct report_recipient *now)
{
	return now->final[0] != '\0' || now->action != ACTION_NONE ||
	       now->status[0] != '\0';
}

/* RFC 3464 has an empty line between groups; writers forget or add some. */
static bool
starts_group(const struct reading *reading, enum dsn_field field,
             bool is_after_gap)
{
	const struct report_recipient *now = reading->now;

	if (now == NULL)
		return true;
	if (field == FIELD_FINAL)
		return now->final[0] != '\0' ||
		       (is_after_gap && has_final_or_action(now));
	if (field == FIELD_ORIGINAL)
		return (now->original[0] != '\0' &&
		        (is_after_gap || has_final_or_action(now))) ||
		       (is_after_gap && has_final_or_action(now));
	if (field == FIELD_ACTION)
		return is_after_gap && now->action != ACTION_NONE;
	return false;
}

static void
close_group(struct reading *reading)
{
	struct report_recipient *now = reading->now;
	struct report *report = reading->report;

	if (now == NULL)
		return;
	/* It may also be a program that got the message. */
	if (now->final[0] == '\0' && strchr(reading->actual, '@') != NULL)
		now->final = reading->actual;
	if (now->status[0] == '\0')
		now->status = report_status_in(reading->arena,
		                               span_of(now->diagnostic));
	if (now->status[0] == '\0')
		now->status = report_class_in(reading->arena,
		                              span_of(now->diagnostic));
	if (now->action != ACTION_DELAYED)
		now->will_retry_until = "";
	if (now->final[0] == '\0')
		report_malformed(report, "no Final-Recipient");
	else if (now->action == ACTION_NONE)
		report_malformed(report, "no Action, or an unknown one");
	else if (now->status[0] == '\0')
		report_malformed(report, "no Status");
}

static void
set_text(const char **member, const char *text)
{
	if ((*member)[0] == '\0')
		*member = text;
}

static void
read_recipient_field(struct reading *reading, enum dsn_field field,
                     struct span value)
{
	struct arena *arena = reading->arena;
	struct report_recipient *now = reading->now;

	switch (field) {
	case FIELD_ORIGINAL:
		set_text(&now->original, dsn_address_text(arena, value));
		break;
	case FIELD_FINAL:
		set_text(&now->final, dsn_address_text(arena, value));
		break;
	case FIELD_ACTUAL:
		reading->actual = dsn_address_text(arena, value);
		break;
	case FIELD_ACTION:
		if (now->action == ACTION_NONE)
			now->action = action_of(arena, value);
		break;
	case FIELD_STATUS:
		set_text(&now->status, status_of(arena, value));
		break;
	case FIELD_REMOTE_MTA:
		set_text(&now->remote_mta, mta_name(arena, value));
		break;
	case FIELD_DIAGNOSTIC:
		set_text(&now->diagnostic, diagnostic_text(arena, value));
		break;
	case FIELD_RETRY_UNTIL:
		set_text(&now->will_retry_until,
		         report_line(arena, value, DIAGNOSTIC_LIMIT));
		break;
	case FIELD_OTHER:
	case FIELD_ENVELOPE_ID:
	case FIELD_REPORTING_MTA:
	case FIELD_ARRIVAL_DATE:
	case FIELD_ATTEMPT:
		break;
	}
}

/* True when it was a field of the message as a whole. */
static bool
read_message_field(struct reading *reading, enum dsn_field field,
                   struct span value)
{
	struct arena *arena = reading->arena;
	struct report *report = reading->report;

	switch (field) {
	case FIELD_ENVELOPE_ID:
		set_text(&report->envelope_id,
		         report_line(arena, value, DIAGNOSTIC_LIMIT));
		return true;
	case FIELD_REPORTING_MTA:
		set_text(&report->reporting_mta, mta_name(arena, value));
		return true;
	case FIELD_ARRIVAL_DATE:
		set_text(&report->arrival_date,
		         report_line(arena, value, DIAGNOSTIC_LIMIT));
		return true;
	case FIELD_OTHER:
		return true;
	case FIELD_ORIGINAL:
	case FIELD_FINAL:
	case FIELD_ACTUAL:
	case FIELD_ACTION:
	case FIELD_STATUS:
	case FIELD_REMOTE_MTA:
	case FIELD_DIAGNOSTIC:
	case FIELD_RETRY_UNTIL:
	case FIELD_ATTEMPT:
		break;
	}
	return false;
}

static void
read_field(struct reading *reading, const struct field *given)
{
	bool is_known;
	enum dsn_field field = field_of(given->name, &is_known);

	if (!is_known || read_message_field(reading, field, given->value))
		return;
	if (field != FIELD_ATTEMPT &&
	    starts_group(reading, field, given->is_after_gap)) {
		if (reading->report->recipient_count >= GROUP_LIMIT) {
			report_malformed(reading->report,
			                 "more than 1000 recipient groups");
			return;
		}
		close_group(reading);
		start_group(reading, given->is_after_gap);
	}
	if (reading->now != NULL)
		read_recipient_field(reading, field, given->value);
	reading->last = field;
}

void
report_dsn_read(struct arena *arena, struct span text, struct report *report)
{
	struct field_reader reader = { .rest = text };
	struct reading reading = { .arena = arena,
		                   .report = report,
		                   .actual = "" };
	struct field field;

	if (text.len > REPORT_PART_LIMIT) {
		report_malformed(report, "report part over 64 KiB");
		reader.rest.len = REPORT_PART_LIMIT;
	}
	while (field_next(&reader, &field))
		read_field(&reading, &field);
	close_group(&reading);
	if (reader.has_long_field)
		report_malformed(report, "a field over 8 KiB");
	if (report->recipient_count == 0)
		report_malformed(report, "no recipient in the report part");
}

bool
report_dsn_looks_like(struct span text)
{
	struct field_reader reader = { .rest = span_take(text, 4096) };
	struct field field;
	bool has_recipient = false;
	int known = 0;

	for (int i = 0; i < 20 && field_next(&reader, &field); i++) {
		bool is_known;
		enum dsn_field kind = field_of(field.name, &is_known);

		/* The part's own header may run into its fields. */
		if (known == 0 && !is_known && !span_starts(field.name, "x-") &&
		    !span_starts(field.name, "content-"))
			return false;
		known += is_known;
		has_recipient = has_recipient || kind == FIELD_FINAL ||
		                kind == FIELD_ORIGINAL;
	}
	return known >= 3 && has_recipient;
}
