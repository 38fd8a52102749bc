#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/tree.h"

/*
 * The library says "syntax error" and a line, often the wrong one. These are
 * the slips people make, told where they are. What passes here is handed to
 * the library, which has the last word on the syntax.
 */
#define DEPTH 10

enum token {
	TOKEN_NONE,
	TOKEN_NAME,
	TOKEN_QUOTED, /* a value, or a name with quotes around it */
	TOKEN_VALUE,
	TOKEN_EQUALS,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_SEMICOLON
};

struct bracket {
	char sign;
	unsigned line;
};

struct scan {
	struct arena *arena;
	const struct source *source;
	struct finding_list *findings;
	struct span rest;
	struct buf out;
	unsigned line;
	enum token last;
	bool last_was_wanted; /* a value was expected where the last one is */
	bool last_may_join;   /* text behind text: the library joins them */
	size_t last_at;       /* where it starts in out */
	struct bracket open[DEPTH];
	unsigned depth;
};

static bool
complain(struct scan *scan, unsigned line, const char *text, const char *remedy)
{
	struct finding finding = { .place = source_place(scan->source, line),
		                   .setting = "",
		                   .text = text,
		                   .remedy = remedy };

	finding_add(scan->arena, scan->findings, finding);
	return false;
}

static bool
in_list(const struct scan *scan)
{
	return scan->depth > 0 && scan->open[scan->depth - 1].sign != '{';
}

static bool
wants_value(const struct scan *scan)
{
	if (scan->last == TOKEN_EQUALS)
		return true;
	return in_list(scan) &&
	       (scan->last == TOKEN_OPEN || scan->last == TOKEN_COMMA);
}

static void
emit(struct scan *scan, enum token token, struct span text)
{
	scan->last_may_join = token == TOKEN_QUOTED &&
	                      scan->last == TOKEN_QUOTED && !in_list(scan) &&
	                      (scan->last_was_wanted || scan->last_may_join);
	scan->last_was_wanted = wants_value(scan);
	scan->last_at = scan->out.len;
	scan->last = token;
	buf_span(&scan->out, text);
}

static struct span
take(struct scan *scan, size_t count)
{
	struct span text = span_take(scan->rest, count);

	scan->rest = span_skip(scan->rest, count);
	return text;
}

/* Comments become blanks, so that lines keep their numbers. */
static bool
skip_comment(struct scan *scan)
{
	unsigned line = scan->line;

	if (scan->rest.at[0] == '#' || span_starts(scan->rest, "//")) {
		take(scan, span_find(scan->rest, '\n', 0));
		return true;
	}

	size_t end = span_find_text(scan->rest, "*/", 2);

	if (end == scan->rest.len)
		return complain(scan, line, "this comment is never closed",
		                "it ends with */");

	struct span text = take(scan, end + 2);

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\n') {
			buf_byte(&scan->out, '\n');
			scan->line++;
		}
	buf_byte(&scan->out, ' ');
	return true;
}

static bool
last_is_value(const struct scan *scan)
{
	return scan->last == TOKEN_VALUE || scan->last == TOKEN_QUOTED ||
	       scan->last == TOKEN_CLOSE;
}

static bool
check_comma(struct scan *scan)
{
	if (in_list(scan) && last_is_value(scan))
		return complain(scan, scan->line,
		                "a comma is missing in front of this",
		                "the items of a list stand between commas");
	return true;
}

static bool
read_quoted(struct scan *scan)
{
	size_t end = 1;

	if (!check_comma(scan))
		return false;
	while (end < scan->rest.len && scan->rest.at[end] != '"' &&
	       scan->rest.at[end] != '\n')
		end += scan->rest.at[end] == '\\' && end + 1 < scan->rest.len &&
		                       scan->rest.at[end + 1] != '\n'
		               ? 2
		               : 1;
	if (end >= scan->rest.len || scan->rest.at[end] != '"')
		return complain(scan, scan->line,
		                "the text in this line has no closing quote",
		                "text stands between two \" in one line");
	emit(scan, TOKEN_QUOTED, take(scan, end + 1));
	return true;
}

static bool
is_name(struct span text)
{
	if (text.len == 0 || !ascii_is_alpha(text.at[0]) ||
	    span_is(text, "true") || span_is(text, "false"))
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (!ascii_is_alnum(text.at[i]) && text.at[i] != '-' &&
		    text.at[i] != '_')
			return false;
	return true;
}

/* { "X-Campaign" = "*"; }: the library wants names without quotes. */
static bool
unquote_name(struct scan *scan)
{
	char *name = scan->out.data + scan->last_at;
	size_t end = 1;

	while (name[end] != '"')
		end++;
	if (!is_name(span_make(name + 1, end - 1)))
		return complain(scan, scan->line,
		                "what stands in front of the = is not the name "
		                "of a setting",
		                "names have letters, digits, - and _");
	name[0] = ' ';
	name[end] = ' ';
	return true;
}

