#include "cli/consent_row.h"

#include <string.h>

#include "base/nearest.h"
#include "mail/address.h"
#include "mail/mime.h"
#include "record/consent.h"

#define TEXT_LIMIT  200 /* bytes of a text's name, of a channel */
#define STORY_LIMIT 2000
#define SLACK_MS    ((time_ms_t)5 * 60 * 1000) /* clocks differ */

static const struct {
	const char *names[6]; /* the first is the one we speak of */
	bool is_required;
} columns[COLUMNS] = {
	[COLUMN_ADDRESS] = { { "address", "email", "e-mail", "adresse",
	                       "courriel" },
	                     true },
	[COLUMN_CLASS] = { { "class", "list", "classe", "liste" }, true },
	[COLUMN_TIME] = { { "time", "date", "heure" }, true },
	[COLUMN_TEXT] = { { "text_id", "text", "texte" }, false },
	[COLUMN_CHANNEL] = { { "channel", "canal" }, false },
	[COLUMN_RECEIVE] = { { "receive", "recevoir", "reception" }, true },
	[COLUMN_OPEN] = { { "open", "ouverture" }, false },
	[COLUMN_CLICK] = { { "click", "clic" }, false },
	[COLUMN_BASIS] = { { "basis", "base" }, false },
	[COLUMN_CONTEXT] = { { "context", "contexte" }, false },
};

/* Ours, in files of lines that could not be taken (--rejects). */
static const char *const own_columns[] = { "avis_line", "avis_reason" };

static int
column_of(struct span name)
{
	for (int c = 0; c < COLUMNS; c++)
		for (size_t i = 0; columns[c].names[i] != NULL; i++)
			if (span_is(name, columns[c].names[i]))
				return c;
	return -1;
}

static bool
is_own(struct span name)
{
	return span_is(name, own_columns[0]) || span_is(name, own_columns[1]);
}

static enum result
check_required(const struct consent_columns *found,
               const struct consent_defaults *defaults, struct error *err)
{
	for (int c = 0; c < COLUMNS; c++) {
		if (!columns[c].is_required || found->at[c] >= 0 ||
		    (c == COLUMN_CLASS && defaults->class_name[0] != '\0'))
			continue;
		error_set(err, "there is no column \"%s\"%s",
		          columns[c].names[0],
		          c == COLUMN_CLASS ? "; --class NAME says it for all"
		                            : "");
		return RESULT_BAD;
	}
	return RESULT_OK;
}

enum result
consent_header(struct arena *arena, const struct csv_record *header,
               const struct consent_defaults *defaults,
               struct consent_columns *columns_r, const char **ignored_r,
               struct error *err)
{
	struct consent_columns found = { .count = header->count };
	const char *ignored = "";

	for (int c = 0; c < COLUMNS; c++)
		found.at[c] = -1;
	for (size_t i = 0; i < header->count; i++) {
		struct span name = header->fields[i];
		int c = column_of(name);

		if (c < 0 && name.len > 0 && !is_own(name))
			ignored = arena_printf(arena, "%s%s" SPAN_FMT, ignored,
			                       ignored[0] != '\0' ? ", " : "",
			                       SPAN_ARG(name));
		if (c < 0)
			continue;
		if (found.at[c] >= 0) {
			error_set(err, "two columns say \"%s\"",
			          columns[c].names[0]);
			return RESULT_BAD;
		}
		found.at[c] = (int)i;
	}
	if (check_required(&found, defaults, err) != RESULT_OK)
		return RESULT_BAD;
	*columns_r = found;
	*ignored_r = ignored;
	return RESULT_OK;
}

/* --- one line --------------------------------------------------------- */

struct row_reading {
	struct arena *arena;
	const struct csv_record *row;
	const struct consent_columns *columns;
	const struct consent_defaults *defaults;
	struct error *err;
};

