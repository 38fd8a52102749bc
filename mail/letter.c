#include "mail/letter.h"

#include <string.h>

#include "base/buf.h"
#include "mail/address.h"
#include "mail/content.h"
#include "mail/html.h"
#include "mail/phrase.h"

#define SUBJECT_LIMIT  2000
#define RETURNED_LIMIT ((size_t)128 * 1024) /* of a returned header */
#define HTML_LIMIT     ((size_t)1024 * 1024)
#define FIELD_LIMIT    1000
#define BLOCK_FIELDS   3 /* header lines in a row that make a header */

/* Types of a returned message (REP-2), and what some write for them. */
static const char *const returned_types[] = {
	"message/rfc822",       "text/rfc822-headers",
	"message/global",       "message/global-headers",
	"text/rfc822-header",   "message/rfc822-headers",
	"text/rfc822",          "application/rfc822",
	"message/partial",      "message/news",
	"application/x-rfc822",
};

/*
 * Fields of a message. Notices list From, To, Subject and the like as well;
 * only a whole header has the trace and MIME fields.
 */
enum field_kind {
	FIELD_NONE,
	FIELD_COMMON,
	FIELD_ID,
	FIELD_TRACE
};

static const struct {
	const char *name;
	enum field_kind kind;
} message_fields[] = {
	{ "received", FIELD_TRACE },
	{ "return-path", FIELD_TRACE },
	{ "mime-version", FIELD_TRACE },
	{ "dkim-signature", FIELD_TRACE },
	{ "authentication-results", FIELD_TRACE },
	{ "content-transfer-encoding", FIELD_TRACE },
	{ "message-id", FIELD_ID },
	{ "content-type", FIELD_ID },
	{ "x-mailer", FIELD_ID },
	{ "user-agent", FIELD_ID },
	{ "references", FIELD_ID },
	{ "in-reply-to", FIELD_ID },
	{ "from", FIELD_COMMON },
	{ "to", FIELD_COMMON },
	{ "cc", FIELD_COMMON },
	{ "subject", FIELD_COMMON },
	{ "date", FIELD_COMMON },
	{ "reply-to", FIELD_COMMON },
	{ "sender", FIELD_COMMON },
};

/* Folded; a line that holds one ends the notice. */
static const char *const separators[] = {
	"this is a copy of the message",
	"this is a copy of your message",
	"below this line is a copy of the message",
	"below is a copy of the message",
	"unsent message follows",
	"original message follows",
	"original message header",
	"original headers follow",
	"original mail header",
	"message header follows",
	"message headers follow",
	"message header for",
	"header of the original message",
	"headers of the original message",
	"text of your message",
	"the text of the message",
	"returned message follows",
	"returned message text",
	"your original message follows",
	"your message follows",
	"your message reads",
	"your mail reads",
	"message text follows",
	"beginning of original message",
	"start of returned message",
	"start of message",
	"copy of the original message",
	"included below is the message",
	"en-têtes de message d'origine",
	"en-têtes du message d'origine",
	"en-tête du message d'origine",
	"message d'origine :",
	"copie du message",
	"ursprüngliche nachrichtenkopfzeilen",
	"kopfzeilen der ursprünglichen nachricht",
	"header der ursprünglichen nachricht",
	"ursprüngliche nachricht ---",
	"originalnachricht",
	"encabezados de mensajes originales",
	"encabezados de mensaje originales",
	"encabezados del mensaje original",
	"mensaje original ---",
	"copia del mensaje",
	"intestazioni originali del messaggio",
	"intestazioni del messaggio originale",
	"messaggio originale ---",
	"oorspronkelijke berichtkoppen",
	"oorspronkelijke berichtkop",
	"berichtkoppen van oorspronkelijk",
	"cabeçalhos da mensagem original",
	"cabeçalhos originais da mensagem",
	"mensagem original ---",
	"ursprungliga meddelandehuvuden",
	"oprindelige meddelelseshoveder",
	"---original message---",
	"--- original message ---",
	"original message ---",
	"returned message ---",
	"message truncated ---",
	"original-header",
};

