#include "conf/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define CLASSES_MOST 1000

struct group {
	const struct section *section;
	const struct node *node;
	void *base;
	const char *path; /* "classes.newsletter", "" at the top */
};

static void load_group(struct load *load, const struct group *group);

static const char *const kind_names[] = {
	[NODE_GROUP] = "a group { }",
	[NODE_LIST] = "a list",
	[NODE_TEXT] = "text",
	[NODE_INT] = "a number",
	[NODE_FRACTION] = "a number with a fraction",
	[NODE_BOOL] = "true or false",
};

const char *
node_kind_name(enum node_kind kind)
{
	return kind_names[kind];
}

const struct node *
node_get(const struct node *group, const char *name)
{
	for (size_t i = 0; i < group->count; i++)
		if (strcmp(group->items[i].name, name) == 0)
			return &group->items[i];
	return NULL;
}

static const char *
path_of(struct load *load, const char *group, const char *name)
{
	if (group[0] == '\0')
		return arena_strdup(load->arena, name);
	return arena_printf(load->arena, "%s.%s", group, name);
}

/* "name = standard;" of every row, read as if it stood in a file. */
static bool
read_defaults(struct load *load, const struct section *section,
              struct node *node_r)
{
	struct source source = { .lines = NULL };
	struct buf text;
	const struct row *row;

	buf_init(&text, 64 * (size_t)1024);
	for (size_t i = 0; (row = schema_row(i)) != NULL; i++)
		if (strcmp(row->doc.section, section->name) == 0 &&
		    row->doc.standard[0] != '\0')
			buf_printf(&text, "%s = %s;\n", row->doc.name,
			           row->doc.standard);
	source.text = span_make(text.data, text.len);

	bool is_good = tree_parse(load->arena, &source, node_r, load->findings);

	buf_done(&text);
	return is_good;
}

/* Absent text is "". */
static void
set_empty(const struct row *row, void *base)
{
	char *at = (char *)base + row->offset;
	struct title title = { .fr = "", .en = "" };

	if (row->kind == ROW_TEXT || row->kind == ROW_WORD)
		memcpy(at, &title.fr, sizeof(title.fr));
	if (row->kind == ROW_TITLE)
		memcpy(at, &title, sizeof(title));
}

static void
load_defaults(struct load *load, const struct group *group)
{
	struct node defaults = { .kind = NODE_GROUP };
	const struct row *row;

	/* Our own text: a unit test reads it. */
	if (!read_defaults(load, group->section, &defaults))
		abort();
	load->is_default = true;
	for (size_t i = 0; (row = schema_row(i)) != NULL; i++) {
		if (strcmp(row->doc.section, group->section->name) != 0)
			continue;
		set_empty(row, group->base);

		const struct node *value = node_get(&defaults, row->doc.name);

		if (value != NULL)
			load_value(load, row, value, group->base,
			           row->doc.name);
	}
	load->is_default = false;
}

static void
add_name(struct load *load, struct text_list *names, size_t *room,
         const char *name)
{
	const char **slot = arena_push(load->arena, (void **)&names->items,
	                               &names->count, room, sizeof(*slot));

	*slot = name;
}

/* The rows and groups of one section: what may stand there. */
static struct text_list
known_names(struct load *load, const char *section)
{
	struct text_list names = { .items = NULL };
	const struct section *child;
	const struct row *row;
	size_t room = 0;

	for (size_t i = 0; (row = schema_row(i)) != NULL; i++)
		if (strcmp(row->doc.section, section) == 0)
			add_name(load, &names, &room, row->doc.name);
	for (size_t i = 0; (child = schema_section(i)) != NULL; i++)
		if (child->parent != NULL &&
		    strcmp(child->parent, section) == 0)
			add_name(load, &names, &room, child->member);
	return names;
}