static struct span
field(const struct row_reading *reading, enum consent_column column)
{
	int at = reading->columns->at[column];

	return at >= 0 && (size_t)at < reading->row->count
	               ? span_trim(reading->row->fields[at])
	               : SPAN("");
}

static enum result
wrong(struct row_reading *reading, enum consent_column column, const char *what)
{
	error_set(reading->err, "%s: %s", columns[column].names[0], what);
	return RESULT_BAD;
}

static enum result
read_text(struct row_reading *reading, enum consent_column column, size_t limit,
          const char **text_r)
{
	struct span text = field(reading, column);

	if (text.len > limit)
		return wrong(reading, column, "too long");
	if (memchr(text.at, '\0', text.len) != NULL)
		return wrong(reading, column, "has a NUL byte");
	if (!mime_is_utf8(text))
		return wrong(reading, column,
		             "is not UTF-8; `iconv -f WINDOWS-1252 -t UTF-8` "
		             "turns such a file");
	*text_r = arena_strndup(reading->arena, text.at, text.len);
	return RESULT_OK;
}

static enum result
read_address(struct row_reading *reading, const char **address_r)
{
	const char *address;

	if (read_text(reading, COLUMN_ADDRESS, 320, &address) != RESULT_OK)
		return RESULT_BAD;
	if (address[0] == '\0')
		return wrong(reading, COLUMN_ADDRESS, "is empty");
	if (!address_is_valid(address))
		return wrong(reading, COLUMN_ADDRESS, "is no address");
	*address_r = address;
	return RESULT_OK;
}

static const char *
class_at(const void *settings, size_t index)
{
	const struct settings *of = settings;

	return index < of->class_count ? of->classes[index].name : NULL;
}

static enum result
read_class(struct row_reading *reading, const char **class_r)
{
	const struct settings *settings = reading->defaults->settings;
	const struct class_settings *class;
	const char *name, *near;

	if (read_text(reading, COLUMN_CLASS, TEXT_LIMIT, &name) != RESULT_OK)
		return RESULT_BAD;
	if (name[0] == '\0')
		name = reading->defaults->class_name;
	if (name[0] == '\0')
		return wrong(reading, COLUMN_CLASS, "is empty");
	class = settings_class(settings, name);
	if (class != NULL) {
		*class_r = class->name;
		return RESULT_OK;
	}
	near = nearest_name(name, class_at, settings);
	error_set(reading->err, "class: no class \"%s\" in the settings%s%s%s",
	          name, near[0] != '\0' ? "; did you mean \"" : "", near,
	          near[0] != '\0' ? "\"?" : "");
	return RESULT_BAD;
}

static enum result
read_time(struct row_reading *reading, time_ms_t *time_r)
{
	const char *text;

	if (read_text(reading, COLUMN_TIME, 64, &text) != RESULT_OK)
		return RESULT_BAD;
	if (!clock_parse(text, time_r))
		return wrong(reading, COLUMN_TIME,
		             "is no time as 2026-11-21 or "
		             "2026-11-21T10:00:02+01:00");
	if (*time_r <= 0)
		return wrong(reading, COLUMN_TIME, "is before 1970");
	if (*time_r > reading->defaults->now + SLACK_MS)
		return wrong(reading, COLUMN_TIME, "lies in the future");
	return RESULT_OK;
}

/* GDPR-3: silence is no, and only a clear yes is yes. */
static enum result
read_flag(struct row_reading *reading, enum consent_column column,
          enum consent_flag flag, unsigned *flags)
{
	static const char *const yes[] = { "yes", "1",    "true", "y",
		                           "oui", "vrai", "o" };
	static const char *const no[] = { "",  "no",  "0",    "false",
		                          "n", "non", "faux", "-" };
	struct span text = field(reading, column);

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (span_is(text, yes[i])) {
			*flags |= flag;
			return RESULT_OK;
		}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (span_is(text, no[i]))
			return RESULT_OK;
	return wrong(reading, column, "is neither yes nor no");
}

