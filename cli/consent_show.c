#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "base/jwrite.h"
#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/progress.h"
#include "mail/address.h"
#include "record/consent.h"
#include "record/find.h"
#include "record/ledger.h"
#include "record/person.h"
#include "record/walk.h"

#define LINE_BYTES   ((size_t)64 * 1024)
#define JSON_BYTES   ((size_t)64 * 1024 * 1024)
#define LOCK_WAIT_MS 5000
#define SETTLE_MS    10000

struct showing {
	struct consent_work *work;
	char person[PERSON_SIZE]; /* "" : everybody */
	const char *address;
	struct buf line;
	struct event_list events; /* of one person */
};

static const char *const fact_columns[] = { "address", "text", "channel",
	                                    "context" };
#define FACTS (sizeof(fact_columns) / sizeof(fact_columns[0]))

static const char *
yes_if(struct consent_words words, enum consent_flag flag)
{
	return (words.flags & flag) != 0 ? "yes" : "no";
}

static void
add_fields(struct buf *line, const char *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		csv_write_field(line, ',', line->len == 0, span_of(fields[i]));
}

/* As a line that `avis consent import` takes, but for the withdrawals. */
static enum result
print_consent(void *context, const struct walk_entry *entry, struct error *err)
{
	struct showing *showing = context;
	const struct event *event = entry->event;
	const char *wanted = showing->work->class_name;
	struct consent_words words;
	char time[CLOCK_TEXT_SIZE];

	(void)err;
	if (event->kind != EVENT_CONSENT ||
	    (wanted[0] != '\0' && strcmp(wanted, event->class_name) != 0) ||
	    !consent_read(event->detail, &words))
		return RESULT_OK;
	clock_format(event->time, time);
	buf_reset(&showing->line);
	const char *const fields[] = {
		time,
		event->class_name,
		words.deed == CONSENT_WITHDRAWN ? "withdrawn" : "given",
		yes_if(words, CONSENT_RECEIVE),
		yes_if(words, CONSENT_OPEN),
		yes_if(words, CONSENT_CLICK),
		words.deed == CONSENT_SOFT    ? "soft-opt-in"
		: words.deed == CONSENT_GIVEN ? "consent"
					      : "",
	};
	add_fields(&showing->line, fields, sizeof(fields) / sizeof(fields[0]));
	for (size_t i = 0; i < FACTS; i++)
		csv_write_field(&showing->line, ',', false,
		                span_of(event_fact(event, fact_columns[i])));
	buf_text(&showing->line, "\r\n");
	fwrite(showing->line.data, 1, showing->line.len, stdout);
	return RESULT_OK;
}

int
consent_list(struct consent_work *work)
{
	struct showing showing = { .work = work };
	struct walk walk = { .look = print_consent, .context = &showing };
	struct error err;

	if (!open_settings(&work->opened, work->conf))
		return EXIT_PROBLEM;
	walk.folder = work->opened.settings->journal;
	buf_init(&showing.line, LINE_BYTES);
	fputs("time,class,deed,receive,open,click,basis,address,text_id,"
	      "channel,context\r\n",
	      stdout);
	enum result result = walk_journals(&walk, &err);
	buf_done(&showing.line);
	if (result != RESULT_OK)
		opened_say(&work->opened, "%s", err.text);
	else if (walk.is_damaged)
		opened_say(&work->opened, "entries were passed by; `avis "
		                          "journal verify` names them");
	return result == RESULT_OK && !walk.is_damaged ? EXIT_DONE
	                                               : EXIT_PROBLEM;
}

/* --- one person ------------------------------------------------------- */

static enum result
keep_consent(void *context, const struct walk_entry *entry, struct error *err)
{
	struct showing *showing = context;
	struct arena *arena = showing->work->opened.arena;
	const struct event *event = entry->event;
	struct event_list *events = &showing->events;
	struct event *kept;

	(void)err;
	if (event->kind != EVENT_CONSENT ||
	    (strcmp(event->person, showing->person) != 0 &&
	     !text_is(event_fact(event, "address"), showing->address)))
		return RESULT_OK;
	kept = arena_push(arena, (void **)&events->items, &events->count,
	                  &events->room, sizeof(*kept));
	*kept = *event;
	kept->class_name = arena_strdup(arena, event->class_name);
	kept->detail = arena_strdup(arena, event->detail);
	kept->facts = NULL;
	kept->fact_count = kept->fact_room = 0;
	for (size_t i = 0; i < event->fact_count; i++)
		event_fact_add(arena, kept, event->facts[i].name,
		               event->facts[i].value);
	return RESULT_OK;
}

