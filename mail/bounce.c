#include "mail/bounce.h"

#include <string.h>

#include "mail/address.h"
#include "mail/bounce_address.h"
#include "mail/bounce_reason.h"
#include "mail/patterns.h"
#include "mail/phrase.h"
#include "mail/report_parts.h"

#define ENOUGH         6 /* points */
#define ENOUGH_MACHINE 5 /* when a mail system sends it */
#define HEAD_BYTES     6000
#define FEW_RECIPIENTS 1

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Local parts and names under which mail systems write. */
static const struct {
	const char *start;
	int points;
} daemon_locals[] = {
	{ "mailer-daemon", 3 }, { "mailerdaemon", 3 },
	{ "mailer_daemon", 3 }, { "mail-daemon", 3 },
	{ "maildaemon", 3 },    { "mdaemon", 3 },
	{ "postmaster", 3 },    { "microsoftexchange", 3 },
	{ "mailer", 2 },        { "postoffice", 2 },
	{ "mailsystem", 3 },    { "mail-system", 3 },
	{ "mail.system", 3 },   { "mmdf", 3 },
	{ "smtp", 2 },          { "uucp", 2 },
	{ "bounce", 2 },        { "mail-delivery", 3 },
	{ "maildelivery", 3 },  { "mail_delivery", 3 },
	{ "delivery", 2 },      { "daemon", 2 },
	{ "system", 1 },        { "administrator", 1 },
	{ "admin", 1 },         { "root", 1 },
	{ "noreply", 1 },       { "no-reply", 1 },
	{ "mailman", 1 },       { "majordomo", 1 },
	{ "listserv", 1 },      { "owner-", 1 },
};

static const char *const daemon_names[] = {
	"mail delivery",
	"maildelivery",
	"mail system",
	"mailer-daemon",
	"mailer daemon",
	"postmaster",
	"system administrator",
	"systemadministrator",
	"mail administrator",
	"administrateur syst",
	"administrador del sistema",
	"amministratore di sistema",
	"systeembeheerder",
	"administrador do sistema",
	"microsoft outlook",
	"microsoft exchange",
	"internet mail delivery",
	"mail router",
	"mail gateway",
	"delivery subsystem",
	"mail server",
	"mailserver",
	"postoffice",
	"mail transport",
	"delivery system",
	"message delivery",
	"delivery agent",
	"systemadministrat",
	"電子メール",
	"システム管理者",
	"系统管理员",
	"системный администратор",
};

static int
daemon_points(const struct letter *letter)
{
	struct span local = address_local(letter->from);
	int points = 0;

	for (size_t i = 0; i < COUNT(daemon_locals); i++)
		if (span_starts(local, daemon_locals[i].start) &&
		    points < daemon_locals[i].points)
			points = daemon_locals[i].points;
	for (size_t i = 0; i < COUNT(daemon_names); i++)
		if (phrase_in(letter->from_name, daemon_names[i]))
			points = 3;
	return points;
}

static bool
has_field(const struct letter *letter, const char *name)
{
	return header_find(letter->headers, name, 1) != NULL;
}

/* A postmaster is a person as well, and answers like one. */
static bool
is_conversation(const struct letter *letter)
{
	return letter_is_reply_or_forward(letter) &&
	       (has_field(letter, "In-Reply-To") ||
	        has_field(letter, "User-Agent") ||
	        has_field(letter, "X-Mailer"));
}

bool
bounce_is_from_daemon(const struct letter *letter)
{
	return daemon_points(letter) >= 2 && !is_conversation(letter);
}

static int
subject_points(const struct letter *letter)
{
	const struct pattern *best;

	if (letter_is_reply_or_forward(letter) &&
	    !bounce_is_from_daemon(letter))
		return 0;
	best = pattern_best(&bounce_subjects, letter->subject_folded);
	return best == NULL ? 0 : best->points;
}