static bool
read_equals(struct scan *scan)
{
	bool is_quoted = scan->last == TOKEN_QUOTED && !scan->last_was_wanted;

	if (!is_quoted && scan->last != TOKEN_NAME)
		return complain(scan, scan->line,
		                "there is no name in front of the =",
		                "a line reads: name = value;");
	if (is_quoted && !unquote_name(scan))
		return false;
	emit(scan, TOKEN_EQUALS, take(scan, 1));
	return true;
}

/* An array of the library holds no groups, a list holds anything. */
static bool
check_open(struct scan *scan)
{
	if (!check_comma(scan))
		return false;
	if (!wants_value(scan))
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "there is no name in front of "
		                             "the %c",
		                             scan->rest.at[0]),
		                "a line reads: name = value;");
	if (scan->depth > 0 && scan->open[scan->depth - 1].sign == '[')
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "a %c stands between [ and ]",
		                             scan->rest.at[0]),
		                "a list of groups is written ( { }, { } )");
	return true;
}

static bool
read_open(struct scan *scan)
{
	if (!check_open(scan))
		return false;
	if (scan->depth == DEPTH)
		return complain(scan, scan->line, "too many brackets are open",
		                "");
	emit(scan, TOKEN_OPEN, span_take(scan->rest, 1));
	scan->open[scan->depth++] =
		(struct bracket){ take(scan, 1).at[0], scan->line };
	return true;
}

static char
partner(char open)
{
	return open == '{' ? '}' : open == '(' ? ')' : ']';
}

static bool
check_value_given(struct scan *scan)
{
	if (scan->last == TOKEN_EQUALS)
		return complain(scan, scan->line,
		                "the value behind the = is missing", "");
	return true;
}

static bool
read_close(struct scan *scan)
{
	char sign = scan->rest.at[0];

	if (!check_value_given(scan))
		return false;
	if (scan->depth == 0)
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "%c closes nothing: there is one "
		                             "too many, or its partner is "
		                             "missing above",
		                             sign),
		                "");

	struct bracket *open = &scan->open[scan->depth - 1];

	if (partner(open->sign) != sign) {
		struct place place = source_place(scan->source, open->line);

		return complain(
			scan, scan->line,
			arena_printf(scan->arena,
		                     "%c stands here where the %c of %s:%u "
		                     "wants its %c",
		                     sign, open->sign, place.file, place.line,
		                     partner(open->sign)),
			"");
	}
	if (scan->last == TOKEN_COMMA)
		scan->out.data[scan->last_at] = ' ';
	scan->depth--;
	emit(scan, TOKEN_CLOSE, take(scan, 1));
	return true;
}

static bool
read_separator(struct scan *scan)
{
	char sign = scan->rest.at[0];

	if (!check_value_given(scan))
		return false;
	if (sign == ';' && in_list(scan))
		return complain(scan, scan->line, "a ; stands inside of a list",
		                "the items of a list stand between commas; "
		                "perhaps a ) or ] is missing before it");
	if (!last_is_value(scan))
		return complain(
			scan, scan->line,
			arena_printf(scan->arena, "one %c too many", sign), "");
	emit(scan, sign == ';' ? TOKEN_SEMICOLON : TOKEN_COMMA, take(scan, 1));
	return true;
}

/* How much of a line belongs to a value that was written without quotes. */
static struct span
bare_value(struct scan *scan)
{
	size_t end = 0;

	while (end < scan->rest.len &&
	       memchr("\n;,{}()[]\"", scan->rest.at[end], 10) == NULL)
		end++;
	return span_trim(span_take(scan->rest, end < 200 ? end : 200));
}

static bool
is_number(struct span word)
{
	size_t at = word.len > 0 && (word.at[0] == '-' || word.at[0] == '+');

	if (at == word.len || !ascii_is_digit(word.at[at]))
		return false;
	while (at < word.len && ascii_is_digit(word.at[at]))
		at++;
	return at == word.len;
}

/* Told as such, so that the setting can say what it wants instead. */
static bool
is_fraction(struct span word)
{
	size_t dot = span_find(word, '.', 0);

	return dot < word.len && is_number(span_take(word, dot)) &&
	       is_number(span_skip(word, dot + 1)) &&
	       ascii_is_digit(word.at[dot + 1]);
}

/* The library cuts a number off at 32 bits without a word. */
static bool
read_number(struct scan *scan, struct span word)
{
	char *text = arena_strndup(scan->arena, word.at, word.len);
	size_t first = word.at[0] == '-' || word.at[0] == '+' ? 1 : 0;

	if (word.len > first + 1 && word.at[first] == '0')
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "%s: a number does not begin "
		                             "with 0",
		                             text),
		                arena_printf(scan->arena,
		                             "write \"%s\" if it is octal",
		                             text));
	errno = 0;

	long long value = strtoll(text, NULL, 10);

	if (errno != 0)
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "%.40s: this number is too large",
		                             text),
		                "");
	emit(scan, TOKEN_VALUE, take(scan, word.len));
	if (value > INT_MAX || value < INT_MIN)
		buf_byte(&scan->out, 'L');
	return true;
}

