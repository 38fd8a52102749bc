#include "mail/html_tree.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <gumbo.h>

#include "base/memory.h"

#define HTML_LIMIT ((size_t)2 * 1024 * 1024)
#define TAG_LIMIT  10000
#define TREE_LIMIT ((size_t)64 * 1024 * 1024)

static bool
is_too_much(struct span html)
{
	size_t tags = 0;

	if (html.len > HTML_LIMIT)
		return true;
	for (size_t at = span_find(html, '<', 0); at < html.len;
	     at = span_find(html, '<', at + 1))
		if (at + 1 < html.len && ascii_is_alpha(html.at[at + 1]) &&
		    ++tags > TAG_LIMIT)
			return true;
	return false;
}

/*
 * A parse, with all that Gumbo took for it. Gumbo has no limit of its own,
 * and a few KB can make it build millions of elements: <b> that are still
 * open are made anew in each <p>. It does not take "no" for an answer either,
 * so we leave it where it stands, and free everything ourselves, which also
 * spares us its recursion.
 */
struct chunk {
	struct chunk *next, *before;
	size_t size;
	max_align_t bytes[];
};

struct tree {
	GumboOutput *output;
	struct chunk *chunks;
	size_t left;
	jmp_buf too_much;
};

static void *
tree_get(void *userdata, size_t size)
{
	struct tree *tree = userdata;
	struct chunk *chunk;

	if (size + sizeof(*chunk) > tree->left)
		longjmp(tree->too_much, 1);
	tree->left -= size + sizeof(*chunk);
	chunk = memory_get(sizeof(*chunk) + size);
	*chunk = (struct chunk){ .next = tree->chunks, .size = size };
	if (chunk->next != NULL)
		chunk->next->before = chunk;
	tree->chunks = chunk;
	return chunk->bytes;
}

static void
tree_give(void *userdata, void *bytes)
{
	struct tree *tree = userdata;
	struct chunk *chunk;

	if (bytes == NULL)
		return;
	chunk = (struct chunk *)(void *)((char *)bytes -
	                                 offsetof(struct chunk, bytes));
	if (chunk->next != NULL)
		chunk->next->before = chunk->before;
	if (chunk->before != NULL)
		chunk->before->next = chunk->next;
	else
		tree->chunks = chunk->next;
	tree->left += chunk->size + sizeof(*chunk);
	free(chunk);
}

static void
tree_done(struct tree *tree)
{
	struct chunk *chunk = tree->chunks, *next;

	tree->chunks = NULL;
	for (; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
}

/* False: it is too much, and there is no tree. */
static bool
tree_init(struct tree *tree, struct span html)
{
	GumboOptions options = kGumboDefaultOptions;

	if (is_too_much(html))
		return false;
	*tree = (struct tree){ .left = TREE_LIMIT };
	options.allocator = tree_get;
	options.deallocator = tree_give;
	options.userdata = tree;
	/* Each holds a copy of all tags open at that place. */
	options.max_errors = 0;
	if (setjmp(tree->too_much) != 0) {
		tree_done(tree);
		return false;
	}
	tree->output = gumbo_parse_with_options(&options, html.at, html.len);
	return true;
}

static const GumboNode *
body_of(const GumboOutput *output)
{
	const GumboVector *children = &output->root->v.element.children;

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (child->type == GUMBO_NODE_ELEMENT &&
		    child->v.element.tag == GUMBO_TAG_BODY)
			return child;
	}
	return NULL;
}

static size_t
offset_of(const GumboStringPiece *piece, struct span html)
{
	return piece->data != NULL && piece->data >= html.at &&
	                       piece->data <= html.at + html.len
	               ? (size_t)(piece->data - html.at)
	               : html.len;
}

/* Behind the tag <body>, or in front of what would stand first in it. */
static size_t
top_of(const GumboElement *body, struct span html)
{
	if (body->original_tag.length > 0)
		return offset_of(&body->original_tag, html) +
		       body->original_tag.length;
	for (unsigned i = 0; i < body->children.length; i++) {
		const GumboNode *child = body->children.data[i];

		if (child->type == GUMBO_NODE_ELEMENT &&
		    child->v.element.original_tag.length > 0)
			return offset_of(&child->v.element.original_tag, html);
		if (child->type == GUMBO_NODE_TEXT)
			return offset_of(&child->v.text.original_text, html);
	}
	return html.len;
}

static size_t
bottom_of(const GumboOutput *output, const GumboElement *body, struct span html)
{
	const GumboElement *root = &output->root->v.element;

	if (body->original_end_tag.length > 0)
		return offset_of(&body->original_end_tag, html);
	if (root->original_end_tag.length > 0)
		return offset_of(&root->original_end_tag, html);
	return html.len;
}

