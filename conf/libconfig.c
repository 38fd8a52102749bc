#include <string.h>

#include <libconfig.h>

#include "conf/tree.h"

/* A group of groups of lists: policy.conf needs five. */
#define NODE_DEPTH 12

struct conversion {
	struct arena *arena;
	const struct source *source;
};

struct message {
	const char *library;
	const char *ours;
};

static const struct message messages[] = {
	{ "duplicate setting name",
	  "this setting stands twice in the same group" },
	{ "mismatched element type in array",
	  "the items between [ and ] are not all of one kind" },
};

static enum node_kind
kind_of(int type)
{
	switch (type) {
	case CONFIG_TYPE_GROUP:
		return NODE_GROUP;
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		return NODE_LIST;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return NODE_INT;
	case CONFIG_TYPE_FLOAT:
		return NODE_FRACTION;
	case CONFIG_TYPE_BOOL:
		return NODE_BOOL;
	default:
		return NODE_TEXT;
	}
}

static void
convert_value(struct arena *arena, const config_setting_t *setting,
              struct node *node_r)
{
	if (node_r->kind == NODE_INT)
		node_r->integer = config_setting_get_int64(setting);
	if (node_r->kind == NODE_BOOL)
		node_r->integer = config_setting_get_bool(setting);
	if (node_r->kind != NODE_TEXT)
		return;

	const char *text = config_setting_get_string(setting);

	node_r->text = arena_strdup(arena, text == NULL ? "" : text);
}

static void
convert(const struct conversion *with, const config_setting_t *setting,
        unsigned depth, struct node *node_r)
{
	const char *name = config_setting_name(setting);
	int count = config_setting_is_aggregate(setting)
	                    ? config_setting_length(setting)
	                    : 0;

	node_r->kind = kind_of(config_setting_type(setting));
	node_r->name = name == NULL ? "" : arena_strdup(with->arena, name);
	node_r->text = "";
	node_r->place =
		source_place(with->source, config_setting_source_line(setting));
	convert_value(with->arena, setting, node_r);
	if (depth == 0 || count <= 0)
		return;
	node_r->count = (size_t)count;
	node_r->items =
		arena_array(with->arena, node_r->count, sizeof(*node_r->items));
	for (unsigned i = 0; i < node_r->count; i++)
		convert(with, config_setting_get_elem(setting, i), depth - 1,
		        &node_r->items[i]);
}

static void
complain(const struct conversion *with, config_t *config,
         struct finding_list *findings)
{
	const char *text = config_error_text(config);
	int line = config_error_line(config);
	struct finding finding = {
		.place = source_place(with->source,
		                      line > 0 ? (unsigned)line : 1),
		.setting = "",
		.text = arena_strdup(with->arena, text == NULL ? "" : text),
		.remedy = "a line reads: name = value; look here and one line "
			  "up for a missing ; or quote",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (strcmp(finding.text, messages[i].library) == 0) {
			finding.text = messages[i].ours;
			finding.remedy = "";
		}
	finding_add(with->arena, findings, finding);
}

bool
tree_parse(struct arena *arena, const struct source *source,
           struct node *root_r, struct finding_list *findings)
{
	struct conversion with = { .arena = arena, .source = source };
	config_t config;

	*root_r = (struct node){ .kind = NODE_GROUP };
	config_init(&config);

	bool is_good =
		config_read_string(&config, source->text.at) == CONFIG_TRUE;

	if (is_good)
		convert(&with, config_root_setting(&config), NODE_DEPTH,
		        root_r);
	else
		complain(&with, &config, findings);
	config_destroy(&config);
	return is_good;
}
