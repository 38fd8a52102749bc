#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/jwrite.h"
#include "cli/commands.h"
#include "cli/rights.h"
#include "record/amend.h"

#define EXPORT_BYTES ((size_t)1024 * 1024 * 1024)
#define SETTLE_MS    10000

/* --- what is others' data (GDPR-8, article 15(4)) ----------------------- */

/* Who sent it for us, and from which machine, is our people's data. */
static const char *const never_shown[] = { "auth", "client", "left_out" };

static bool
names_others(const struct trace_item *item, const struct event_fact *fact)
{
	const struct event *event = &item->event;

	for (size_t i = 0; i < event->recipient_count; i++)
		if (i + 1 != item->recipient &&
		    amend_names(span_of(fact->value),
		                event->recipients[i].address))
			return true;
	return false;
}

bool
rights_may_show(const struct rights_export *export,
                const struct trace_item *item, const struct event_fact *fact)
{
	bool is_own = amend_names(span_of(fact->value), export->trace.address);

	for (size_t i = 0; i < sizeof(never_shown) / sizeof(never_shown[0]);
	     i++)
		if (strcmp(fact->name, never_shown[i]) == 0)
			return false;
	/* Somebody else's event that only mentions the person. */
	if (item->part == TRACE_SHARED && item->recipient == 0)
		return is_own;
	if (item->part == TRACE_SHARED && strcmp(fact->name, "raw") == 0)
		return false;
	return !names_others(item, fact);
}

/* --- order -------------------------------------------------------------- */

static int
by_time(const void *a, const void *b)
{
	const struct event *x = &((const struct trace_item *)a)->event;
	const struct event *y = &((const struct trace_item *)b)->event;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (strcmp(x->writer, y->writer) != 0)
		return strcmp(x->writer, y->writer);
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

const struct trace_item *
rights_next(const struct rights_export *export,
            const struct message_id *message, size_t *at)
{
	while (*at < export->trace.count) {
		const struct trace_item *item = &export->trace.items[(*at)++];
		const struct event *event = &item->event;
		bool is_of_one = event->has_message &&
		                 trace_message(&export->trace, event->message);

		if (message == NULL
		            ? !is_of_one
		            : event->has_message &&
		                      message_id_same(event->message, *message))
			return item;
	}
	return NULL;
}

/* --- JSON --------------------------------------------------------------- */

static void
json_time(struct jwrite *json, const char *name, time_ms_t when)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(when, text);
	jwrite_text(json, name, text);
}

static void
json_event(struct jwrite *json, const struct rights_export *export,
           const struct trace_item *item)
{
	const struct event *event = &item->event;

	jwrite_object(json, NULL);
	jwrite_text(json, "kind", event_kind_name(event->kind));
	json_time(json, "time", event->time);
	json_time(json, "recorded", event->recorded);
	jwrite_text(json, "source", event_source_name(event->source));
	jwrite_text(json, "grade", event_grade_name(event->grade));
	jwrite_text_if(json, "class", event->class_name);
	jwrite_text_if(json, "status", event->status);
	jwrite_text_if(json, "detail", event->detail);
	jwrite_text(json, "writer", event->writer);
	jwrite_int(json, "sequence", (int64_t)event->sequence);
	jwrite_object(json, "facts");
	for (size_t i = 0; i < event->fact_count; i++)
		if (rights_may_show(export, item, &event->facts[i]))
			jwrite_text(json, event->facts[i].name,
			            event->facts[i].value);
	jwrite_end(json);
	jwrite_end(json);
}

/* Why it was sent, and until when it is known. */
static void
json_class(struct jwrite *json, const struct rights_export *export,
           const struct event *first)
{
	const struct class_settings *class = settings_class(
		export->work->opened.settings, first->class_name);

	jwrite_text_if(json, "class", first->class_name);
	if (class != NULL) {
		jwrite_text(json, "purpose", purpose_name(class->purpose));
		jwrite_text(json, "basis", basis_name(class->basis));
	}
	json_time(json, "kept_until", first->time + first->retention_ms);
	if (first->way_out_ms > 0)
		json_time(json, "token_unsubscribes_until",
		          first->time + first->way_out_ms);
}

static const struct trace_item *
first_of(const struct rights_export *export, const struct trace_message *of)
{
	const struct trace_item *item;
	size_t at = 0;

	while ((item = rights_next(export, &of->id, &at)) != NULL)
		if (item->event.kind == EVENT_SUBMITTED ||
		    item->event.kind == EVENT_REFUSED)
			return item;
	return NULL;
}

static void
json_message(struct jwrite *json, const struct rights_export *export,
             const struct trace_message *message)
{
	const struct trace_item *item, *first = first_of(export, message);
	char name[MESSAGE_NAME_SIZE];
	size_t at = 0;

	message_id_name(message->id, name);
	jwrite_object(json, NULL);
	jwrite_text(json, "token", name);
	jwrite_bool(json, "had_other_recipients", message->is_shared);
	if (first != NULL)
		json_class(json, export, &first->event);
	jwrite_array(json, "events");
	while ((item = rights_next(export, &message->id, &at)) != NULL)
		json_event(json, export, item);
	jwrite_end(json);
	jwrite_end(json);
}

