#include <string.h>

#include "base/nearest.h"
#include "base/template_tree.h"

#define DEPTH_MOST 8
#define NAME_BYTES 40

struct parser {
	struct arena *arena;
	const char *const *known;
	struct span source;
	struct span rest;
	struct html_place place;
	unsigned line;
	unsigned depth;
	struct error *err;
};

/* What stands between {{ and }}. */
struct tag {
	struct span word;
	struct span rest;
	bool is_block; /* if, else, each, end */
};

static bool parse_list(struct parser *parser, struct template_list *list,
                       struct tag *last_r);

static bool
is_name(struct span text)
{
	if (text.len == 0 || text.len > NAME_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.at[i]) && text.at[i] != '_')
			return false;
	return true;
}

bool
template_take_field(struct span *rest, struct span *name_r)
{
	size_t end = span_find(*rest, '}', 0);
	struct span name;

	if (rest->len == 0 || rest->at[0] != '{' || end == rest->len)
		return false;
	name = span_make(rest->at + 1, end - 1);
	if (!is_name(name))
		return false;
	*rest = span_skip(*rest, end + 1);
	*name_r = name;
	return true;
}

static const char *
known_at(const void *names, size_t index)
{
	const char *const *known = names;

	return known[index];
}

/* NULL: no such field; the error says so. */
static const char *
field_name(struct parser *parser, struct span text)
{
	char *name = arena_strndup(parser->arena, text.at, text.len);
	const char *near;

	if (!is_name(text)) {
		error_set(parser->err, "\"%s\" is not the name of a field",
		          name);
		return NULL;
	}
	if (parser->known == NULL)
		return name;
	for (size_t i = 0; parser->known[i] != NULL; i++)
		if (strcmp(parser->known[i], name) == 0)
			return name;
	near = nearest_name(name, known_at, parser->known);
	error_set(parser->err, "there is no field \"%s\"%s%s%s", name,
	          near[0] == '\0' ? "" : "; did you mean \"", near,
	          near[0] == '\0' ? "" : "\"?");
	return NULL;
}

static void
advance(struct parser *parser, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		parser->line += parser->rest.at[i] == '\n';
		html_place_step(&parser->place, parser->rest.at[i]);
	}
	parser->rest = span_skip(parser->rest, count);
}

/* Passes over what is no part of the page: lines count, places do not. */
static void
pass(struct parser *parser, size_t count)
{
	for (size_t i = 0; i < count; i++)
		parser->line += parser->rest.at[i] == '\n';
	parser->rest = span_skip(parser->rest, count);
}

static struct template_node *
push(struct parser *parser, struct template_list *list,
     enum template_node_kind kind)
{
	struct template_node *node =
		arena_push(parser->arena, (void **)&list->items, &list->count,
	                   &list->room, sizeof(*node));

	node->kind = kind;
	node->place = html_place_kind(&parser->place);
	return node;
}

static size_t
blanks_before(struct span bytes)
{
	size_t len = 0;

	while (len < bytes.len && (bytes.at[bytes.len - len - 1] == ' ' ||
	                           bytes.at[bytes.len - len - 1] == '\t'))
		len++;
	return len;
}

/* Does nothing but blanks stand before it on its line? */
static bool
begins_line(const struct parser *parser, const char *at)
{
	struct span before =
		span_make(parser->source.at, (size_t)(at - parser->source.at));
	size_t len = before.len - blanks_before(before);

	return len == 0 || before.at[len - 1] == '\n';
}

/* What is left of its line, with the newline; 0 when it is not blank. */
static size_t
blank_line_end(struct span bytes)
{
	size_t len = 0;

	while (len < bytes.len &&
	       (bytes.at[len] == ' ' || bytes.at[len] == '\t'))
		len++;
	return len < bytes.len && bytes.at[len] == '\n' ? len + 1 : 0;
}

static bool
read_tag(struct parser *parser, struct span inner, struct tag *tag_r)
{
	static const char *const blocks[] = { "if", "else", "each", "end" };
	struct span text = span_trim(inner);
	size_t space = 0;

	while (space < text.len && !ascii_is_space(text.at[space]))
		space++;
	*tag_r = (struct tag){ .word = span_take(text, space),
		               .rest = span_trim(span_skip(text, space)) };
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (span_equal(tag_r->word, span_of(blocks[i])))
			tag_r->is_block = true;
	if (text.len > 0)
		return true;
	error_set(parser->err, "nothing stands between {{ and }}");
	return false;
}