static const char *const reply_prefixes[] = {
	"re:",  "re :", "aw:",  "res:", "sv:", "vs:",  "antw:",
	"odp:", "r:",   "ynt:", "rif:", "re[", "réf:", "ref:",
};

static const char *const forward_prefixes[] = {
	"fw:",  "fwd:", "tr:",   "tr :",  "wg:",      "rv:",
	"enc:", "vl:",  "vb:",   "pd:",   "doorst:",  "ilt:",
	"i:",   "fwd ", "[fwd:", "(fwd)", "inoltra:",
};

const char *
letter_message_id(struct arena *arena, const char *value)
{
	struct span s = span_trim(span_of(header_unfold(arena, value)));
	size_t open = span_find(s, '<', 0);
	size_t close = span_find(s, '>', open);

	if (close < s.len) {
		struct span id = span_make(s.at + open, close - open + 1);

		return id.len > 2 ? arena_strndup(arena, id.at, id.len) : "";
	}
	/* Some print it without its brackets. */
	if (s.len > 2 && span_find(s, '@', 0) < s.len && open == s.len) {
		size_t end = 0;

		while (end < s.len && !ascii_is_space(s.at[end]) &&
		       s.at[end] != '>')
			end++;
		return arena_printf(arena, "<" SPAN_FMT ">",
		                    SPAN_ARG(span_take(s, end)));
	}
	return "";
}

const char *
letter_answers(const struct letter *letter)
{
	const char *value =
		header_text(letter->arena, letter->headers, "In-Reply-To");
	const char *id = letter_message_id(letter->arena, value);

	if (id[0] != '\0')
		return id;
	value = header_text(letter->arena, letter->headers, "References");

	const char *last = strrchr(value, '<');
	return last == NULL ? "" : letter_message_id(letter->arena, last);
}

bool
letter_has_null_sender(const struct letter *letter)
{
	const struct header *path =
		header_find(letter->headers, "Return-Path", 1);

	if (path == NULL)
		return false;

	const char *address = address_from_path(
		letter->arena, header_unfold(letter->arena, path->value));
	return address[0] == '\0' || text_starts(address, "mailer-daemon");
}

static bool
subject_starts(const struct letter *letter, const char *const *starts,
               size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts(letter->subject_folded, starts[i]))
			return true;
	return false;
}

bool
letter_is_forward(const struct letter *letter)
{
	return subject_starts(letter, forward_prefixes,
	                      sizeof(forward_prefixes) /
	                              sizeof(forward_prefixes[0]));
}

bool
letter_is_reply_or_forward(const struct letter *letter)
{
	return letter_is_forward(letter) ||
	       subject_starts(letter, reply_prefixes,
	                      sizeof(reply_prefixes) /
	                              sizeof(reply_prefixes[0]));
}

/* White space, quote marks and bars in front of a quoted header. */
static size_t
quote_length(struct span line)
{
	size_t i = 0;

	while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t' ||
	                        line.at[i] == '>' || line.at[i] == '|'))
		i++;
	return i;
}

static enum field_kind
field_kind(struct span line)
{
	line = span_skip(line, quote_length(line));

	size_t colon = span_find(span_take(line, 40), ':', 0);
	struct span name = span_trim(span_take(line, colon));

	if (colon >= line.len || colon >= 40)
		return FIELD_NONE;
	for (size_t i = 0;
	     i < sizeof(message_fields) / sizeof(message_fields[0]); i++)
		if (span_is(name, message_fields[i].name))
			return message_fields[i].kind;
	if (span_starts(name, "x-") && span_find(name, ' ', 0) == name.len)
		return FIELD_COMMON;
	return FIELD_NONE;
}

