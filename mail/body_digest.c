#include "mail/body_digest.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/span.h"

struct body_digest {
	struct digest *digest;
	size_t held_ends; /* line ends not yet known to be inside the body */
	bool is_after_cr;
	bool is_touched; /* something was added since the start */
};

struct body_digest *
body_digest_new(void)
{
	struct body_digest *body = memory_zeroed(1, sizeof(*body));

	body->digest = digest_new();
	return body;
}

void
body_digest_free(struct body_digest **body)
{
	if (*body == NULL)
		return;
	digest_free(&(*body)->digest);
	free(*body);
	*body = NULL;
}

static void
add_line_ends(struct body_digest *body)
{
	static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";

	while (body->held_ends > 0) {
		size_t count = body->held_ends < 8 ? body->held_ends : 8;

		digest_add(body->digest, ends, count * 2);
		body->held_ends -= count;
	}
}

static size_t
line_length(struct span s)
{
	size_t len = 0;

	while (len < s.len && s.at[len] != '\r' && s.at[len] != '\n')
		len++;
	return len;
}

void
body_digest_add(struct body_digest *body, const void *at, size_t len)
{
	struct span rest = span_make(at, len);

	body->is_touched = true;
	while (rest.len > 0) {
		char c = rest.at[0];

		if (c == '\r' || c == '\n') {
			if (c == '\r' || !body->is_after_cr)
				body->held_ends++;
			body->is_after_cr = c == '\r';
			rest = span_skip(rest, 1);
			continue;
		}
		size_t count = line_length(rest);
		add_line_ends(body);
		digest_add(body->digest, rest.at, count);
		body->is_after_cr = false;
		rest = span_skip(rest, count);
	}
}

void
body_digest_take(struct body_digest *body, uint8_t sum_r[DIGEST_BYTES])
{
	body->held_ends = 1;
	add_line_ends(body);
	body->is_after_cr = false;
	body->is_touched = false;
	digest_take(body->digest, sum_r);
}

void
body_digest_reset(struct body_digest *body)
{
	uint8_t unused[DIGEST_BYTES];

	if (body->is_touched)
		body_digest_take(body, unused);
}