static void
print_state(const struct person *person)
{
	if (person->class_count == 0)
		puts("nothing is in force: no consent, no refusal");
	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *of = &person->classes[i];

		printf("%-20s receive %-3s  open %-3s  click %-3s  %s%s%s\n",
		       of->class_name, of->may_receive ? "yes" : "no",
		       of->may_measure_opens ? "yes" : "no",
		       of->may_measure_clicks ? "yes" : "no",
		       !of->has_consent     ? "no consent on record"
		       : of->is_soft_opt_in ? "soft opt-in"
		                            : "consent",
		       of->off_since[0] != '\0' ? ", refused since " : "",
		       of->off_since);
	}
	if (person->off_since[0] != '\0')
		printf("all marketing refused since %s\n", person->off_since);
}

static void
print_history(const struct event_list *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];
		const char *text = event_fact(event, "text");
		const char *channel = event_fact(event, "channel");
		const char *story = event_fact(event, "context");
		char time[CLOCK_TEXT_SIZE];

		clock_format(event->time, time);
		printf("  %s  %-20s %s%s%s%s%s%s%s  (%s.%llu)\n", time,
		       event->class_name, event->detail,
		       text[0] != '\0' ? ", text " : "", text,
		       channel[0] != '\0' ? ", by " : "", channel,
		       story[0] != '\0' ? ", " : "", story, event->writer,
		       (unsigned long long)event->sequence);
	}
}

static void
json_state(struct jwrite *json, const struct person *person)
{
	jwrite_array(json, "classes");
	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *of = &person->classes[i];

		jwrite_object(json, NULL);
		jwrite_text(json, "class", of->class_name);
		jwrite_bool(json, "receive", of->may_receive);
		jwrite_bool(json, "open", of->may_measure_opens);
		jwrite_bool(json, "click", of->may_measure_clicks);
		jwrite_bool(json, "has_consent", of->has_consent);
		jwrite_bool(json, "soft_opt_in", of->is_soft_opt_in);
		jwrite_text_if(json, "consent_text", of->consent_text);
		jwrite_text_if(json, "consent_time", of->consent_time);
		jwrite_text_if(json, "refused_since", of->off_since);
		jwrite_end(json);
	}
	jwrite_end(json);
}

static void
print_json(const struct showing *showing, const struct person *person)
{
	const struct event_list *events = &showing->events;
	struct jwrite json;
	struct buf out;

	buf_init(&out, JSON_BYTES);
	jwrite_init(&json, &out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_text(&json, "person", showing->person);
	json_state(&json, person);
	jwrite_array(&json, "history");
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];
		char time[CLOCK_TEXT_SIZE];

		clock_format(event->time, time);
		jwrite_object(&json, NULL);
		jwrite_text(&json, "time", time);
		jwrite_text(&json, "class", event->class_name);
		jwrite_text(&json, "said", event->detail);
		for (size_t f = 0; f < FACTS; f++)
			jwrite_text_if(&json, fact_columns[f],
			               event_fact(event, fact_columns[f]));
		jwrite_text(&json, "writer", event->writer);
		jwrite_int(&json, "sequence", (int64_t)event->sequence);
		jwrite_end(&json);
	}
	jwrite_end(&json);
	jwrite_end(&json);
	puts(out.data);
	buf_done(&out);
}

static bool
begin_person(struct showing *showing)
{
	struct consent_work *work = showing->work;

	if (!address_is_valid(work->word)) {
		opened_say(&work->opened, "\"%s\" is no address", work->word);
		return false;
	}
	showing->address = work->word;
	if (!open_settings(&work->opened, work->conf) ||
	    !open_keys(&work->opened))
		return false;
	person_name(work->opened.keys, work->word, showing->person);
	return true;
}