bool
html_place_find(struct span html, struct html_place *place_r)
{
	const GumboNode *body;
	struct tree tree;

	if (!tree_init(&tree, html))
		return false;
	body = body_of(tree.output);
	if (body != NULL) {
		place_r->top = top_of(&body->v.element, html);
		place_r->bottom =
			bottom_of(tree.output, &body->v.element, html);
	}
	tree_done(&tree);
	return body != NULL && place_r->top <= place_r->bottom;
}

static bool
has_id(const GumboElement *element, const char *id)
{
	const GumboAttribute *attribute =
		gumbo_get_attribute(&element->attributes, "id");

	return attribute != NULL && strcmp(attribute->value, id) == 0;
}

/* What stands in these is not read as text of the page. */
static bool
hides(const GumboElement *element)
{
	static const GumboTag tags[] = {
		GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,  GUMBO_TAG_TEMPLATE,
		GUMBO_TAG_TEXTAREA, GUMBO_TAG_TITLE,  GUMBO_TAG_HEAD,
		GUMBO_TAG_NOSCRIPT, GUMBO_TAG_SELECT, GUMBO_TAG_IFRAME,
		GUMBO_TAG_OBJECT,   GUMBO_TAG_BUTTON, GUMBO_TAG_SVG,
	};
	const GumboAttribute *hidden =
		gumbo_get_attribute(&element->attributes, "hidden");

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (element->tag == tags[i])
			return true;
	return hidden != NULL;
}

/* Depth first over the tree, without recursion. */
static const GumboNode *
next_node(const GumboNode *node, const GumboNode *root)
{
	if ((node->type == GUMBO_NODE_ELEMENT ||
	     node->type == GUMBO_NODE_TEMPLATE) &&
	    node->v.element.children.length > 0)
		return node->v.element.children.data[0];
	while (node != root) {
		const GumboVector *around = &node->parent->v.element.children;

		if (node->index_within_parent + 1 < around->length)
			return around->data[node->index_within_parent + 1];
		node = node->parent;
	}
	return NULL;
}

static bool
is_in_sight(const GumboNode *node)
{
	for (; node->parent != NULL; node = node->parent)
		if (node->type == GUMBO_NODE_TEMPLATE ||
		    (node->type == GUMBO_NODE_ELEMENT &&
		     hides(&node->v.element)))
			return false;
	return true;
}

bool
html_place_is_seen(struct span html, const char *id)
{
	size_t found = 0;
	bool is_seen = false;
	struct tree tree;

	if (!tree_init(&tree, html))
		return false;
	for (const GumboNode *node = tree.output->root; node != NULL;
	     node = next_node(node, tree.output->root)) {
		if (node->type != GUMBO_NODE_ELEMENT ||
		    !has_id(&node->v.element, id))
			continue;
		found++;
		is_seen = is_in_sight(node);
	}
	tree_done(&tree);
	return found == 1 && is_seen;
}

/* What a browser drops in front of an address. */
static bool
leads_to_web(const char *url)
{
	while (*url != '\0' && (unsigned char)*url <= ' ')
		url++;
	return text_starts(url, "http://") || text_starts(url, "https://");
}

static void
add_link(struct arena *arena, const GumboElement *element, struct span html,
         struct html_link_list *list)
{
	const GumboAttribute *href =
		gumbo_get_attribute(&element->attributes, "href");
	struct html_link *link;
	GumboStringPiece value;

	if (href == NULL || !leads_to_web(href->value))
		return;
	value = href->original_value;
	/* Of an element that the tree holds twice, the source has one. */
	if (value.length == 0 || offset_of(&value, html) == html.len)
		return;
	link = arena_push(arena, (void **)&list->items, &list->count,
	                  &list->room, sizeof(*link));
	link->is_quoted = value.data[0] == '"' || value.data[0] == '\'';
	link->at = offset_of(&value, html) + link->is_quoted;
	link->len = value.length - (link->is_quoted ? 2 : 0);
	link->url = arena_strdup(arena, href->value);
}

static int
by_offset(const void *a, const void *b)
{
	const struct html_link *left = a, *right = b;

	return left->at < right->at ? -1 : left->at > right->at;
}

/* An element that was repaired stands in the tree more than once. */
static void
sort_links(struct html_link_list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(*list->items), by_offset);
	for (size_t i = 1; i < list->count; i++)
		if (list->items[i].at != list->items[kept].at)
			list->items[++kept] = list->items[i];
	list->count = kept + 1;
}

bool
html_links(struct arena *arena, struct span html, struct html_link_list *list_r)
{
	struct tree tree;

	*list_r = (struct html_link_list){ 0 };
	if (!tree_init(&tree, html))
		return false;
	for (const GumboNode *node = tree.output->root; node != NULL;
	     node = next_node(node, tree.output->root))
		if (node->type == GUMBO_NODE_ELEMENT &&
		    (node->v.element.tag == GUMBO_TAG_A ||
		     node->v.element.tag == GUMBO_TAG_AREA))
			add_link(arena, &node->v.element, html, list_r);
	tree_done(&tree);
	sort_links(list_r);
	return true;
}
