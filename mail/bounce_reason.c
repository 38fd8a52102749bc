#include "mail/bounce_reason.h"

#include <string.h>

#include "base/buf.h"
#include "mail/patterns.h"
#include "mail/phrase.h"
#include "mail/report_parts.h"

#define REASON_LIMIT 1000
#define REACH        25 /* lines below an address that may speak of it */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What stands in front of the other host's name. */
static const char *const host_words[] = {
	"while talking to ",
	"server for the recipient domain ",
	"remote mail server ",
	"remote mailserver ",
	"remote smtp server ",
	"remote server ",
	"remote host ",
	"remote mta ",
	"remote-mta: dns; ",
	"remote-mta: dns;",
	"connected to ",
	"connection to ",
	"connect to ",
	"connecting to ",
	"receiving server ",
	"recipient's server ",
	"recipient server ",
	"destination server ",
	"mail server ",
	"mailserver ",
	"mail host ",
	"server at ",
	"smtp server ",
	"the host ",
	"rejected by ",
	"refused by ",
	"returned by ",
	"response from ",
	"error from ",
	"delivery via ",
	"remote system: dns;",
	"host: ",
	"server: ",
	"host ",
	"server ",
};

/* What stands behind it. */
static const char *const host_says[] = {
	" rejected your message",   " said:",     " said ",
	" gave this error",         " responded", " returned",
	" does not like recipient", " rejected",
};

/* Folded; what follows is the reason. */
static const char *const announcements[] = {
	"technical details of",
	"the error that the other server returned was",
	"the response was:",
	"the response from the remote server was",
	"reason",
	"non-delivered information",
	"failure reasons",
	"because:",
	"error message",
	"error text",
	"returned error",
	"returned the following",
	"following error",
	"error was",
	"error:",
	"problem:",
	"diagnostic information",
	"explanation:",
	"details:",
	"cause:",
	"der grund",
	"grund:",
	"fehlermeldung",
	"ursache",
	"raison",
	"motif",
	"motivo",
	"server message",
	"causa:",
	"reden:",
	"foutmelding",
	"orsak",
	"årsag",
	"причин",
	"理由",
	"原因",
	"エラー内容",
};

/* Marks of a session: what the other side says, and what is said to it. */
static const char *const arrows[] = { ">>>", "<<<", "-->", "<--",
	                              "==>", "<==", "->",  "<-" };

static const char *const reporter_words[] = {
	"qmail-send program at ",
	"mail system at host ",
	"postfix program at host ",
	"generating server: ",
	"mailer at ",
	"mail server at ",
	"mail server on ",
	"mail delivery agent at ",
	"reporting-mta: dns; ",
	"reporting-mta: dns;",
};