static void
json_choices(struct jwrite *json, const struct person *person)
{
	jwrite_object(json, "choices");
	jwrite_text_if(json, "all_marketing_refused_since", person->off_since);
	jwrite_bool(json, "refuses_receipts", person->refuses_receipts);
	jwrite_bool(json, "refuses_measuring", person->refuses_measure);
	jwrite_text(json, "channel", person->channel);
	jwrite_text_if(json, "language", person->language);
	if (person->cap_count > 0) {
		jwrite_int(json, "at_most", person->cap_count);
		jwrite_int(json, "in_days", person->cap_days);
	}
	jwrite_text_if(json, "restricted_since", person->restricted_since);
	jwrite_array(json, "classes");
	for (size_t i = 0; i < person->class_count; i++) {
		const struct person_class *class = &person->classes[i];

		jwrite_object(json, NULL);
		jwrite_text(json, "class", class->class_name);
		jwrite_text_if(json, "refused_since", class->off_since);
		jwrite_bool(json, "has_consent", class->has_consent);
		jwrite_bool(json, "consent_receive", class->may_receive);
		jwrite_bool(json, "consent_open", class->may_measure_opens);
		jwrite_bool(json, "consent_click", class->may_measure_clicks);
		jwrite_bool(json, "soft_opt_in", class->is_soft_opt_in);
		jwrite_text_if(json, "consent_text", class->consent_text);
		jwrite_text_if(json, "consent_time", class->consent_time);
		jwrite_end(json);
	}
	jwrite_end(json);
	jwrite_end(json);
}

void
rights_json(const struct rights_export *export, struct buf *out)
{
	const struct settings *settings = export->work->opened.settings;
	const struct trace_item *item;
	struct jwrite json;
	size_t at = 0;

	jwrite_init(&json, out, false);
	json.is_pretty = true;
	jwrite_object(&json, NULL);
	jwrite_text(&json, "address", export->trace.address);
	jwrite_text(&json, "person", export->trace.person);
	json_time(&json, "made", export->made);
	jwrite_text(&json, "host", settings->host);
	jwrite_text_if(&json, "controller", settings->organisation.name);
	jwrite_text_if(&json, "contact", settings->organisation.contact);
	if (export->has_person)
		json_choices(&json, &export->person);
	jwrite_array(&json, "messages");
	for (size_t i = 0; i < export->trace.message_count; i++)
		json_message(&json, export, &export->trace.messages[i]);
	jwrite_end(&json);
	jwrite_array(&json, "other_events");
	while ((item = rights_next(export, NULL, &at)) != NULL)
		json_event(&json, export, item);
	jwrite_end(&json);
	jwrite_end(&json);
	buf_byte(out, '\n');
}

/* --- the command -------------------------------------------------------- */

/* That it was asked is recorded before anything is shown. */
static bool
record_export(struct rights_work *work)
{
	struct ledger *ledger = NULL;
	struct event event;
	struct error err;

	if (!rights_open_ledger(work, &ledger))
		return false;
	person_event(work->opened.arena, work->opened.keys, EVENT_EXPORTED,
	             work->address, "", "", &event);
	event.person[0] = '\0'; /* it goes with its payload */
	event.source = SOURCE_OPERATOR;
	enum result result = ledger_append(ledger, &event, &err);
	ledger_close(&ledger, SETTLE_MS);
	if (result != RESULT_OK)
		opened_say(&work->opened, "%s", err.text);
	return result == RESULT_OK;
}

static bool
write_file(struct rights_work *work, const char *path, const struct buf *out)
{
	struct error err;

	if (out->is_full) {
		opened_say(&work->opened, "it is larger than %zu bytes",
		           out->limit);
		return false;
	}
	if (strcmp(path, "-") == 0)
		return fwrite(out->data, 1, out->len, stdout) == out->len;
	if (file_replace(path, buf_as_span(out), 0600, &err) == RESULT_OK)
		return true;
	opened_say(&work->opened, "%s", err.text);
	return false;
}

static bool
write_both(struct rights_export *export)
{
	struct rights_work *work = export->work;
	bool is_good = true;
	struct error err;
	struct buf out;

	buf_init(&out, EXPORT_BYTES);
	if (work->json_file[0] != '\0') {
		rights_json(export, &out);
		is_good = write_file(work, work->json_file, &out);
	}
	buf_reset(&out);
	if (is_good && work->html_file[0] != '\0') {
		is_good = rights_page(export, &out, &err) == RESULT_OK;
		if (!is_good)
			opened_say(&work->opened, "%s", err.text);
		else
			is_good = write_file(work, work->html_file, &out);
	}
	buf_done(&out);
	return is_good;
}

int
rights_export(struct rights_work *work)
{
	struct rights_export export = { .work = work, .made = clock_now() };
	struct error err;

	if (!rights_begin(work) || !open_store(&work->opened))
		return EXIT_PROBLEM;
	const char *const folders[] = { work->opened.settings->journal };
	const struct trace_question question = {
		.keys = work->opened.keys,
		.folders = folders,
		.folder_count = 1,
		.address = work->address,
	};

	if (work->html_file[0] == '\0' && work->json_file[0] == '\0')
		work->json_file = "-";
	if (trace_person(work->opened.arena, &question, &export.trace, &err) !=
	    RESULT_OK) {
		opened_say(&work->opened, "%s", err.text);
		return EXIT_PROBLEM;
	}
	if (export.trace.count > 1)
		qsort(export.trace.items, export.trace.count,
		      sizeof(*export.trace.items), by_time);
	export.has_person = person_find(work->opened.arena, work->opened.store,
	                                export.trace.person, &export.person,
	                                &err) == RESULT_OK;
	if (!export.has_person)
		opened_say(&work->opened,
		           "%s: what is in force now is left out", err.text);
	if (!record_export(work) || !write_both(&export))
		return EXIT_PROBLEM;
	return export.has_person && !export.trace.is_damaged ? EXIT_DONE
	                                                     : EXIT_PROBLEM;
}