/*
 * What the lines from here on are: FIELD_TRACE for the header of a returned
 * message, FIELD_ID for a summary that names it, FIELD_COMMON for a few
 * fields that only mean something behind a separator.
 */
static enum field_kind
header_block(struct span text)
{
	struct span rest = text;
	struct span line;
	enum field_kind best = FIELD_NONE;
	int fields = 0;

	for (int i = 0; i < 60 && span_line(&rest, &line); i++) {
		enum field_kind kind = field_kind(line);
		size_t quote = quote_length(line);

		if (quote == line.len || (kind == FIELD_NONE && i == 0))
			break;
		if (kind == FIELD_NONE && quote == 0 &&
		    span_find(line, ':', 0) == line.len)
			break;
		fields += kind != FIELD_NONE;
		if (kind > best)
			best = kind;
		if (fields >= BLOCK_FIELDS && best == FIELD_TRACE)
			break;
	}
	if (fields < BLOCK_FIELDS)
		return fields > 1 ? FIELD_COMMON : FIELD_NONE;
	return best;
}

/* Takes the same quote marks off every line and reads the fields. */
static void
read_quoted_header(struct letter *letter, struct span text)
{
	struct buf plain;
	struct span rest = span_take(text, RETURNED_LIMIT);
	struct span line;
	size_t used;
	size_t quote = quote_length(rest);
	struct span marks = span_take(rest, quote);

	buf_init(&plain, RETURNED_LIMIT);
	while (span_line(&rest, &line)) {
		if (span_trim(line).len == 0)
			break;
		if (span_equal(span_take(line, quote), marks))
			line = span_skip(line, quote);
		if (span_trim(line).len == 0)
			break;
		buf_span(&plain, line);
		buf_byte(&plain, '\n');
	}
	header_read(letter->arena, buf_as_span(&plain), FIELD_LIMIT,
	            &letter->returned, &used);
	letter->has_returned = letter->returned.count > 0;
	buf_done(&plain);
}

static bool
is_separator(struct letter *letter, struct span line)
{
	struct span trimmed = span_trim(line);

	if (trimmed.len < 8 || trimmed.len > 160)
		return false;

	struct span folded = phrase_fold(letter->arena, trimmed);
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (phrase_in(folded, separators[i]))
			return true;
	return false;
}

/* "--- 8< ---": the longest run of dashes says little by itself. */
static struct span
skip_blank_lines(struct span text)
{
	struct span rest = text;
	struct span line;
	int dashes = 0;

	while (span_line(&rest, &line)) {
		struct span trimmed = span_trim(line);
		bool is_rule = trimmed.len > 2 &&
		               (trimmed.at[0] == '-' || trimmed.at[0] == '_' ||
		                trimmed.at[0] == '=') &&
		               dashes++ == 0;

		if (trimmed.len > 0 && !is_rule &&
		    !span_starts(trimmed, "From "))
			return text;
		text = rest;
	}
	return text;
}

/*
 * Cuts the text where it starts to quote the message it returns. A
 * separator only cuts when a header follows: "original message" may be said
 * in any sentence. A summary names the message and the notice goes on.
 */
static void
cut_notice(struct letter *letter)
{
	struct span rest = letter->text;
	struct span line;
	struct span before = rest;

	letter->notice = letter->text;
	for (int i = 0; i < LINES_LIMIT; i++, before = rest) {
		if (!span_line(&rest, &line))
			return;

		bool is_after = is_separator(letter, line);
		struct span start = is_after ? skip_blank_lines(rest) : before;
		enum field_kind kind = FIELD_NONE;

		if (is_after || field_kind(line) != FIELD_NONE)
			kind = header_block(start);
		if (kind == FIELD_NONE || (kind == FIELD_COMMON && !is_after))
			continue;
		if (!letter->has_returned)
			read_quoted_header(letter, start);
		if (kind != FIELD_TRACE && !is_after)
			continue;
		letter->notice.len = (size_t)(before.at - letter->text.at);
		return;
	}
}

