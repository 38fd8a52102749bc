#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "conf/load.h"

#define LIST_ITEMS 10000

struct target {
	struct load *load;
	const struct row *row;
	const struct node *node;
	char *at; /* the field */
	const char *path;
};

typedef void fill(const struct target *target);

void
load_complain(struct load *load, struct place place, const char *setting,
              const char *text, const char *remedy)
{
	finding_add(load->arena, load->findings,
	            (struct finding){ .place = place,
	                              .setting = setting,
	                              .text = text,
	                              .remedy = remedy });
}

static void
complain(const struct target *target, const char *text, const char *remedy)
{
	load_complain(target->load, target->node->place, target->path, text,
	              remedy);
}

static const char *
name_at(const void *names, size_t index)
{
	const struct text_list *list = names;

	return index < list->count ? list->items[index] : NULL;
}

const char *
load_suggest(struct load *load, const char *typed,
             const struct text_list *names)
{
	const char *near = nearest_name(typed, name_at, names);

	if (near[0] == '\0')
		return "";
	return arena_printf(load->arena, "did you mean \"%s\"?", near);
}

struct text_list
load_words(struct arena *arena, const char *type)
{
	struct text_list words = { .items = NULL };
	size_t room = 0;

	if (text_starts(type, "list of "))
		type += strlen("list of ");
	while (type[0] != '\0') {
		size_t len = strcspn(type, " ");
		const char **slot =
			arena_push(arena, (void **)&words.items, &words.count,
		                   &room, sizeof(*slot));

		*slot = arena_strndup(arena, type, len);
		type += len;
		type += strspn(type, " |");
	}
	return words;
}

static const char *
join(struct arena *arena, const struct text_list *words)
{
	const char *text = "";

	for (size_t i = 0; i < words->count; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
		                    words->items[i]);
	return text;
}

/* The position of node's text among the words; false: a finding says so. */
static bool
find_word(const struct target *target, const struct node *node, int *index_r)
{
	struct arena *arena = target->load->arena;
	struct text_list words = load_words(arena, target->row->doc.type);

	for (size_t i = 0; i < words.count; i++)
		if (text_is(words.items[i], node->text)) {
			*index_r = (int)i;
			return true;
		}
	complain(target,
	         arena_printf(arena, "\"%.100s\" is not one of %s", node->text,
	                      join(arena, &words)),
	         load_suggest(target->load, node->text, &words));
	return false;
}

static bool
check_text(const struct target *target, const struct node *node)
{
	value_check *check = target->row->check;
	struct error err;

	if (value_check_line(node->text, &err) == RESULT_OK &&
	    (check == NULL || check(node->text, &err) == RESULT_OK))
		return true;
	complain(target,
	         arena_printf(target->load->arena, "\"%.100s\" %s", node->text,
	                      err.text),
	         "");
	return false;
}

static void
wrong_kind(const struct target *target, const struct node *node,
           const char *wants)
{
	complain(target,
	         arena_printf(target->load->arena, "is %s, wants %s",
	                      node_kind_name(node->kind), wants),
	         "");
}

static const char *
keep_text(const struct target *target, const struct node *node)
{
	return arena_strdup(target->load->arena, node->text);
}

static void
fill_text(const struct target *target)
{
	bool may_be_empty = strcmp(target->row->doc.standard, "\"\"") == 0;
	const char *text = target->node->text;

	if (!(text[0] == '\0' && may_be_empty) &&
	    !check_text(target, target->node))
		return;
	text = keep_text(target, target->node);
	memcpy(target->at, &text, sizeof(text));
}

static void
fill_texts(const struct target *target)
{
	struct text_list list = { .items = NULL };
	const struct node *items = target->node;
	size_t count = 1, room = 0;

	if (target->node->kind == NODE_LIST) {
		items = target->node->items;
		count = target->node->count;
	}
	if (count > LIST_ITEMS) {
		complain(target, "has more than 10000 items", "");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != NODE_TEXT) {
			wrong_kind(target, &items[i], "texts in quotes");
			continue;
		}
		if (!check_text(target, &items[i]))
			continue;

		const char **slot =
			arena_push(target->load->arena, (void **)&list.items,
		                   &list.count, &room, sizeof(*slot));

		*slot = keep_text(target, &items[i]);
	}
	memcpy(target->at, &list, sizeof(list));
}