static bool
is_word(const struct tag *tag, const char *word)
{
	return span_equal(tag->word, span_of(word));
}

static bool
add_value(struct parser *parser, struct template_list *list,
          const struct tag *tag)
{
	struct template_node *node = push(parser, list, TEMPLATE_VALUE);

	if (tag->rest.len > 0) {
		error_set(parser->err,
		          "{{" SPAN_FMT " ...}} is neither a field nor one of "
		          "if, else, each, end, t, page",
		          SPAN_ARG(tag->word));
		return false;
	}
	if (node->place == PLACE_NOWHERE || node->place == PLACE_TAG) {
		error_set(parser->err,
		          "a field may stand in text and between the quotes "
		          "of an attribute, not here");
		return false;
	}
	node->name = field_name(parser, tag->word);
	html_place_value(&parser->place);
	return node->name != NULL;
}

/* Every {name} in it must be known, before and after translation. */
static bool
check_words(struct parser *parser, struct span words)
{
	while (words.len > 0) {
		struct span name;

		if (template_take_field(&words, &name)) {
			if (field_name(parser, name) == NULL)
				return false;
		} else {
			words = span_skip(words, 1);
		}
	}
	return true;
}

static bool
add_words(struct parser *parser, struct template_list *list,
          const struct tag *tag)
{
	struct template_node *node = push(parser, list, TEMPLATE_WORDS);
	struct span text = tag->rest;

	if (text.len < 2 || text.at[0] != '"' || text.at[text.len - 1] != '"' ||
	    span_find(text, '"', 1) != text.len - 1) {
		error_set(parser->err, "write {{t \"text\"}}, without other "
		                       "quotes of that kind");
		return false;
	}
	if (node->place != PLACE_TEXT && node->place != PLACE_ATTRIBUTE &&
	    node->place != PLACE_PLAIN) {
		error_set(parser->err, "a text may stand between tags and in "
		                       "an attribute, not here");
		return false;
	}
	text = span_take(span_skip(text, 1), text.len - 2);
	node->name = arena_strndup(parser->arena, text.at, text.len);
	html_place_value(&parser->place);
	return check_words(parser, text);
}

static bool
add_page(struct parser *parser, struct template_list *list)
{
	struct template_node *node = push(parser, list, TEMPLATE_PAGE);

	if (node->place == PLACE_TEXT || node->place == PLACE_PLAIN)
		return true;
	error_set(parser->err, "{{page}} stands between tags, not here");
	return false;
}

static bool
joins(struct parser *parser, struct html_place other, const char *what)
{
	if (html_place_join(&parser->place, &other))
		return true;
	error_set(parser->err,
	          "the parts of this {{%s}} do not begin and end at the same "
	          "place of the page",
	          what);
	return false;
}

static bool
parse_if(struct parser *parser, struct template_node *node)
{
	struct html_place start = parser->place;
	struct html_place one_end;
	struct tag last;

	if (!parse_list(parser, &node->inside, &last))
		return false;
	one_end = parser->place;
	if (is_word(&last, "else")) {
		parser->place = start;
		if (!parse_list(parser, &node->otherwise, &last))
			return false;
		start = parser->place;
		parser->place = one_end;
	}
	if (!is_word(&last, "end")) {
		error_set(parser->err, "an {{if}} wants one {{else}} at most, "
		                       "then {{end}}");
		return false;
	}
	return joins(parser, start, "if");
}

static bool
parse_each(struct parser *parser, struct template_node *node)
{
	struct html_place start = parser->place;
	struct tag last;

	if (!parse_list(parser, &node->inside, &last))
		return false;
	if (is_word(&last, "end"))
		return joins(parser, start, "each");
	error_set(parser->err, "an {{each}} ends with {{end}}");
	return false;
}