int
consent_show(struct consent_work *work)
{
	struct showing showing = { .work = work };
	struct walk walk = { .look = keep_consent, .context = &showing };
	struct person person;
	struct error err;

	if (!begin_person(&showing) || !open_store(&work->opened))
		return EXIT_PROBLEM;
	walk.folder = work->opened.settings->journal;
	enum result result = walk_journals(&walk, &err);
	if (result == RESULT_OK || result == RESULT_NONE)
		result = person_find(work->opened.arena, work->opened.store,
		                     showing.person, &person, &err);
	if (result != RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	find_sort(&showing.events);
	if (work->is_json) {
		print_json(&showing, &person);
		return EXIT_DONE;
	}
	print_state(&person);
	if (showing.events.count > 0)
		puts("on record on this host:");
	print_history(&showing.events);
	return EXIT_DONE;
}

/* --- withdrawal ------------------------------------------------------- */

/* 0: a word in it is no flag. */
static unsigned
flags_of(const char *only)
{
	unsigned flags = 0;

	if (only[0] == '\0')
		return CONSENT_ALL;
	for (;;) {
		size_t len = strcspn(only, ",");
		unsigned flag = consent_flag_of(only, len);

		if (flag == 0)
			return 0;
		flags |= flag;
		if (only[len] == '\0')
			return flags;
		only += len + 1;
	}
}

static enum result
record_withdrawal(struct showing *showing, struct ledger *ledger,
                  const char *class_name, unsigned flags, struct error *err)
{
	const struct opened *opened = &showing->work->opened;
	char detail[CONSENT_WORD_SIZE];
	struct event event;

	consent_write((struct consent_words){ CONSENT_WITHDRAWN, flags },
	              detail);
	person_event(opened->arena, opened->keys, EVENT_CONSENT,
	             showing->address, class_name, detail, &event);
	event.source = SOURCE_OPERATOR;
	return ledger_append(ledger, &event, err);
}

/* Of the class that was named, or of each that has something to take back. */
static enum result
withdraw_all(struct showing *showing, struct ledger *ledger, unsigned flags,
             size_t *count_r, struct error *err)
{
	struct consent_work *work = showing->work;
	struct person person;
	size_t count = 0;

	*count_r = 0;
	if (work->class_name[0] != '\0') {
		*count_r = 1;
		return record_withdrawal(showing, ledger, work->class_name,
		                         flags, err);
	}
	enum result result =
		person_find(work->opened.arena, ledger_store(ledger),
	                    showing->person, &person, err);
	for (size_t i = 0; result == RESULT_OK && i < person.class_count; i++) {
		if (!person.classes[i].has_consent)
			continue;
		result = record_withdrawal(showing, ledger,
		                           person.classes[i].class_name, flags,
		                           err);
		count++;
	}
	*count_r = count;
	return result;
}

static bool
check_withdrawal(struct showing *showing, unsigned flags)
{
	struct consent_work *work = showing->work;

	if (flags == 0) {
		opened_say(&work->opened,
		           "--only %s: receive, open and click are wanted, "
		           "with commas between",
		           work->only);
		return false;
	}
	if (!begin_person(showing))
		return false;
	if (work->class_name[0] == '\0' ||
	    settings_class(work->opened.settings, work->class_name) != NULL)
		return true;
	opened_say(&work->opened, "there is no class \"%s\"", work->class_name);
	return false;
}

static void
tell_withdrawal(const struct showing *showing, size_t count, unsigned flags)
{
	const struct consent_work *work = showing->work;
	const struct class_settings *class =
		settings_class(work->opened.settings, work->class_name);

	if (count == 0)
		puts("there is no consent to take back");
	else if (count == 1)
		puts("withdrawn; it holds from the next message on");
	else
		printf("withdrawn for %zu classes; it holds from the next "
		       "message on\n",
		       count);
	if (class != NULL && (flags & CONSENT_RECEIVE) != 0 &&
	    class->consent == CONSENT_NONE)
		printf("but class %s asks for no consent: `avis suppress add` "
		       "keeps its mail away\n",
		       work->class_name);
}

int
consent_withdraw(struct consent_work *work)
{
	struct showing showing = { .work = work };
	unsigned flags = flags_of(work->only);
	struct ledger *ledger = NULL;
	struct error err;
	size_t count;

	if (!check_withdrawal(&showing, flags))
		return flags == 0 ? EXIT_USAGE : EXIT_PROBLEM;
	enum result result =
		ledger_open(work->opened.settings, work->opened.keys, "avis",
	                    LOCK_WAIT_MS, &ledger, &err);
	if (result == RESULT_OK)
		result = withdraw_all(&showing, ledger, flags, &count, &err);
	if (result == RESULT_OK)
		result = ledger_settle(ledger, SETTLE_MS, &err);
	if (result == RESULT_OK)
		tell_withdrawal(&showing, count, flags);
	else
		opened_say(&work->opened, "%s", err.text);
	ledger_close(&ledger, 0);
	return result == RESULT_OK ? EXIT_DONE : EXIT_PROBLEM;
}