static void
fill_word(const struct target *target)
{
	struct text_list words =
		load_words(target->load->arena, target->row->doc.type);
	int index;

	if (!find_word(target, target->node, &index))
		return;

	const char *word = words.items[index];

	memcpy(target->at, &word, sizeof(word));
}

static void
fill_choice(const struct target *target)
{
	int index;

	if (!find_word(target, target->node, &index))
		return;
	index += (int)target->row->low;
	memcpy(target->at, &index, sizeof(index));
}

static void
fill_bits(const struct target *target)
{
	const struct node *items = target->node;
	size_t count = 1;
	unsigned bits = 0;
	int index;

	if (target->node->kind == NODE_LIST) {
		items = target->node->items;
		count = target->node->count;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind != NODE_TEXT)
			wrong_kind(target, &items[i], "words in quotes");
		else if (find_word(target, &items[i], &index))
			bits |= (unsigned)target->row->low << index;
	}
	memcpy(target->at, &bits, sizeof(bits));
}

static void
fill_bool(const struct target *target)
{
	bool value = target->node->integer != 0;

	memcpy(target->at, &value, sizeof(value));
}

static void
fill_tristate(const struct target *target)
{
	enum tristate value =
		target->node->integer != 0 ? TRISTATE_YES : TRISTATE_NO;

	memcpy(target->at, &value, sizeof(value));
}

struct step {
	int64_t value;
	const char *unit;
};

static const struct step duration_steps[] = {
	{ 86400000, "d" }, { 3600000, "h" }, { 60000, "min" },
	{ 1000, "s" },     { 1, "ms" },
};
static const struct step size_steps[] = {
	{ 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "k" }, { 1, "" }
};
static const struct step count_steps[] = { { 1, "" } };

/* In the largest unit that gives a whole number, as a person writes it. */
static const char *
number_text(struct arena *arena, enum row_kind kind, int64_t value)
{
	const struct step *step = kind == ROW_DURATION ? duration_steps
	                          : kind == ROW_SIZE   ? size_steps
	                                               : count_steps;

	while (value % step->value != 0 || (value == 0 && step->value > 1))
		step++;
	return arena_printf(arena, "%lld%s", (long long)(value / step->value),
	                    step->unit);
}

static void
put_number(const struct target *target, int64_t value)
{
	const struct row *row = target->row;
	struct arena *arena = target->load->arena;

	if (row->high != 0 && (value < row->low || value > row->high)) {
		complain(target,
		         arena_printf(arena, "is %s, must be %s to %s",
		                      number_text(arena, row->kind, value),
		                      number_text(arena, row->kind, row->low),
		                      number_text(arena, row->kind, row->high)),
		         "");
		return;
	}
	memcpy(target->at, &value, sizeof(value));
}

static void
fill_number(const struct target *target)
{
	put_number(target, target->node->integer);
}

typedef enum result read_number(const char *text, int64_t *value_r,
                                struct error *err);

static void
fill_measure(const struct target *target, read_number *read)
{
	struct error err;
	int64_t value;

	if (read(target->node->text, &value, &err) == RESULT_OK) {
		put_number(target, value);
		return;
	}
	complain(target,
	         arena_printf(target->load->arena, "\"%.100s\" %s",
	                      target->node->text, err.text),
	         "");
}

static void
fill_size(const struct target *target)
{
	if (target->node->kind == NODE_INT)
		put_number(target, target->node->integer);
	else
		fill_measure(target, value_size);
}

static void
fill_duration(const struct target *target)
{
	fill_measure(target, value_duration);
}

static void
fill_mode(const struct target *target)
{
	fill_measure(target, value_mode);
}

static const char *
title_part(const struct target *target, const char *name)
{
	const struct node *part = node_get(target->node, name);

	if (part == NULL)
		return "";
	if (part->kind != NODE_TEXT) {
		wrong_kind(target, part, "text in quotes");
		return "";
	}
	return check_text(target, part) ? keep_text(target, part) : "";
}

static void
fill_title(const struct target *target)
{
	static const char *names[] = { "fr", "en" };
	struct text_list languages = { .items = names, .count = 2 };
	struct title title = { .fr = target->node->text,
		               .en = target->node->text };

	if (target->node->kind == NODE_GROUP) {
		title.fr = title_part(target, "fr");
		title.en = title_part(target, "en");
	} else if (title.fr[0] != '\0' && !check_text(target, target->node)) {
		return;
	}
	for (size_t i = 0; i < target->node->count; i++) {
		const char *name = target->node->items[i].name;

		if (strcmp(name, "fr") != 0 && strcmp(name, "en") != 0)
			complain(target,
			         arena_printf(target->load->arena,
			                      "\"%s\" is not one of fr, en",
			                      name),
			         load_suggest(target->load, name, &languages));
	}
	memcpy(target->at, &title, sizeof(title));
}