/* "reading" straight in a class belongs in its receipts. */
static const char *
other_section(struct load *load, const char *section, const char *name)
{
	const struct row *row;

	for (size_t i = 0; (row = schema_row(i)) != NULL; i++)
		if (strcmp(row->doc.name, name) == 0 &&
		    strcmp(row->doc.section, section) != 0)
			return row->doc.section[0] == '\0'
			               ? "it stands outside of all groups"
			               : arena_printf(load->arena,
			                              "it belongs in %s",
			                              row->doc.section);
	return "";
}

static void
unknown_name(struct load *load, const struct group *group,
             const struct node *node)
{
	struct text_list names = known_names(load, group->section->name);
	const char *remedy = load_suggest(load, node->name, &names);
	const char *other =
		other_section(load, group->section->name, node->name);

	load_complain(load, node->place, path_of(load, group->path, node->name),
	              "there is no such setting",
	              other[0] != '\0' ? other : remedy);
}

static void
note_written(struct load *load, const char *path, struct place place)
{
	struct settings *settings = load->settings;
	struct written_setting *slot =
		arena_push(load->arena, (void **)&settings->written,
	                   &settings->written_count, &settings->written_room,
	                   sizeof(*slot));

	slot->setting = path;
	slot->place = place;
}

/* classes.newsletter, or classes.3 when it has no usable name. */
static const char *
item_path(struct load *load, const struct section *section,
          const struct node *item, size_t index)
{
	const struct node *name = node_get(item, "name");
	struct error err;

	if (name != NULL && name->kind == NODE_TEXT &&
	    value_check_name(name->text, &err) == RESULT_OK)
		return arena_printf(load->arena, "%s.%s", section->member,
		                    name->text);
	return arena_printf(load->arena, "%s.%zu", section->member, index + 1);
}

static void
load_items(struct load *load, const struct section *section,
           const struct node *items, size_t count, void *base)
{
	char *first = arena_array(load->arena, count, section->size);

	for (size_t i = 0; i < count; i++) {
		struct group item = {
			.section = section,
			.node = &items[i],
			.base = first + i * section->size,
			.path = item_path(load, section, &items[i], i),
		};

		memcpy(item.base, &items[i].place, sizeof(items[i].place));
		load_group(load, &item);
	}
	memcpy((char *)base + section->offset, &first, sizeof(first));
	memcpy((char *)base + section->count_offset, &count, sizeof(count));
}

/* A group alone stands for a list of one. */
static void
load_list(struct load *load, const struct section *section,
          const struct node *node, void *base)
{
	bool is_list = node->kind == NODE_LIST;

	if (!is_list && node->kind != NODE_GROUP)
		load_complain(load, node->place, section->name,
		              arena_printf(load->arena,
		                           "is %s, wants a list of groups "
		                           "( { }, { } )",
		                           node_kind_name(node->kind)),
		              "");
	else if (is_list && node->count > CLASSES_MOST)
		load_complain(load, node->place, section->name,
		              "has more than 1000 items", "");
	else
		load_items(load, section, is_list ? node->items : node,
		           is_list ? node->count : 1, base);
}

static void
load_section(struct load *load, const struct group *group,
             const struct section *section, const struct node *node)
{
	const char *path = path_of(load, group->path, section->member);

	note_written(load, path, node->place);
	if (section->is_list) {
		load_list(load, section, node, group->base);
		return;
	}

	struct group inner = {
		.section = section,
		.node = node,
		.base = (char *)group->base + section->offset,
		.path = path,
	};

	load_group(load, &inner);
}

static void
load_member(struct load *load, const struct group *group,
            const struct node *node)
{
	const char *section = group->section->name;
	const struct row *row = schema_find_row(section, node->name);
	const struct section *inner = schema_find_section(section, node->name);

	if (inner != NULL) {
		load_section(load, group, inner, node);
		return;
	}
	if (row == NULL) {
		unknown_name(load, group, node);
		return;
	}

	const char *path = path_of(load, group->path, node->name);

	note_written(load, path, node->place);
	load_value(load, row, node, group->base, path);
}