static bool
is_host_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* A host name, or an address without its brackets, at the start. */
static struct span
host_at(struct span s)
{
	size_t len = 0;
	size_t dots = 0;
	bool has_letter = false;

	while (s.len > 0 && strchr("\"'<(", s.at[0]) != NULL)
		s = span_skip(s, 1);
	if (s.len > 0 && s.at[0] == '[') {
		size_t close = span_find(s, ']', 0);
		struct span inside = span_skip(span_take(s, close), 1);
		size_t colon = span_find(inside, ':', 0);

		/* "[192.0.2.7:25]", but not IPv6. */
		if (span_find(inside, ':', colon + 1) == inside.len)
			inside = span_take(inside, colon);
		return span_take(inside, inside.len < 48 ? inside.len : 0);
	}
	while (len < s.len && is_host_byte(s.at[len]))
		len++;
	/* "a@b" is no host. */
	if (len < s.len && s.at[len] == '@')
		return span_take(s, 0);
	while (len > 0 && s.at[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		dots += s.at[i] == '.';
		has_letter = has_letter || ascii_is_alpha(s.at[i]);
	}
	if (len > 255 || dots == 0 || (!has_letter && dots != 3))
		len = 0;
	/* "Host a.example not found" has talked to nobody. */
	if (span_starts(span_skip(s, len), " not ") ||
	    span_starts(span_skip(s, len), " unknown"))
		len = 0;
	return span_take(s, len);
}

static struct span
host_behind(struct span text, const char *words)
{
	size_t at = 0;

	for (int tries = 0; tries < 20; tries++) {
		at = span_find_text(text, words, at);
		if (at >= text.len)
			break;

		struct span host = host_at(span_skip(text, at + strlen(words)));
		/* A name server did not get the mail. */
		if (host.len > 0 &&
		    (at == 0 || !is_host_byte(text.at[at - 1])) &&
		    !span_ends(span_take(text, at), "name "))
			return host;
		at++;
	}
	return SPAN("");
}

/* "mx.example rejected your message" */
static struct span
host_before(struct span text, const char *words)
{
	size_t at = span_find_text(text, words, 0);
	size_t start = at;

	if (at >= text.len)
		return SPAN("");
	/* Its address may stand between: "mx.example[192.0.2.1] said:" */
	if (start > 0 && strchr("])", text.at[start - 1]) != NULL) {
		while (start > 0 && strchr("[(", text.at[start - 1]) == NULL &&
		       at - start < 60)
			start--;
		start -= start > 0;
		while (start > 0 && text.at[start - 1] == ' ')
			start--;
	}
	while (start > 0 && is_host_byte(text.at[start - 1]))
		start--;

	struct span host = host_at(span_skip(text, start));
	return host;
}

/* Gmail: "... for the recipient domain a.example by mx.a.example." */
static struct span
host_by(struct span text)
{
	size_t at = span_find_text(text, "recipient domain ", 0);
	size_t by = span_find_text(text, " by ", at);

	if (by >= text.len || by - at > 300)
		return SPAN("");
	return host_at(span_skip(text, by + 4));
}

static const char *
host_in(struct arena *arena, struct span text)
{
	struct span line = span_of(report_line(arena, text, 4096));
	struct span host = host_by(line);

	for (size_t i = 0; i < COUNT(host_says) && host.len == 0; i++)
		host = host_before(line, host_says[i]);
	for (size_t i = 0; i < COUNT(host_words) && host.len == 0; i++)
		host = host_behind(line, host_words[i]);
	return arena_strndup(arena, host.at, host.len);
}

const char *
bounce_reporting_mta(const struct notice *notice)
{
	struct arena *arena = notice->letter->arena;
	struct span text =
		span_of(report_line(arena, notice->letter->notice, 4096));

	for (size_t i = 0; i < COUNT(reporter_words); i++) {
		struct span host = host_behind(text, reporter_words[i]);

		if (host.len > 0)
			return arena_strndup(arena, host.at, host.len);
	}
	return "";
}

static bool
is_rule(struct span line)
{
	line = span_trim(line);
	return span_starts(line, "---") || span_starts(line, "===") ||
	       span_starts(line, "___") || span_starts(line, "***");
}

static bool
is_other_address(const struct found_list *found, size_t index, size_t line)
{
	for (size_t i = 0; i < found->count; i++)
		if (i != index && found->items[i].line == line &&
		    line != found->items[index].line)
			return true;
	return false;
}

static size_t
arrow_length(struct span line)
{
	for (size_t i = 0; i < COUNT(arrows); i++)
		if (span_starts(line, arrows[i]))
			return strlen(arrows[i]);
	return 0;
}

/* "(expanded from <a@b>):" is no reason. */
static struct span
without_origin(struct span line)
{
	static const char *const origins[] = { "(expanded from",
		                               "(generated from",
		                               "(ultimately generated from",
		                               "(originally addressed to" };

	for (size_t i = 0; i < COUNT(origins); i++) {
		size_t close = span_find(line, ')', 0);

		if (!span_starts(line, origins[i]) || close >= line.len)
			continue;
		line = span_skip(line, close + 1);
		while (line.len > 0 && strchr(": ,", line.at[0]) != NULL)
			line = span_skip(line, 1);
	}
	if (span_starts(line, "(reason:")) {
		line = span_trim(span_skip(line, strlen("(reason:")));
		line.len -= span_ends(line, ")");
	}
	return line;
}

static void
add_line(struct buf *reason, struct span line)
{
	line = span_trim(line);
	line = without_origin(span_trim(span_skip(line, arrow_length(line))));
	if (line.len == 0 || reason->len + line.len + 1 > reason->limit)
		return;
	if (reason->len > 0)
		buf_byte(reason, ' ');
	buf_span(reason, line);
}

static bool
has_code(struct arena *arena, struct span text)
{
	return report_status_in(arena, text)[0] != '\0' ||
	       report_class_in(arena, text)[0] != '\0';
}

static struct span
rest_of_line(struct span line, size_t end)
{
	struct span s = span_skip(line, end);

	while (s.len > 0 && strchr(">\"')]:;,. \t-", s.at[0]) != NULL)
		s = span_skip(s, 1);
	return s;
}

/* Does it tell of a failure, by a code or in words? */
static bool
says_why(struct arena *arena, struct span text)
{
	struct span folded = phrase_fold(arena, text);
	const struct pattern *best = pattern_best(&bounce_phrases, folded);

	return has_code(arena, folded) ||
	       (best != NULL && best->action != ACTION_NONE);
}

/* "Subject: x" below "To: a@b" goes on with a summary of the message. */
static bool
is_summary_field(struct span line)
{
	static const char *const names[] = {
		"subject", "sent",       "date",    "from",      "cc",
		"betreff", "gesendet",   "objet",   "envoyé",    "asunto",
		"enviado", "oggetto",    "inviato", "onderwerp", "verzonden",
		"assunto", "message-id", "ämne",    "emne",
	};
	size_t colon = span_find(line, ':', 0);
	struct span name = span_trim(span_take(line, colon));

	for (size_t i = 0; colon < line.len && i < COUNT(names); i++)
		if (span_starts(name, names[i]) &&
		    name.len < strlen(names[i]) + 6)
			return true;
	return false;
}

/* Another address of the same list, with no more than a name. */
static bool
is_list_item(struct span line)
{
	size_t others = 0;
	bool has_address = false;
	size_t i = 0;

	while (i < line.len) {
		bool is_address = false;
		size_t start = i;

		while (i < line.len && strchr(" \t,;", line.at[i]) == NULL)
			is_address = line.at[i++] == '@' || is_address;
		has_address = has_address || is_address;
		others += !is_address && i - start > 1;
		i++;
	}
	return has_address && others <= 2;
}

/* The lines below the address, up to an empty line or another address. */
static void
reason_below(const struct notice *notice, const struct found_list *found,
             size_t index, struct buf *reason)
{
	const struct found_address *self = &found->items[index];
	size_t blanks = 0;

	if (self->line >= notice->count)
		return;
	struct span rest =
		rest_of_line(notice->lines[self->line].text, self->end);
	if (!is_list_item(rest) || says_why(notice->letter->arena, rest))
		add_line(reason, rest);
	for (size_t i = self->line + 1;
	     i < notice->count && i < self->line + REACH; i++) {
		struct span line = notice->lines[i].text;

		if (is_rule(line) || is_other_address(found, index, i) ||
		    is_summary_field(line))
			return;
		if (notice->lines[i].is_blank) {
			if (reason->len > 0 || ++blanks > 2)
				return;
			continue;
		}
		if (is_list_item(line) &&
		    !says_why(notice->letter->arena, line))
			continue;
		/* What comes after a gap may be about anything. */
		if (blanks > 0 && reason->len == 0 &&
		    !says_why(notice->letter->arena, line))
			return;
		add_line(reason, line);
	}
}

/* A line and those that go on with it. */
static void
add_paragraph(const struct notice *notice, size_t line, struct buf *reason)
{
	for (size_t i = line; i < notice->count && i < line + REACH; i++) {
		if (notice->lines[i].is_blank || is_rule(notice->lines[i].text))
			return;
		add_line(reason, notice->lines[i].text);
	}
}

/* "550-" and the like: another line of the same reply follows. */
static bool
goes_on(struct span line)
{
	return line.len > 3 && ascii_is_digit(line.at[0]) &&
	       ascii_is_digit(line.at[2]) && line.at[3] == '-';
}

/* What a server answered, as far as the answer goes. */
static void
add_reply(const struct notice *notice, size_t line, struct buf *reason)
{
	struct arena *arena = notice->letter->arena;
	struct span before = span_trim(notice->lines[line].text);

	add_line(reason, before);
	before = span_trim(span_skip(before, arrow_length(before)));
	for (size_t i = line + 1; i < notice->count && i < line + 6; i++) {
		struct span text = span_trim(notice->lines[i].text);

		if (text.len == 0 || is_rule(text) || arrow_length(text) > 0)
			return;
		if (!goes_on(before) &&
		    (report_class_in(arena, span_take(text, 4))[0] != '\0' ||
		     text.at[0] == '<'))
			return;
		add_line(reason, text);
		before = text;
	}
}

/* A line elsewhere that has a code and, if asked, this address. */
static void
reason_with_code(const struct notice *notice, const char *address,
                 struct buf *reason)
{
	for (size_t i = 0; i < notice->count && reason->len == 0; i++) {
		struct span line = notice->lines[i].text;

		if (address[0] != '\0' &&
		    span_find_text(line, address, 0) == line.len)
			continue;
		if (notice_judge(notice, i)->has_code)
			add_reply(notice, i, reason);
	}
}

/* "because:", "The response was:": the lines below say it. */
static void
reason_announced(const struct notice *notice, struct buf *reason)
{
	struct arena *arena = notice->letter->arena;

	for (size_t i = 0; i < notice->count && reason->len == 0; i++) {
		struct span line = notice->lines[i].text;
		struct span folded = phrase_fold(arena, line);
		bool is_one = false;

		for (size_t k = 0; k < COUNT(announcements); k++)
			is_one = is_one || phrase_in(folded, announcements[k]);
		if (!is_one || folded.len > 120 ||
		    (!is_rule(line) && span_find(line, ':', 0) == line.len))
			continue;

		size_t colon = span_find(line, ':', 0);
		if (span_trim(span_skip(line, colon + 1)).len > 3) {
			add_paragraph(notice, i, reason);
			return;
		}
		for (i++; i < notice->count && notice->lines[i].is_blank;)
			i++;
		if (i < notice->count)
			add_paragraph(notice, i, reason);
	}
}

/*
 * The first paragraph that says anything about a failure; rather one that
 * does not just announce what follows.
 */
static void
reason_in_words(const struct notice *notice, struct buf *reason)
{
	for (size_t i = 0; i < notice->count * 2 && reason->len == 0; i++) {
		size_t line = i % notice->count;
		struct span text = span_trim(notice->lines[line].text);

		if (notice_judge(notice, line)->is_reason &&
		    (i >= notice->count || !span_ends(text, ":")))
			add_paragraph(notice, line, reason);
	}
}

static const char *
reason_by(const struct notice *notice,
          void (*find)(const struct notice *notice, struct buf *reason))
{
	struct buf reason;

	buf_init(&reason, REASON_LIMIT);
	find(notice, &reason);

	const char *text =
		arena_strndup(notice->letter->arena, reason.data, reason.len);
	buf_done(&reason);
	return text;
}

static void
reason_by_code(const struct notice *notice, struct buf *reason)
{
	reason_with_code(notice, "", reason);
}

/* Once for a notice: with hundreds of recipients it adds up. */
static const struct notice_reasons *
reasons_of(const struct notice *notice)
{
	struct notice_reasons *reasons = notice->reasons;

	if (reasons->in_words == NULL) {
		reasons->by_code = reason_by(notice, reason_by_code);
		reasons->announced = reason_by(notice, reason_announced);
		reasons->in_words = reason_by(notice, reason_in_words);
	}
	return reasons;
}

/* The line of the address itself, when the code stands in front of it. */
static void
reason_around(const struct notice *notice, const struct found_address *self,
              struct buf *reason)
{
	if (self->line < notice->count &&
	    has_code(notice->letter->arena,
	             span_take(notice->lines[self->line].text, self->start)))
		add_reply(notice, self->line, reason);
}

/* "No such user:" above a list of those it is about. */
static void
reason_above(const struct notice *notice, size_t line, struct buf *reason)
{
	if (line > notice->count)
		return;
	for (size_t i = line; i-- > 0;) {
		struct span text = notice->lines[i].text;

		if (notice->lines[i].is_blank || is_list_item(text))
			continue;
		/* "The following addresses ..." is about all of them. */
		if (notice_judge(notice, i)->is_reason &&
		    span_find(text, '@', 0) == text.len &&
		    pattern_best(&bounce_headings,
		                 phrase_fold(notice->letter->arena, text)) ==
		            NULL)
			add_line(reason, text);
		return;
	}
}

/* Enough of a text that somebody meant it to be the reason. */
static bool
is_sentence(struct span text)
{
	size_t letters = 0;

	for (size_t i = 0; i < text.len; i++)
		letters += ascii_is_alpha(text.at[i]) ||
		           (unsigned char)text.at[i] >= 0x80;
	return letters >= 8 && !span_ends(text, ":");
}

static void
find_reason(const struct notice *notice, const struct found_list *found,
            size_t index, struct buf *reason)
{
	struct arena *arena = notice->letter->arena;
	const struct found_address *self = &found->items[index];
	bool is_only = found->count <= 1;

	reason_around(notice, self, reason);
	if (reason->len == 0 &&
	    (self->is_opening || self->grade >= GRADE_LISTED))
		reason_below(notice, found, index, reason);
	if (has_code(arena, buf_as_span(reason)))
		return;

	/* A transcript says more than words do. */
	struct buf better;
	bool is_good = is_sentence(buf_as_span(reason));
	buf_init(&better, REASON_LIMIT);
	reason_with_code(notice, self->address, &better);
	if (better.len == 0 && is_only)
		buf_text(&better, reasons_of(notice)->by_code);
	if (better.len == 0 && !is_good && is_only)
		buf_text(&better, reasons_of(notice)->announced);
	if (better.len == 0 && !is_good && !is_only)
		reason_above(notice, self->line, &better);
	if (better.len == 0 && !is_good)
		buf_text(&better, reasons_of(notice)->in_words);
	if (better.len > 0) {
		buf_reset(reason);
		buf_span(reason, buf_as_span(&better));
	}
	buf_done(&better);
	if (reason->len == 0 && self->line < notice->count)
		add_paragraph(notice, self->line, reason);
}

void
bounce_reason(const struct notice *notice, const struct found_list *found,
              size_t index, struct report_recipient *recipient)
{
	struct arena *arena = notice->letter->arena;
	struct span all = notice->letter->notice;
	struct buf reason;

	buf_init(&reason, REASON_LIMIT);
	if (found->count > 0)
		find_reason(notice, found, index, &reason);
	else
		buf_text(&reason, reasons_of(notice)->by_code);
	if (reason.len == 0)
		buf_text(&reason, reasons_of(notice)->in_words);
	if (recipient->diagnostic[0] == '\0')
		recipient->diagnostic =
			report_line(arena, buf_as_span(&reason), REASON_LIMIT);
	buf_done(&reason);

	struct span why = span_of(recipient->diagnostic);
	if (recipient->status[0] == '\0')
		recipient->status = report_status_in(arena, why);
	if (recipient->status[0] == '\0' && found->count <= 1)
		recipient->status = report_status_in(arena, all);
	if (recipient->status[0] == '\0')
		recipient->status = report_class_in(arena, why);
	if (recipient->remote_mta[0] == '\0')
		recipient->remote_mta = host_in(arena, why);
	if (recipient->remote_mta[0] == '\0' && found->count <= 1) {
		const char *host = host_in(arena, all);

		if (!text_is(host, bounce_reporting_mta(notice)))
			recipient->remote_mta = host;
	}
}
