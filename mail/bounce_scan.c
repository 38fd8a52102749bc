#include "mail/bounce_scan.h"

#include <string.h>

#include "mail/address.h"
#include "mail/patterns.h"
#include "mail/phrase.h"
#include "mail/report_parts.h"

#define LINE_LIMIT    ((size_t)1000)
#define HEADING_REACH 6 /* lines above a list that may announce it */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Words in front of an address that make it somebody else's. Folded. */
static const char *const other_labels[] = {
	"from",
	"sender",
	"return-path",
	"reply-to",
	"return path",
	"reply to",
	"originator",
	"sent by",
	"contact",
	"postmaster",
	"absender",
	"von",
	"expéditeur",
	"expediteur",
	"remitente",
	"mittente",
	"afzender",
	"remetente",
	"avsändare",
	"afsender",
	"avsender",
	"lähettäjä",
	"nadawca",
	"odesílatel",
	"feladó",
	"отправитель",
	"差出人",
	"送信者",
	"发件人",
	"寄件者",
	"보낸 사람",
	"de:",
	"da:",
	"van:",
	"от:",
	"message-id",
	"message id",
	"messageid",
	"msgid",
	"in-reply-to",
	"references",
	"queue id",
	"envelope-from",
	"errors-to",
	"mail from",
	"on behalf of",
	"id",
	"x-sender",
	"resent-from",
	"administrator",
	"mailfrom",
	"fra:",
};

/* Words in front of an address that make it the recipient's. */
static const char *const recipient_labels[] = {
	"to",
	"recipient",
	"recipients",
	"rcpt to",
	"for",
	"user",
	"addressee",
	"address",
	"destination",
	"mailbox",
	"account",
	"delivered to",
	"email",
	"e-mail",
	"original-recipient",
	"final-recipient",
	"rfc822",
	"destinataire",
	"destinataires",
	"adresse",
	"à",
	"pour",
	"empfänger",
	"an",
	"für",
	"destinatario",
	"destinatarios",
	"para",
	"dirección",
	"destinatari",
	"indirizzo",
	"a",
	"per",
	"ontvanger",
	"aan",
	"voor",
	"adres",
	"destinatário",
	"destinatários",
	"endereço",
	"mottagare",
	"till",
	"modtager",
	"til",
	"mottaker",
	"vastaanottaja",
	"odbiorca",
	"do",
	"adresat",
	"příjemce",
	"címzett",
	"получатель",
	"адресат",
	"кому",
	"alıcı",
	"宛先",
	"宛先アドレス",
	"受信者",
	"あて先",
	"メールアドレス",
	"收件人",
	"收件者",
	"地址",
	"받는 사람",
	"수신자",
	"name",
	"users",
	"addresses",
	"mailboxes",
	"failed recipient",
};

/* A line or the one above that asks to turn to somebody. */
static const char *const help_words[] = {
	"contact",
	"assistance",
	"help",
	"question",
	"support",
	"postmaster",
	"abuse",
	"report ",
	"please forward",
	"whitelist",
	"unsubscribe",
	"kontakt",
	"wenden sie sich",
	"hilfe",
	"contacter",
	"assistenza",
	"contatta",
	"póngase en",
	"contactar",
	"contacte",
	"neem contact",
	"kontakta",
	"обратитесь",
	"連絡",
	"联系",
	"問い合わせ",
	"administrator",
	"problems to",
	"mail to our",
	"write to",
};

/* "(expanded from <a@b>)": what the address was before. */
static const char *const origin_words[] = {
	"expanded from",           "generated from",     "forwarded from",
	"originally addressed to", "original address",   "alias:",
	"forwarded for",           "original recipient",
};

void
notice_lines(const struct letter *letter, struct notice *notice_r)
{
	struct span rest = letter->notice;
	struct span line;
	bool has_address = false;

	*notice_r = (struct notice){
		.letter = letter,
		.reasons =
			arena_alloc(letter->arena, sizeof(*notice_r->reasons)),
	};
	while (notice_r->count < LINES_LIMIT && span_line(&rest, &line)) {
		/* Who signs is not who failed (RFC 3676, 4.3). */
		if (has_address && span_equal(line, SPAN("-- ")))
			return;
		has_address = has_address || span_find(line, '@', 0) < line.len;
		struct notice_line *item = arena_push(
			letter->arena, (void **)&notice_r->lines,
			&notice_r->count, &notice_r->room, sizeof(*item));

		item->text = line;
		item->is_blank = span_trim(line).len == 0;
	}
}