static bool
add_block(struct parser *parser, struct template_list *list,
          const struct tag *tag)
{
	bool is_if = is_word(tag, "if");
	struct template_node *node =
		push(parser, list, is_if ? TEMPLATE_IF : TEMPLATE_EACH);
	struct template_node filled = *node;
	size_t at = list->count - 1;
	struct span name = tag->rest;

	if (node->place == PLACE_NOWHERE) {
		error_set(parser->err, "{{" SPAN_FMT "}} may not stand here",
		          SPAN_ARG(tag->word));
		return false;
	}
	if (is_if && span_starts(name, "not ")) {
		filled.is_not = true;
		name = span_trim(span_skip(name, 4));
	}
	filled.name = field_name(parser, name);
	if (filled.name == NULL)
		return false;
	if (!(is_if ? parse_if(parser, &filled) : parse_each(parser, &filled)))
		return false;
	list->items[at] = filled;
	return true;
}

static bool
add_tag(struct parser *parser, struct template_list *list,
        const struct tag *tag)
{
	if (is_word(tag, "if") || is_word(tag, "each"))
		return add_block(parser, list, tag);
	if (is_word(tag, "t"))
		return add_words(parser, list, tag);
	if (is_word(tag, "page") && tag->rest.len == 0)
		return add_page(parser, list);
	return add_value(parser, list, tag);
}

static void
add_bytes(struct parser *parser, struct template_list *list, struct span bytes)
{
	if (bytes.len > 0)
		push(parser, list, TEMPLATE_BYTES_AS_THEY_ARE)->bytes = bytes;
}

/*
 * The bytes before the next {{, then the tag. False at the end, and when
 * the tag is broken.
 */
static bool
next_tag(struct parser *parser, struct template_list *list, struct tag *tag_r,
         bool *is_broken_r)
{
	size_t start = span_find_text(parser->rest, "{{", 0);
	size_t end = span_find_text(parser->rest, "}}", start);
	struct span bytes = span_take(parser->rest, start);
	struct span inner;
	bool is_alone;

	*is_broken_r = start < parser->rest.len;
	*tag_r = (struct tag){ .is_block = false };
	advance(parser, start);
	if (!*is_broken_r) {
		add_bytes(parser, list, bytes);
		return false;
	}
	if (end == start + parser->rest.len) {
		error_set(parser->err, "this {{ has no }}");
		return false;
	}
	inner = span_take(span_skip(parser->rest, 2), end - start - 2);
	is_alone = begins_line(parser, parser->rest.at);
	if (!read_tag(parser, inner, tag_r))
		return false;
	pass(parser, end + 2 - start);
	if (tag_r->is_block && is_alone && blank_line_end(parser->rest) > 0) {
		bytes.len -= blanks_before(bytes);
		pass(parser, blank_line_end(parser->rest));
	}
	add_bytes(parser, list, bytes);
	*is_broken_r = false;
	return true;
}

static bool
parse_list(struct parser *parser, struct template_list *list,
           struct tag *last_r)
{
	bool is_broken;

	if (++parser->depth > DEPTH_MOST) {
		error_set(parser->err, "more than %d blocks in each other",
		          DEPTH_MOST);
		return false;
	}
	while (next_tag(parser, list, last_r, &is_broken)) {
		if (is_word(last_r, "end") || is_word(last_r, "else"))
			break;
		if (!add_tag(parser, list, last_r))
			return false;
	}
	parser->depth--;
	return !is_broken;
}

enum result
template_parse(struct arena *arena, const struct template_source *source,
               struct template **template_r, unsigned *line_r,
               struct error *err)
{
	struct template *template = arena_alloc(arena, sizeof(*template));
	struct parser parser = {
		.arena = arena,
		.known = source->known,
		.source = source->bytes,
		.rest = source->bytes,
		.place = { .is_plain = source->kind == TEMPLATE_PLAIN },
		.line = 1,
		.err = err,
	};
	struct tag last;
	bool is_good = parse_list(&parser, &template->top, &last);

	*line_r = parser.line;
	if (is_good && last.word.len > 0) {
		error_set(err, "{{" SPAN_FMT "}} without {{if}} or {{each}}",
		          SPAN_ARG(last.word));
		is_good = false;
	}
	if (!is_good)
		return RESULT_BAD;
	*template_r = template;
	return RESULT_OK;
}