/* Signs of a mail program and of a conversation. */
static int
person_points(const struct letter *letter)
{
	int points = 0;

	if (bounce_is_from_daemon(letter) || letter_has_null_sender(letter))
		return 0;
	points += letter_is_reply_or_forward(letter) ? 3 : 0;
	points += has_field(letter, "In-Reply-To") ? 1 : 0;
	points += has_field(letter, "User-Agent") ? 2 : 0;
	points += has_field(letter, "X-Mailer") ? 1 : 0;
	points += has_field(letter, "List-Id") ? 1 : 0;
	points += has_field(letter, "List-Unsubscribe") ? 3 : 0;
	return points;
}

/* Something that no person's mail has. */
static bool
has_machine_sign(const struct letter *letter)
{
	const char *submitted = header_token(
		letter->arena,
		header_text(letter->arena, letter->headers, "Auto-Submitted"));

	return daemon_points(letter) > 0 || letter_has_null_sender(letter) ||
	       has_field(letter, "X-Failed-Recipients") ||
	       (submitted[0] != '\0' && strcmp(submitted, "no") != 0) ||
	       has_field(letter, "Precedence") || subject_points(letter) >= 4;
}

static bool
is_auto_replied(const struct letter *letter)
{
	return text_starts(
		header_token(letter->arena,
	                     header_text(letter->arena, letter->headers,
	                                 "Auto-Submitted")),
		"auto-replied");
}

/* Absences are full of mail that nobody reads or gets. */
static bool
is_about_absence(const struct letter *letter)
{
	const struct pattern *subject =
		pattern_best(&automatic_subjects, letter->subject_folded);

	return subject != NULL && subject->points >= 2;
}

/* A parcel or a visitor may be undeliverable too: what only mail has. */
static bool
has_mail_sign(const struct letter *letter, struct span head)
{
	return letter->has_returned ||
	       report_status_in(letter->arena, head)[0] != '\0' ||
	       report_class_in(letter->arena, head)[0] != '\0';
}

/*
 * People talk about bounces; programs lay them out, with the addresses in
 * lists and the message behind it.
 */
static bool
is_laid_out(const struct letter *letter)
{
	struct notice notice;
	struct found_list found;

	if (letter->has_returned || is_auto_replied(letter))
		return true;
	notice_lines(letter, &notice);
	bounce_addresses(&notice, NULL, 0, &found);
	return found.count > 0 && found.items[0].grade >= GRADE_LISTED;
}

bool
bounce_is_one(const struct letter *letter)
{
	struct span head = span_take(letter->notice_folded, HEAD_BYTES);
	int words = pattern_points(&bounce_phrases, head, 6);
	int subject = subject_points(letter);
	bool is_machine =
		bounce_is_from_daemon(letter) || letter_has_null_sender(letter);
	bool has_sign = has_mail_sign(letter, head) ||
	                (is_auto_replied(letter) && subject >= 2);
	int points = subject + words - person_points(letter);

	if (has_field(letter, "X-Failed-Recipients"))
		return true;
	if (!has_machine_sign(letter) || subject + words < 3)
		return false;
	if (!is_machine && daemon_points(letter) == 0 &&
	    (!has_sign || !is_laid_out(letter)))
		return false;
	if (!is_machine &&
	    (is_conversation(letter) || has_field(letter, "List-Id")))
		return false;
	if (daemon_points(letter) == 0 && is_about_absence(letter) &&
	    !has_mail_sign(letter, head))
		return false;
	/* "Thank you, your message was received" holds no failure. */
	if (words == 0 && !has_sign && (!is_machine || subject < 4))
		return false;
	points += daemon_points(letter);
	points += letter_has_null_sender(letter) ? 2 : 0;
	points += letter->has_returned;
	points += report_status_in(letter->arena, head)[0] != '\0' ? 2 : 0;
	points += report_class_in(letter->arena, head)[0] != '\0';
	return points >= (is_machine ? ENOUGH_MACHINE : ENOUGH);
}

static bool
says(struct span folded, enum report_action action, int points)
{
	for (size_t i = 0; i < bounce_phrases.count; i++) {
		const struct pattern *row = &bounce_phrases.items[i];

		if (row->action == action && row->points >= points &&
		    phrase_in(folded, row->text))
			return true;
	}
	return false;
}

/*
 * Failed or only late? The subject says it best. In the text, "could not be
 * delivered for 4 hours, we go on trying" holds words of both, so a delay
 * wins unless something says that it is over.
 */