static void
fill_headers(const struct target *target)
{
	const struct node *node = target->node;
	size_t count = 0;
	struct header_condition *conditions = arena_array(
		target->load->arena, node->count, sizeof(*conditions));

	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i].kind != NODE_TEXT) {
			wrong_kind(target, &node->items[i], "text in quotes");
			continue;
		}
		if (!check_text(target, &node->items[i]))
			continue;
		conditions[count].name = node->items[i].name;
		conditions[count++].pattern =
			keep_text(target, &node->items[i]);
	}
	memcpy(target->at, &conditions, sizeof(struct header_condition *));
	memcpy(target->at + sizeof(struct header_condition *), &count,
	       sizeof(count));
}

#define HAS(kind) (1U << (kind))
#define LISTED    (HAS(NODE_LIST) | HAS(NODE_TEXT))

struct rule {
	unsigned kinds; /* of node that are taken */
	const char *wants;
	fill *fill;
};

static const struct rule fills[] = {
	[ROW_TEXT] = { HAS(NODE_TEXT), "text in quotes", fill_text },
	[ROW_TEXTS] = { LISTED, "a list such as [ \"one\", \"two\" ]",
	                fill_texts },
	[ROW_WORD] = { HAS(NODE_TEXT), "a word in quotes", fill_word },
	[ROW_CHOICE] = { HAS(NODE_TEXT), "a word in quotes", fill_choice },
	[ROW_BITS] = { LISTED, "a list of words such as [ \"failure\" ]",
	               fill_bits },
	[ROW_BOOL] = { HAS(NODE_BOOL), "true or false without quotes",
	               fill_bool },
	[ROW_TRISTATE] = { HAS(NODE_BOOL), "true or false without quotes",
	                   fill_tristate },
	[ROW_COUNT] = { HAS(NODE_INT), "a number without quotes", fill_number },
	[ROW_SIZE] = { HAS(NODE_INT) | HAS(NODE_TEXT), "a size such as \"10M\"",
	               fill_size },
	[ROW_DURATION] = { HAS(NODE_TEXT),
	                   "a duration in quotes such as \"48h\"",
	                   fill_duration },
	[ROW_MODE] = { HAS(NODE_TEXT), "a mode in quotes such as \"0660\"",
	               fill_mode },
	[ROW_TITLE] = { HAS(NODE_TEXT) | HAS(NODE_GROUP),
	                "text in quotes or { fr = \"...\"; en = \"...\"; }",
	                fill_title },
	[ROW_HEADERS] = { HAS(NODE_GROUP), "{ Name = \"pattern\"; }",
	                  fill_headers },
};

static bool
is_enforced(const struct target *target)
{
	const struct row *row = target->row;

	if (row->enforced == NULL || target->load->is_default)
		return true;
	if (target->node->kind == NODE_LIST)
		return target->node->count == 0;
	return text_is(target->node->text, row->enforced);
}

/* Silence about a promise that is not kept would be a lie. */
static void
warn_not_enforced(const struct target *target)
{
	struct arena *arena = target->load->arena;
	const char *now = target->row->enforced;
	struct finding finding = {
		.place = target->node->place,
		.is_warning = true,
		.setting = target->path,
		.text = "is understood, but this version does not carry it "
			"out yet",
		.remedy =
			"until it does, mail leaves as if it were not written",
	};

	if (now[0] != '\0')
		finding.remedy = arena_printf(
			arena, "until it does, all is as with \"%s\"", now);
	finding_add(arena, target->load->findings, finding);
}

void
load_value(struct load *load, const struct row *row, const struct node *node,
           void *base, const char *path)
{
	struct target target = { .load = load,
		                 .row = row,
		                 .node = node,
		                 .at = (char *)base + row->offset,
		                 .path = path };
	const struct rule *rule = &fills[row->kind];

	if ((rule->kinds & HAS(node->kind)) == 0) {
		wrong_kind(&target, node, rule->wants);
		return;
	}
	rule->fill(&target);
	if (!is_enforced(&target))
		warn_not_enforced(&target);
}