/* What word processors and shells put around text, taken off. */
static struct span
without_other_quotes(struct span text)
{
	static const char *const quotes[] = {
		"'",
		"`",
		"\xe2\x80\x98",
		"\xe2\x80\x99",
		"\xe2\x80\x9c",
		"\xe2\x80\x9d",
		"\xe2\x80\x9e",
		"\xc2\xab",
		"\xc2\xbb",
	};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		size_t len = strlen(quotes[i]);

		if (span_starts(text, quotes[i]))
			text = span_skip(text, len);
		if (span_ends(text, quotes[i]))
			text = span_take(text, text.len - len);
	}
	return span_trim(text);
}

static bool
read_value(struct scan *scan, struct span word)
{
	if (is_number(word))
		return read_number(scan, word);
	if (span_is(word, "true") || span_is(word, "false") ||
	    is_fraction(word)) {
		emit(scan, TOKEN_VALUE, take(scan, word.len));
		return true;
	}

	struct span bare = bare_value(scan);
	struct span text = without_other_quotes(bare);

	return complain(scan, scan->line,
	                arena_printf(scan->arena,
	                             SPAN_FMT ": text wants quotes around it",
	                             SPAN_ARG(bare)),
	                arena_printf(scan->arena, "write \"" SPAN_FMT "\"",
	                             SPAN_ARG(text)));
}

static bool
read_word(struct scan *scan)
{
	size_t end = 0;

	while (end < scan->rest.len && !ascii_is_space(scan->rest.at[end]) &&
	       memchr(";,=:(){}[]\"#", scan->rest.at[end], 12) == NULL)
		end++;

	struct span word = span_take(scan->rest, end);

	if (!check_comma(scan))
		return false;
	if (wants_value(scan))
		return read_value(scan, word);
	if (!is_name(word))
		return complain(scan, scan->line,
		                arena_printf(scan->arena,
		                             "%.*s: this is not the name of "
		                             "a setting",
		                             word.len < 40 ? (int)word.len : 40,
		                             word.at),
		                "a line reads: name = value;");
	emit(scan, TOKEN_NAME, take(scan, end));
	return true;
}

/* Behind a name stands a =; a text that is no value is a name. */
static bool
check_equals(struct scan *scan)
{
	char sign = scan->rest.len > 0 ? scan->rest.at[0] : '\0';
	bool is_name = scan->last == TOKEN_NAME ||
	               (scan->last == TOKEN_QUOTED && !scan->last_was_wanted &&
	                !scan->last_may_join);

	if (!is_name || sign == '=' || sign == ':')
		return true;

	const char *name = scan->out.data + scan->last_at;
	size_t len = strcspn(name, " \t\r\n\v\f");

	return complain(scan, scan->line,
	                arena_printf(scan->arena,
	                             "%.*s: a = is missing behind the name",
	                             len < 80 ? (int)len : 80, name),
	                "a line reads: name = value;");
}

struct sign {
	char sign;
	bool (*read)(struct scan *scan);
};

static const struct sign signs[] = {
	{ '"', read_quoted },    { '=', read_equals },    { ':', read_equals },
	{ '{', read_open },      { '(', read_open },      { '[', read_open },
	{ '}', read_close },     { ')', read_close },     { ']', read_close },
	{ ',', read_separator }, { ';', read_separator },
};

static bool
read_token(struct scan *scan)
{
	if (!check_equals(scan))
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (signs[i].sign == scan->rest.at[0])
			return signs[i].read(scan);
	return read_word(scan);
}

static bool
scan_all(struct scan *scan)
{
	while (scan->rest.len > 0) {
		char c = scan->rest.at[0];
		bool is_good = true;

		if (ascii_is_space(c)) {
			scan->line += c == '\n' ? 1 : 0;
			buf_span(&scan->out, take(scan, 1));
		} else if (c == '#' || span_starts(scan->rest, "//") ||
		           span_starts(scan->rest, "/*")) {
			is_good = skip_comment(scan);
		} else {
			is_good = read_token(scan);
		}
		if (!is_good)
			return false;
	}
	if (!check_equals(scan))
		return false;
	if (scan->last == TOKEN_EQUALS)
		return complain(scan, scan->line,
		                "the last setting has no value", "");
	if (scan->depth > 0)
		return complain(scan, scan->open[scan->depth - 1].line,
		                arena_printf(scan->arena,
		                             "the %c in this line is never "
		                             "closed",
		                             scan->open[scan->depth - 1].sign),
		                "");
	return true;
}

bool
scan_text(struct arena *arena, struct source *source,
          struct finding_list *findings)
{
	struct scan scan = { .arena = arena,
		             .source = source,
		             .findings = findings,
		             .rest = source->text,
		             .line = 1 };

	/* A number grows by one letter at most. */
	buf_init(&scan.out, source->text.len * 2 + 1);

	bool is_good = scan_all(&scan);

	if (is_good)
		source->text = span_make(
			arena_strndup(arena, scan.out.data, scan.out.len),
			scan.out.len);
	buf_done(&scan.out);
	return is_good;
}