static struct span
fold(const struct notice *notice, struct span text)
{
	return phrase_fold(notice->letter->arena, span_take(text, LINE_LIMIT));
}

const struct notice_line *
notice_judge(const struct notice *notice, size_t index)
{
	struct arena *arena = notice->letter->arena;
	struct notice_line *line = &notice->lines[index];

	if (!line->is_judged) {
		struct span folded = fold(notice, line->text);
		const struct pattern *best =
			pattern_best(&bounce_phrases, folded);

		line->has_code = report_status_in(arena, folded)[0] != '\0' ||
		                 report_class_in(arena, folded)[0] != '\0';
		line->is_reason = best != NULL && best->action != ACTION_NONE;
		line->is_judged = true;
	}
	return line;
}

static bool
holds_one(struct span folded, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (phrase_in(folded, words[i]))
			return true;
	return false;
}

/* Ends the text with one of these words, as a word of its own? */
static bool
ends_with_one(struct span text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(words[i]);

		if (!span_ends(text, words[i]))
			continue;
		if (text.len == len ||
		    !ascii_is_alnum(text.at[text.len - len - 1]) ||
		    (unsigned char)words[i][0] >= 0x80)
			return true;
	}
	return false;
}

static bool
is_local_byte(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_domain_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* Inside brackets anything but white space may be an address (RFC 6532). */
static bool
bracketed(struct span line, size_t at, size_t *start_r, size_t *end_r)
{
	size_t start = at;
	size_t end = at;

	while (start > 0 && strchr(" \t<>", line.at[start - 1]) == NULL)
		start--;
	while (end < line.len && strchr(" \t<>", line.at[end]) == NULL)
		end++;
	if (start == 0 || line.at[start - 1] != '<' || end >= line.len ||
	    line.at[end] != '>')
		return false;
	*start_r = start;
	*end_r = end;
	return true;
}

/* The plain address around the @ at that place; false when there is none. */
static bool
address_around(struct span line, size_t at, size_t *start_r, size_t *end_r)
{
	size_t start = at;
	size_t end = at + 1;

	if (at > 0 && line.at[at - 1] == '"') {
		start = at - 1;
		while (start > 0 && line.at[start - 1] != '"')
			start--;
		start -= start > 0;
	} else {
		while (start > 0 && is_local_byte(line.at[start - 1]))
			start--;
		while (start < at &&
		       strchr("'`*#-.=/|{~!?&", line.at[start]) != NULL)
			start++;
	}
	while (end < line.len && is_domain_byte(line.at[end]))
		end++;
	if (end == at + 1 && end < line.len && line.at[end] == '[') {
		end = span_find(line, ']', end);
		end += end < line.len;
	}
	while (end > at + 1 && strchr(".-_", line.at[end - 1]) != NULL)
		end--;
	*start_r = start;
	*end_r = end;
	return start < at && end > at + 1;
}

/* "to=a@b" and "RFC822=a@b" say what the address is. */
static size_t
skip_equals(struct span line, size_t start, size_t at)
{
	size_t equals = span_find(span_take(line, at), '=', start);

	if (equals < at && equals - start <= 8)
		return equals + 1;
	return start;
}

static bool
next_address(struct span line, size_t *from, size_t *start_r, size_t *end_r)
{
	while (*from < line.len) {
		size_t at = span_find(line, '@', *from);

		if (at >= line.len)
			return false;
		*from = at + 1;
		if (bracketed(line, at, start_r, end_r) &&
		    *end_r - *start_r <= 320) {
			*from = *end_r;
			/* "<mailto:a@b>" and "<smtp:a@b>" */
			size_t colon =
				span_find(span_take(line, at), ':', *start_r);
			if (colon < at)
				*start_r = colon + 1;
			return *start_r<at && * end_r> at + 1;
		}
		if (!address_around(line, at, start_r, end_r))
			continue;
		*start_r = skip_equals(line, *start_r, at);
		*from = *end_r;
		if (*end_r - *start_r <= 320 && *start_r < at)
			return true;
	}
	return false;
}

/* What stands in front of the address on its line, without marks. */
static struct span
text_before(struct span line, size_t start)
{
	struct span s = span_take(line, start);

	while (s.len > 0 && strchr(" \t<\"'([:=`*", s.at[s.len - 1]) != NULL)
		s.len--;
	return s;
}

static struct span
text_after(struct span line, size_t end)
{
	struct span s = span_skip(line, end);

	while (s.len > 0 && strchr(">\"')] \t`*", s.at[0]) != NULL)
		s = span_skip(s, 1);
	return span_trim(s);
}

/* Nothing but a bullet, a number, a bracket in front of it? */
static bool
is_line_start(struct span before)
{
	before = span_trim(before);
	while (before.len > 0 && (strchr("-*>.)#|:", before.at[0]) != NULL ||
	                          ascii_is_digit(before.at[0])))
		before = span_skip(before, 1);
	before = span_trim(before);
	return before.len == 0 || span_is(before, "mailto") ||
	       span_is(before, "smtp") || span_is(before, "rfc822;") ||
	       span_equal(before, SPAN("\xE2\x80\xA2")) ||
	       span_equal(before, SPAN("\xC2\xB7"));
}

static bool
says_failure(const struct notice *notice, struct span text)
{
	struct arena *arena = notice->letter->arena;
	struct span folded = fold(notice, text);

	if (report_status_in(arena, folded)[0] != '\0' ||
	    report_class_in(arena, folded)[0] != '\0')
		return true;
	return pattern_points(&bounce_phrases, folded, 2) >= 2;
}

static struct span
line_at(const struct notice *notice, size_t index)
{
	return index < notice->count ? notice->lines[index].text : SPAN("");
}

/* A few lines as one text: sentences are wrapped. */
static struct span
lines_between(const struct notice *notice, size_t first, size_t last)
{
	if (last >= notice->count)
		last = notice->count - 1;

	struct span start = notice->lines[first].text;
	struct span end = notice->lines[last].text;

	return span_make(start.at, (size_t)(end.at + end.len - start.at));
}

/* The nearest heading above: how near, and what it says of the delivery. */
static bool
is_under_heading(const struct notice *notice, size_t line,
                 enum report_action *action_r)
{
	size_t seen = 0;

	for (size_t i = line; i-- > 0 && seen < HEADING_REACH;) {
		struct span text = notice->lines[i].text;

		if (notice->lines[i].is_blank)
			continue;
		seen++;

		struct span folded = fold(notice, text);
		if (pattern_best(&bounce_headings, folded) == NULL &&
		    pattern_points(&bounce_phrases, folded, 2) < 2)
			continue;
		/* A list item above is no heading, but may follow one. */
		if (span_find(text, '@', 0) < text.len && seen < 3)
			continue;

		size_t first = i > 2 ? i - 2 : 0;
		const struct pattern *best = pattern_best(
			&bounce_phrases,
			fold(notice, lines_between(notice, first, i)));
		*action_r = best == NULL ? ACTION_NONE : best->action;
		return true;
	}
	return false;
}

static size_t
next_full_line(const struct notice *notice, size_t line)
{
	for (size_t i = line + 1; i < notice->count && i < line + 4; i++)
		if (!notice->lines[i].is_blank)
			return i;
	return notice->count;
}

static bool
is_help_line(const struct notice *notice, size_t line, struct span before)
{
	struct span text = fold(notice, before);

	if (text.len < 12 && line > 0 && !notice->lines[line - 1].is_blank) {
		struct span above = notice->lines[line - 1].text;

		if (span_find(above, '@', 0) == above.len)
			text = fold(notice,
			            lines_between(notice, line - 1, line));
	}
	return holds_one(text, help_words, COUNT(help_words));
}

/* An address alone on its line: what stands around it decides. */
static enum address_grade
grade_alone(const struct notice *notice, const struct found_address *found,
            enum report_action *action_r)
{
	struct span line = notice->lines[found->line].text;
	bool is_marked = found->start > 0;

	if (is_under_heading(notice, found->line, action_r))
		return GRADE_LISTED;
	if (says_failure(notice,
	                 line_at(notice, next_full_line(notice, found->line))))
		return GRADE_LISTED;
	return is_marked && line.len < 200 ? GRADE_TOLD : GRADE_NAMED;
}

static enum address_grade
grade_opening(const struct notice *notice, const struct found_address *found,
              enum report_action *action_r)
{
	struct span line = notice->lines[found->line].text;
	struct span after = text_after(line, found->end);

	if (after.len == 0 || after.at[0] == ',' || after.at[0] == ';')
		return grade_alone(notice, found, action_r);
	is_under_heading(notice, found->line, action_r);
	if (after.at[0] == ':' || span_starts(after, "...") ||
	    span_starts(after, "\xEF\xBC\x9A"))
		return GRADE_LISTED;
	if (says_failure(notice, after) || after.at[0] == '(' ||
	    span_starts(after, "on ") || span_starts(after, "- ") ||
	    span_starts(after, "<") || span_starts(after, "--") ||
	    span_starts(after, "="))
		return GRADE_LISTED;
	return grade_alone(notice, found, action_r);
}

/* "Jane Doe <a@b>" and "'Jane Doe' (a@b)" under a heading. */
static bool
is_name_only(struct span before)
{
	size_t words = 1;

	before = span_trim(before);
	for (size_t i = 0; i < before.len; i++) {
		if (strchr(":;!?", before.at[i]) != NULL)
			return false;
		words += before.at[i] == ' ';
	}
	return before.len < 60 && words <= 5;
}

static enum address_grade
grade_inside(const struct notice *notice, const struct found_address *found,
             enum report_action *action_r)
{
	struct span line = notice->lines[found->line].text;
	struct span before = text_before(line, found->start);
	struct span label = fold(notice, before);
	size_t first = found->line > 0 && !is_line_start(before)
	                       ? found->line - 1
	                       : found->line;
	bool is_recipient =
		ends_with_one(label, recipient_labels, COUNT(recipient_labels));
	struct span around = lines_between(notice, first, found->line + 1);

	if (is_recipient && label.len < 40 &&
	    strchr(":=", line.at[before.len]) != NULL)
		return GRADE_LISTED;
	if (is_name_only(before) && text_after(line, found->end).len < 40 &&
	    is_under_heading(notice, found->line, action_r))
		return GRADE_LISTED;
	if (is_recipient || says_failure(notice, around))
		return GRADE_TOLD;
	return GRADE_NAMED;
}

static enum address_grade
grade_address(const struct notice *notice, const struct found_address *found,
              enum report_action *action_r)
{
	struct span line = notice->lines[found->line].text;
	struct span before = text_before(line, found->start);
	struct span label = fold(notice, before);

	/* With its colon: "de" alone is in every French sentence. */
	if (before.len < line.len && line.at[before.len] == ':')
		label = fold(notice, span_take(line, before.len + 1));
	if (ends_with_one(label, other_labels, COUNT(other_labels)))
		return GRADE_NOT;
	if (label.len > 0 && label.at[label.len - 1] == ':') {
		label.len--;
		if (ends_with_one(label, other_labels, COUNT(other_labels)))
			return GRADE_NOT;
	}
	if (is_line_start(before)) {
		if (is_help_line(notice, found->line, before))
			return GRADE_NOT;
		return grade_opening(notice, found, action_r);
	}
	enum address_grade grade = grade_inside(notice, found, action_r);
	if (grade < GRADE_LISTED && is_help_line(notice, found->line, before))
		return GRADE_NOT;
	return grade;
}

/* "(expanded from <a@b>)": a@b belongs to the address found before. */
static bool
is_origin(const struct notice *notice, size_t line, size_t start)
{
	struct span before =
		fold(notice, text_before(notice->lines[line].text, start));

	return ends_with_one(before, origin_words, COUNT(origin_words));
}

static bool
is_domain_likely(const char *address)
{
	struct span domain = address_domain(address);

	return domain.len > 1 && (span_find(domain, '.', 0) < domain.len ||
	                          span_is(domain, "localhost"));
}

/* Is nothing said about it but what follows: "<a@b>:", alone, "a@b..."? */
static bool
is_clear(struct span line, const struct found_address *found)
{
	struct span after = text_after(line, found->end);

	return found->is_opening && (after.len == 0 || after.at[0] == ':' ||
	                             span_starts(after, "..."));
}

bool
scan_next(const struct notice *notice, size_t index, size_t *from,
          struct found_address *found_r)
{
	struct span line = span_take(notice->lines[index].text, LINE_LIMIT * 4);
	struct found_address found = { .line = index, .original = "" };

	if (!next_address(line, from, &found.start, &found.end))
		return false;
	found.address =
		arena_strndup(notice->letter->arena, line.at + found.start,
	                      found.end - found.start);
	found.is_origin = is_origin(notice, index, found.start);
	if (!found.is_origin) {
		found.is_opening =
			is_line_start(text_before(line, found.start));
		found.is_clear = is_clear(line, &found);
		found.grade = grade_address(notice, &found, &found.action);
		if (!is_domain_likely(found.address) &&
		    found.grade < GRADE_LISTED)
			found.grade = GRADE_NOT;
	}
	*found_r = found;
	return true;
}
