#include "mail/report.h"

#include <string.h>

#include "mail/automatic.h"
#include "mail/bounce.h"
#include "mail/content.h"
#include "mail/letter.h"
#include "mail/mime.h"
#include "mail/report_parts.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct report nothing = {
	.kind = REPORT_OTHER,
	.problem = "",
	.envelope_id = "",
	.original_message_id = "",
	.reporting_mta = "",
	.arrival_date = "",
	.modifiers = "",
	.disposition_text = "",
	.reporting_ua = "",
};

static const char *const kind_names[] = {
	[REPORT_DSN] = "dsn",
	[REPORT_MDN] = "mdn",
	[REPORT_AUTO_REPLY] = "auto-reply",
	[REPORT_FEEDBACK] = "feedback",
	[REPORT_OTHER] = "other",
};

static const char *const action_names[] = {
	[ACTION_NONE] = "",           [ACTION_FAILED] = "failed",
	[ACTION_DELAYED] = "delayed", [ACTION_DELIVERED] = "delivered",
	[ACTION_RELAYED] = "relayed", [ACTION_EXPANDED] = "expanded",
};

static const char *const disposition_names[] = {
	[DISPOSITION_NONE] = "",
	[DISPOSITION_DISPLAYED] = "displayed",
	[DISPOSITION_DELETED] = "deleted",
	[DISPOSITION_DISPATCHED] = "dispatched",
	[DISPOSITION_PROCESSED] = "processed",
	[DISPOSITION_DENIED] = "denied",
	[DISPOSITION_FAILED] = "failed",
};

/*
 * The machine-readable parts. In the order of their rank: a report that
 * holds several is a delivery report first.
 */
struct part_form {
	enum report_kind kind;
	const char *type;        /* somewhere in the part's type */
	const char *report_type; /* of the multipart/report around it */
	void (*read)(struct arena *arena, struct span text,
	             struct report *report);
	bool (*looks_like)(struct span text);
};

static const struct part_form part_forms[] = {
	{ REPORT_DSN, "delivery-status", "delivery-status", report_dsn_read,
	  report_dsn_looks_like },
	{ REPORT_MDN, "disposition-notification", "disposition-notification",
	  report_mdn_read, report_mdn_looks_like },
	{ REPORT_FEEDBACK, "feedback-report", "feedback-report",
	  report_feedback_read, NULL },
};

const char *
report_kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

const char *
report_action_name(enum report_action action)
{
	return action_names[action];
}

const char *
report_disposition_name(enum report_disposition disposition)
{
	return disposition_names[disposition];
}

void
report_setup(void)
{
	mime_setup();
}

static bool
type_holds(const char *type, const char *word)
{
	struct span s = span_of(type);

	return span_find_text(s, word, 0) < s.len;
}

/* Labelled so, or made so by what it says under another label. */
static bool
has_form(const struct letter *letter, const struct part *part,
         const struct part_form *form)
{
	if (part_is_multipart(part))
		return false;
	if (type_holds(part->type, form->type))
		return true;
	if (form->looks_like == NULL || part->depth == 0 ||
	    (!text_starts(part->type, "text/") &&
	     !text_starts(part->type, "application/octet") &&
	     !text_starts(part->type, "message/")))
		return false;
	return form->looks_like(letter_part_lines(letter, part, 4096));
}

static struct span
part_fields(const struct letter *letter, const struct part *part,
            const struct part_form *form)
{
	struct span text =
		letter_part_lines(letter, part, REPORT_PART_LIMIT + 1);

	/* Without the empty line its fields end up in the part's header. */
	if (form->looks_like != NULL && !form->looks_like(text) &&
	    form->looks_like(part->whole))
		return span_take(part->whole, REPORT_PART_LIMIT);
	return text;
}

/* Reads all parts of that form; a report may come in several. */
static bool
read_form(const struct letter *letter, const struct part_form *form,
          struct report *report)
{
	bool is_found = false;

	for (size_t i = 0; i < letter->parts.count; i++) {
		const struct part *part = &letter->parts.items[i];

		if (!has_form(letter, part, form))
			continue;
		if (is_found && form->kind != REPORT_DSN)
			break;
		form->read(letter->arena, part_fields(letter, part, form),
		           report);
		is_found = true;
	}
	if (is_found) {
		report->kind = form->kind;
		report->has_report_part = true;
	}
	return is_found;
}

/* Has the letter a multipart/report that announces this form? */
static bool
announces(const struct letter *letter, const struct part_form *form)
{
	for (size_t i = 0; i < letter->parts.count; i++) {
		const struct part *part = &letter->parts.items[i];

		if (!text_is(part->type, "multipart/report"))
			continue;
		if (text_is(content_parameter(letter->arena, part->type_value,
		                              "report-type"),
		            form->report_type))
			return true;
	}
	return false;
}