static enum report_action
overall_action(const struct letter *letter)
{
	const struct pattern *subject =
		pattern_best(&bounce_subjects, letter->subject_folded);
	struct span head = span_take(letter->notice_folded, HEAD_BYTES);
	const struct pattern *text = pattern_best(&bounce_phrases, head);

	if (subject != NULL && subject->points >= 3 &&
	    (subject->action == ACTION_DELAYED ||
	     subject->action == ACTION_DELIVERED))
		return subject->action;
	if (text != NULL && text->action == ACTION_DELIVERED)
		return ACTION_DELIVERED;
	if (pattern_best(&bounce_finals, head) != NULL)
		return ACTION_FAILED;
	/* "Warning: not delivered for 4 hours" needs clear words. */
	if (subject != NULL && subject->action == ACTION_FAILED &&
	    subject->points >= 3)
		return says(head, ACTION_DELAYED, 4) &&
		                       !says(head, ACTION_FAILED, 4)
		               ? ACTION_DELAYED
		               : ACTION_FAILED;
	return says(head, ACTION_DELAYED, 3) ? ACTION_DELAYED : ACTION_FAILED;
}

/* The one address the returned message went to, when there is just one. */
static const char *
only_returned(const struct letter *letter)
{
	static const char *const names[] = { "X-Original-To", "To", "Cc" };
	const char *only = "";

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct header *header =
			header_find(&letter->returned, names[i], 1);
		struct mailbox_list list;

		if (header == NULL)
			continue;
		mailbox_read(letter->arena, header->value, 10, &list);
		if (list.count > FEW_RECIPIENTS ||
		    (list.count == 1 && only[0] != '\0' &&
		     !text_is(only, list.items[0].address)))
			return "";
		if (list.count == 1)
			only = list.items[0].address;
	}
	return only;
}

/* A declared recipient is one; the notice's language does not matter. */
static void
add_recipient(const struct notice *notice, const struct found_list *found,
              size_t index, enum report_action overall, struct report *report)
{
	const struct found_address *self = &found->items[index];
	struct report_recipient *recipient =
		report_add_recipient(notice->letter->arena, report);

	recipient->final = self->address;
	recipient->original = self->original;
	recipient->action = overall;
	if (overall == ACTION_NONE ||
	    (found->count > 1 && self->action != ACTION_NONE))
		recipient->action = self->action;
	bounce_reason(notice, found, index, recipient);
}

/* A report part's fields that somebody pasted into the text. */
static bool
read_pasted_report(const struct letter *letter, struct report *report)
{
	static const char *const firsts[] = {
		"reporting-mta:", "final-recipient:", "original-recipient:"
	};
	struct span rest = letter->text;
	struct span before = rest;
	struct span line;

	for (int i = 0; i < LINES_LIMIT && span_line(&rest, &line); i++) {
		for (size_t k = 0; k < COUNT(firsts); k++)
			if (span_starts(span_trim(line), firsts[k]) &&
			    report_dsn_looks_like(before)) {
				report_dsn_read(letter->arena, before, report);
				return report->recipient_count > 0;
			}
		before = rest;
	}
	return false;
}

void
bounce_read(const struct letter *letter, const char *const *sent,
            size_t sent_count, struct report *report)
{
	struct notice notice;
	struct found_list found;
	enum report_action overall = overall_action(letter);

	notice_lines(letter, &notice);
	if (report->reporting_mta[0] == '\0')
		report->reporting_mta = bounce_reporting_mta(&notice);
	if (read_pasted_report(letter, report))
		return;
	bounce_addresses(&notice, sent, sent_count, &found);
	for (size_t i = 0; i < found.count && i < GROUP_LIMIT; i++)
		add_recipient(&notice, &found, i, overall, report);
	if (found.count > 0)
		return;

	const char *only = only_returned(letter);
	if (only[0] == '\0' && sent_count != 1)
		return;

	struct report_recipient *recipient =
		report_add_recipient(letter->arena, report);
	recipient->final = only;
	recipient->action = overall;
	bounce_reason(&notice, &found, 0, recipient);
}