static bool
is_returned_type(const char *type)
{
	for (size_t i = 0;
	     i < sizeof(returned_types) / sizeof(returned_types[0]); i++)
		if (text_is(type, returned_types[i]))
			return true;
	return false;
}

/* An attached text or file may be the returned message under another type. */
static bool
looks_returned(struct letter *letter, const struct part *part)
{
	if (part->depth == 0 || part_is_multipart(part))
		return false;
	if (!text_starts(part->type, "text/plain") &&
	    !text_starts(part->type, "application/octet-stream") &&
	    !text_starts(part->type, "message/"))
		return false;
	if (text_starts(part->type, "message/d"))
		return false;

	struct span text = part_text(letter->arena, part, 4096);
	struct span start = skip_blank_lines(text);

	return header_block(start) >= FIELD_ID;
}

static void
find_returned(struct letter *letter)
{
	for (size_t i = 1; i < letter->parts.count; i++) {
		const struct part *part = &letter->parts.items[i];
		size_t used;

		if (!is_returned_type(part->type) &&
		    !looks_returned(letter, part))
			continue;

		struct span text =
			part_text(letter->arena, part, RETURNED_LIMIT);
		while (text.len > 0 && ascii_is_space(text.at[0]))
			text = span_skip(text, 1);
		header_read(letter->arena, text, FIELD_LIMIT, &letter->returned,
		            &used);
		/* Some put the whole header into the part's own header. */
		if (letter->returned.count == 0 && part->headers.count > 2)
			letter->returned = part->headers;
		letter->has_returned = true;
		return;
	}
}

static bool
is_attachment(struct letter *letter, const struct part *part)
{
	const char *value = header_text(letter->arena, &part->headers,
	                                "Content-Disposition");

	return text_is(content_kind(letter->arena, value), "attachment");
}

static bool
is_notice_part(struct letter *letter, const struct part *part, const char *type)
{
	if (!text_is(part->type, type))
		return false;
	return part->depth == 0 ||
	       (!is_attachment(letter, part) && !looks_returned(letter, part));
}

/* All text of that type, in front of the limit. */
static struct span
gather(struct letter *letter, const char *type)
{
	bool is_html = text_is(type, "text/html");
	struct buf all;

	buf_init(&all, NOTICE_LIMIT);
	for (size_t i = 0; i < letter->parts.count; i++) {
		const struct part *part = &letter->parts.items[i];

		if (!is_notice_part(letter, part, type))
			continue;
		struct span text =
			part_text(letter->arena, part,
		                  is_html ? HTML_LIMIT : NOTICE_LIMIT);
		if (is_html)
			text = html_text(letter->arena, text, NOTICE_LIMIT);
		text = span_take(text, NOTICE_LIMIT - all.len);
		buf_span(&all, text);
		if (all.len < NOTICE_LIMIT)
			buf_byte(&all, '\n');
	}
	struct span text = span_make(
		arena_strndup(letter->arena, all.data, all.len), all.len);
	buf_done(&all);
	return text;
}

/*
 * Old Macintosh line ends, and CR that some gateway doubled: CR in front of
 * an LF go, any other is a line end.
 */
static struct span
with_line_feeds(struct arena *arena, struct span text)
{
	bool is_before_end = false;

	if (text.len == 0 || memchr(text.at, '\r', text.len) == NULL)
		return text;

	/* From the end, where it is known what comes behind a CR. */
	char *copy = arena_alloc(arena, text.len + 1);
	size_t start = text.len;
	for (size_t i = text.len; i-- > 0;) {
		if (text.at[i] != '\r') {
			is_before_end = text.at[i] == '\n';
			copy[--start] = text.at[i];
		} else if (!is_before_end) {
			copy[--start] = '\n';
		}
	}
	return span_make(copy + start, text.len - start);
}

struct span
letter_part_lines(const struct letter *letter, const struct part *part,
                  size_t limit)
{
	return with_line_feeds(letter->arena,
	                       part_text(letter->arena, part, limit));
}