static enum result
read_words(struct row_reading *reading, struct consent_words *words_r)
{
	struct consent_words words = { CONSENT_GIVEN, 0 };
	struct span basis = field(reading, COLUMN_BASIS);

	if (span_is(basis, "soft-opt-in"))
		words.deed = CONSENT_SOFT;
	else if (basis.len > 0 && !span_is(basis, "consent"))
		return wrong(reading, COLUMN_BASIS,
		             "is neither consent nor soft-opt-in");
	if (read_flag(reading, COLUMN_RECEIVE, CONSENT_RECEIVE, &words.flags) !=
	            RESULT_OK ||
	    read_flag(reading, COLUMN_OPEN, CONSENT_OPEN, &words.flags) !=
	            RESULT_OK ||
	    read_flag(reading, COLUMN_CLICK, CONSENT_CLICK, &words.flags) !=
	            RESULT_OK)
		return RESULT_BAD;
	*words_r = words;
	return RESULT_OK;
}

/* GDPR-2: a consent without its wording proves nothing, a sale neither. */
static enum result
check_proof(struct row_reading *reading, struct consent_words words,
            const char *text, const char *context)
{
	if (words.deed == CONSENT_GIVEN && text[0] == '\0')
		return wrong(reading, COLUMN_TEXT,
		             "is empty: which wording was agreed to?");
	if (words.deed == CONSENT_SOFT && context[0] == '\0')
		return wrong(reading, COLUMN_CONTEXT,
		             "is empty: which sale is it that allows this?");
	return RESULT_OK;
}

enum result
consent_row(struct arena *arena, const struct csv_record *row,
            const struct consent_columns *found,
            const struct consent_defaults *defaults, struct event *event_r,
            struct error *err)
{
	struct row_reading reading = { arena, row, found, defaults, err };
	struct event event = { .kind = EVENT_CONSENT,
		               .grade = GRADE_CLAIMED,
		               .source = SOURCE_OPERATOR,
		               .queue_id = "",
		               .status = "" };
	const char *address, *text, *channel, *context;
	struct consent_words words;
	char *detail;

	if (row->count != found->count) {
		error_set(err, "it has %zu fields, the first line has %zu",
		          row->count, found->count);
		return RESULT_BAD;
	}
	if (read_address(&reading, &address) != RESULT_OK ||
	    read_class(&reading, &event.class_name) != RESULT_OK ||
	    read_time(&reading, &event.time) != RESULT_OK ||
	    read_text(&reading, COLUMN_TEXT, TEXT_LIMIT, &text) != RESULT_OK ||
	    read_text(&reading, COLUMN_CHANNEL, TEXT_LIMIT, &channel) !=
	            RESULT_OK ||
	    read_text(&reading, COLUMN_CONTEXT, STORY_LIMIT, &context) !=
	            RESULT_OK ||
	    read_words(&reading, &words) != RESULT_OK ||
	    check_proof(&reading, words, text, context) != RESULT_OK)
		return RESULT_BAD;
	detail = arena_alloc(arena, CONSENT_WORD_SIZE);
	consent_write(words, detail);
	event.detail = detail;
	event_fact_add(arena, &event, "address", address);
	event_fact_add(arena, &event, "text", text);
	event_fact_add(arena, &event, "channel", channel);
	event_fact_add(arena, &event, "context", context);
	*event_r = event;
	return RESULT_OK;
}

void
consent_print(const struct event *event, struct buf *out)
{
	static const char *const facts[] = { "text", "channel", "context" };
	struct span address = span_of(event_fact(event, "address"));

	buf_reset(out);
	for (size_t i = 0; i < address.len; i++)
		buf_byte(out, ascii_lower(address.at[i]));
	buf_printf(out, "\n%s\n%s\n%lld", event->class_name, event->detail,
	           (long long)event->time);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		buf_printf(out, "\n%s", event_fact(event, facts[i]));
}