static bool
has_multipart_report(const struct letter *letter)
{
	for (size_t i = 0; i < letter->parts.count; i++)
		if (text_is(letter->parts.items[i].type, "multipart/report"))
			return true;
	return false;
}

/* A person who passes a report on is not its sender. */
static bool
is_passed_on(const struct letter *letter)
{
	if (bounce_is_from_daemon(letter) || letter_has_null_sender(letter))
		return false;
	return letter_is_forward(letter) &&
	       !text_is(letter->parts.items[0].type, "multipart/report");
}

static void
fill_from_words(const struct letter *letter, const char *const *sent,
                size_t sent_count, struct report *report)
{
	struct report words = nothing;

	bounce_read(letter, sent, sent_count, &words);
	if (report->reporting_mta[0] == '\0')
		report->reporting_mta = words.reporting_mta;
	if (report->recipient_count == 0) {
		report->recipients = words.recipients;
		report->recipient_count = words.recipient_count;
		report->recipient_room = words.recipient_room;
		return;
	}

	struct report_recipient *first = &report->recipients[0];
	if (report->recipient_count == 1 && words.recipient_count == 1 &&
	    first->final[0] == '\0' && first->original[0] == '\0')
		first->final = words.recipients[0].final;
}

/* Mail that was forwarded fails under an address we never wrote to. */
static void
name_original(const char *const *sent, size_t sent_count, struct report *report)
{
	if (sent_count != 1 || report->recipient_count != 1)
		return;

	struct report_recipient *recipient = &report->recipients[0];
	if (recipient->original[0] == '\0' &&
	    !text_is(recipient->final, sent[0]))
		recipient->original = sent[0];
}

static bool
read_parts(const struct letter *letter, const char *const *sent,
           size_t sent_count, struct report *report)
{
	for (size_t i = 0; i < COUNT(part_forms); i++) {
		if (!read_form(letter, &part_forms[i], report))
			continue;
		if (report->kind == REPORT_DSN &&
		    (report->recipient_count == 0 ||
		     (report->recipients[0].final[0] == '\0' &&
		      report->recipients[0].original[0] == '\0')))
			fill_from_words(letter, sent, sent_count, report);
		return true;
	}
	return false;
}

static bool
read_words(const struct letter *letter, const char *const *sent,
           size_t sent_count, struct report *report)
{
	bool is_announced = announces(letter, &part_forms[0]);

	if (!is_announced && report_mdn_read_words(letter, report)) {
		report->kind = REPORT_MDN;
		return true;
	}
	if (!is_announced && !bounce_is_one(letter))
		return false;
	report->kind = REPORT_DSN;
	bounce_read(letter, sent, sent_count, report);
	if (is_announced)
		report_malformed(report, "no message/delivery-status part");
	return true;
}

/* RFC 8098, 3: who sends the receipt is who got the message. */
static void
name_reader(const struct letter *letter, struct report *report)
{
	if (report->recipient_count == 1 &&
	    report->recipients[0].final[0] == '\0' &&
	    report->recipients[0].original[0] == '\0')
		report->recipients[0].final = letter->from;
}

/* A multipart/report whose machine-readable part is missing. */
static void
read_announced(const struct letter *letter, struct report *report)
{
	if (announces(letter, &part_forms[1])) {
		report->kind = REPORT_MDN;
		report_malformed(report,
		                 "no message/disposition-notification part");
	} else if (announces(letter, &part_forms[2])) {
		report->kind = REPORT_FEEDBACK;
		report_malformed(report, "no message/feedback-report part");
	}
}

static void
decide(const struct letter *letter, const char *const *sent, size_t sent_count,
       struct report *report)
{
	if (!is_passed_on(letter) &&
	    !read_parts(letter, sent, sent_count, report) &&
	    !read_words(letter, sent, sent_count, report))
		read_announced(letter, report);
	if (report->kind == REPORT_MDN)
		name_reader(letter, report);
	if (report->kind == REPORT_OTHER && !has_multipart_report(letter) &&
	    automatic_is_reply(letter))
		report->kind = REPORT_AUTO_REPLY;
}

void
report_read(struct arena *arena, struct span message, const char *const *sent,
            size_t sent_count, struct report *report_r)
{
	struct letter letter;

	*report_r = nothing;
	letter_read(arena, message, &letter);
	decide(&letter, sent, sent_count, report_r);
	if (report_r->kind == REPORT_OTHER)
		return;
	if (letter.parts.is_over_limit)
		report_malformed(report_r, "more than 500 parts, or deeper "
		                           "than 20");
	if (report_r->original_message_id[0] == '\0' &&
	    report_r->kind != REPORT_AUTO_REPLY)
		report_r->original_message_id = letter.returned_id;
	if (report_r->original_message_id[0] == '\0')
		report_r->original_message_id = letter_answers(&letter);
	if (report_r->kind == REPORT_DSN)
		name_original(sent, sent_count, report_r);
}
