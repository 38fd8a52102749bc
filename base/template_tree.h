#ifndef BASE_TEMPLATE_TREE_H
#define BASE_TEMPLATE_TREE_H

#include "base/html_place.h"
#include "base/template.h"

/* What template_parse.c makes and template_render.c walks. */
enum template_node_kind {
	TEMPLATE_BYTES_AS_THEY_ARE,
	TEMPLATE_VALUE,
	TEMPLATE_WORDS,
	TEMPLATE_IF,
	TEMPLATE_EACH,
	TEMPLATE_PAGE
};

struct template_node;

struct template_list {
	struct template_node *items;
	size_t count;
	size_t room;
};

struct template_node {
	enum template_node_kind kind;
	enum place_kind place;
	struct span bytes;
	const char *name; /* of the field, or the words */
	bool is_not;
	struct template_list inside;
	struct template_list otherwise;
};

struct template
{
	struct template_list top;
};

/* Takes "{name}" off the front of a text to be translated. */
bool template_take_field(struct span *rest, struct span *name_r);

#endif
