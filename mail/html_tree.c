#include "mail/html_tree.h"

#include <stdlib.h>
#include <string.h>

#include <gumbo.h>

#define HTML_LIMIT ((size_t)2 * 1024 * 1024)
#define TAG_LIMIT  10000 /* Gumbo frees its tree by recursion */

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
	GumboOutput *output;
	const GumboNode *body;

	if (is_too_much(html))
		return false;
	output = gumbo_parse_with_options(&kGumboDefaultOptions, html.at,
	                                  html.len);
	body = body_of(output);
	if (body != NULL) {
		place_r->top = top_of(&body->v.element, html);
		place_r->bottom = bottom_of(output, &body->v.element, html);
	}
	gumbo_destroy_output(&kGumboDefaultOptions, output);
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
	GumboOutput *output;

	if (is_too_much(html))
		return false;
	output = gumbo_parse_with_options(&kGumboDefaultOptions, html.at,
	                                  html.len);
	for (const GumboNode *node = output->root; node != NULL;
	     node = next_node(node, output->root)) {
		if (node->type != GUMBO_NODE_ELEMENT ||
		    !has_id(&node->v.element, id))
			continue;
		found++;
		is_seen = is_in_sight(node);
	}
	gumbo_destroy_output(&kGumboDefaultOptions, output);
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
	GumboOutput *output;

	*list_r = (struct html_link_list){ 0 };
	if (is_too_much(html))
		return false;
	output = gumbo_parse_with_options(&kGumboDefaultOptions, html.at,
	                                  html.len);
	for (const GumboNode *node = output->root; node != NULL;
	     node = next_node(node, output->root))
		if (node->type == GUMBO_NODE_ELEMENT &&
		    (node->v.element.tag == GUMBO_TAG_A ||
		     node->v.element.tag == GUMBO_TAG_AREA))
			add_link(arena, &node->v.element, html, list_r);
	gumbo_destroy_output(&kGumboDefaultOptions, output);
	sort_links(list_r);
	return true;
}