static void
read_text(struct letter *letter)
{
	struct span text = gather(letter, "text/plain");

	if (span_trim(text).len < 20) {
		struct span html = gather(letter, "text/html");

		if (span_trim(html).len > span_trim(text).len)
			text = html;
	}
	/* Anything that is text, when nothing says so. */
	if (span_trim(text).len == 0 && letter->parts.count == 1 &&
	    !text_starts(letter->parts.items[0].type, "text/html"))
		text = part_text(letter->arena, &letter->parts.items[0],
		                 NOTICE_LIMIT);
	letter->text = with_line_feeds(letter->arena, text);
}

static void
read_from(struct letter *letter)
{
	const char *value = header_text(letter->arena, letter->headers, "From");
	struct mailbox_list list;

	letter->from = "";
	letter->from_name = SPAN("");
	mailbox_read(letter->arena, value, 1, &list);
	if (list.count > 0)
		letter->from = list.items[0].address;

	struct span start = span_take(span_of(value), SUBJECT_LIMIT);
	const char *decoded = header_decode(
		letter->arena,
		arena_strndup(letter->arena, start.at, start.len));
	letter->from_name = phrase_fold(letter->arena, span_of(decoded));
}

static void
read_subject(struct letter *letter)
{
	struct span value = span_take(
		span_of(header_text(letter->arena, letter->headers, "Subject")),
		SUBJECT_LIMIT);

	letter->subject = header_decode(
		letter->arena,
		arena_strndup(letter->arena, value.at, value.len));
	letter->subject_folded =
		phrase_fold(letter->arena, span_of(letter->subject));
}

/* "Message-ID: <a@b>" in a list of what the notice is about. */
static const char *
id_in_text(const struct letter *letter)
{
	static const char *const labels[] = { "message-id", "message id",
		                              "messageid", "message_id" };
	struct span rest = letter->text;
	struct span line;

	for (int i = 0; i < LINES_LIMIT && span_line(&rest, &line); i++) {
		line = span_skip(line, quote_length(line));
		for (size_t k = 0; k < sizeof(labels) / sizeof(labels[0]);
		     k++) {
			size_t len = strlen(labels[k]);
			size_t colon =
				span_find(span_take(line, len + 8), ':', len);

			if (!span_starts(line, labels[k]) ||
			    colon >= line.len || colon >= len + 8)
				continue;
			struct span value = span_take(
				span_skip(line, colon + 1), SUBJECT_LIMIT);
			if (span_find(value, '@', 0) == value.len)
				continue;
			return letter_message_id(letter->arena,
			                         arena_strndup(letter->arena,
			                                       value.at,
			                                       value.len));
		}
	}
	return "";
}

/* A mailbox export, a byte order mark, empty lines in front of it all. */
static struct span
message_start(struct arena *arena, struct span message)
{
	if (span_starts(message, "\xEF\xBB\xBF"))
		message = span_skip(message, 3);
	while (message.len > 0 && ascii_is_space(message.at[0]))
		message = span_skip(message, 1);
	if (message.len > 0 && memchr(message.at, '\n', message.len) == NULL)
		return with_line_feeds(arena, message);
	return message;
}

void
letter_read(struct arena *arena, struct span message, struct letter *letter_r)
{
	struct letter *letter = letter_r;

	*letter = (struct letter){ .arena = arena, .returned_id = "" };
	parts_read(arena, message_start(arena, message), &letter->parts);
	letter->headers = &letter->parts.items[0].headers;
	read_from(letter);
	read_subject(letter);
	find_returned(letter);
	read_text(letter);
	cut_notice(letter);
	letter->notice_folded = phrase_fold(arena, letter->notice);
	letter->returned_id = letter_message_id(
		arena, header_text(arena, &letter->returned, "Message-ID"));
	if (letter->returned_id[0] == '\0')
		letter->returned_id = id_in_text(letter);
}
