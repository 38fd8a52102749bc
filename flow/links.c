#include "flow/links.h"

#include <string.h>

#include "base/buf.h"
#include "flow/readers.h"
#include "mail/header.h"

#define URL_BYTES 1500 /* tripled when every byte is escaped */

struct links {
	const struct plan_input *input;
	const char *way_out; /* the author's own List-Unsubscribe; "" */
};

struct links *
links_new(const struct plan_input *input)
{
	struct arena *arena = input->message->arena;
	struct links *links = arena_alloc(arena, sizeof(*links));

	*links = (struct links){
		.input = input,
		.way_out = header_text(arena, &input->message->headers,
		                       "List-Unsubscribe"),
	};
	return links;
}

/* What would do harm, or no good, to be counted. */
static bool
is_left_alone(const struct links *links, const char *url)
{
	const char *web = links->input->settings->web;

	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
			return true;
	return strlen(url) > URL_BYTES || text_starts(url, web) ||
	       strstr(links->way_out, url) != NULL ||
	       readers_speak_of_leaving(span_of(url));
}

/* RFC 3986, 2.3: all but what needs no escape anywhere. */
static void
add_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (ascii_is_alnum(*text) || strchr("-._~", *text) != NULL)
			buf_byte(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}

const char *
links_measured(void *context, const char *url)
{
	const struct links *links = context;
	const struct plan_input *input = links->input;
	char token[TOKEN_ADDRESS_SIZE];
	const char *measured;
	struct buf out;

	if (is_left_alone(links, url))
		return NULL;
	token_with_context(input->keys, TOKEN_LINK, input->id, span_of(url),
	                   token);
	buf_init(&out, (size_t)URL_BYTES * 4);
	buf_printf(&out, "%s/k/%s?u=", input->settings->web, token);
	add_escaped(&out, url);
	measured = arena_strdup(input->message->arena, out.data);
	buf_done(&out);
	return measured;
}