static const char *
required_remedy(struct load *load, const struct row *row)
{
	if (row->kind != ROW_CHOICE)
		return arena_printf(load->arena, "%s = ...; %s", row->doc.name,
		                    row->doc.help);
	return arena_printf(load->arena, "%s: %s = one of %s", row->doc.help,
	                    row->doc.name, row->doc.type);
}

static void
check_required(struct load *load, const struct group *group)
{
	const struct row *row;

	for (size_t i = 0; (row = schema_row(i)) != NULL; i++)
		if (row->is_required &&
		    strcmp(row->doc.section, group->section->name) == 0 &&
		    node_get(group->node, row->doc.name) == NULL)
			load_complain(load, group->node->place,
			              path_of(load, group->path, row->doc.name),
			              "is missing", required_remedy(load, row));
}

/* Groups that are not written have their defaults all the same. */
static void
load_absent(struct load *load, const struct group *group)
{
	const struct section *section;

	for (size_t i = 0; (section = schema_section(i)) != NULL; i++) {
		if (section->parent == NULL || section->is_list ||
		    strcmp(section->parent, group->section->name) != 0 ||
		    node_get(group->node, section->member) != NULL)
			continue;

		struct group inner = {
			.section = section,
			.base = (char *)group->base + section->offset,
		};

		load_defaults(load, &inner);
	}
}

static void
load_group(struct load *load, const struct group *group)
{
	load_defaults(load, group);
	if (group->node->kind != NODE_GROUP) {
		load_complain(load, group->node->place, group->path,
		              arena_printf(load->arena,
		                           "is %s, wants a group { }",
		                           node_kind_name(group->node->kind)),
		              "");
		return;
	}
	for (size_t i = 0; i < group->node->count; i++)
		load_member(load, group, &group->node->items[i]);
	load_absent(load, group);
	check_required(load, group);
}

static enum result
report(struct arena *arena, struct finding_list *findings, const char *path,
       struct error *err)
{
	size_t errors = finding_errors(findings), i = 0;

	finding_sort(arena, findings);
	if (errors == 0)
		return RESULT_OK;
	while (findings->items[i].is_warning)
		i++;

	struct finding first = findings->items[i];

	first.remedy = "";
	error_set(err, "%s: %zu error%s, the first: %s", path, errors,
	          errors == 1 ? "" : "s", finding_text(arena, &first));
	return RESULT_BAD;
}

enum result
settings_read(struct arena *arena, const char *path,
              struct settings **settings_r, struct finding_list *findings_r,
              struct error *err)
{
	struct settings *settings = arena_alloc(arena, sizeof(*settings));
	struct load load = { .arena = arena,
		             .findings = findings_r,
		             .settings = settings };
	struct source source;
	struct node root;

	*settings_r = NULL;
	*findings_r = (struct finding_list){ .items = NULL };
	if (!source_read(arena, path, &source, findings_r) ||
	    !scan_text(arena, &source, findings_r) ||
	    !tree_parse(arena, &source, &root, findings_r))
		return report(arena, findings_r, path, err);

	struct group top = { .section = schema_section(0),
		             .node = &root,
		             .base = settings,
		             .path = "" };

	/* What is missing at the top is missing in the file, not in a line. */
	root.place = source_place(&source, 1);
	root.place.line = 0;
	settings->file = arena_strdup(arena, path);
	load_group(&load, &top);
	load_check_together(&load);
	*settings_r = settings;
	return report(arena, findings_r, path, err);
}

static const struct written_setting *
find_written(const struct settings *settings, const char *setting)
{
	for (size_t i = 0; i < settings->written_count; i++)
		if (strcmp(settings->written[i].setting, setting) == 0)
			return &settings->written[i];
	return NULL;
}

struct place
settings_place(const struct settings *settings, const char *setting,
               struct place otherwise)
{
	const struct written_setting *written = find_written(settings, setting);

	return written == NULL ? otherwise : written->place;
}

bool
settings_is_written(const struct settings *settings, const char *setting)
{
	return find_written(settings, setting) != NULL;
}
