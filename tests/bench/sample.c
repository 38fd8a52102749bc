#include "tests/bench/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "mail/header.h"

#define FILE_LIMIT   (64U << 20)
#define FIELDS_LIMIT 100000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct sample_header notice_headers[] = {
	{ "From", " \"Example\" <recouvrement@example.fr>" },
	{ "To", " Anne <anne@example.com>" },
	{ "Subject", " =?utf-8?Q?Rappel_de_paiement,_facture_2026-118?=" },
	{ "Date", " Sat, 21 Nov 2026 10:00:00 +0100" },
	{ "Message-ID", " <%s@example.fr>" },
	{ "MIME-Version", " 1.0" },
	{ "Content-Type", " text/plain; charset=utf-8" },
	{ "Content-Transfer-Encoding", " 8bit" },
};

static const struct sample_header newsletter_headers[] = {
	{ "From", " \"Example\" <news@example.fr>" },
	{ "To", " <bruno@example.com>" },
	{ "Subject", " Ce mois-ci dans nos ateliers" },
	{ "Date", " Sat, 21 Nov 2026 10:00:00 +0100" },
	{ "Message-ID", " <%s@news.example.fr>" },
	{ "X-Campaign", " 2026-11" },
	{ "MIME-Version", " 1.0" },
	{ "Content-Type", " multipart/alternative;\n boundary=\"=_b1\"" },
};

static const struct sample_header order_headers[] = {
	{ "From", " \"Example\" <no-reply@example.fr>" },
	{ "To", " <chloe@example.com>" },
	{ "Subject", " Votre commande 4711" },
	{ "Date", " Sat, 21 Nov 2026 10:00:00 +0100" },
	{ "Message-ID", " <%s@shop.example.fr>" },
	{ "MIME-Version", " 1.0" },
	{ "Content-Type", " text/html; charset=utf-8" },
	{ "X-Mailer", " shop 12" },
};

static const struct sample_header transit_headers[] = {
	{ "Received", " from a.example.net by b.example.net; Sat, 21 Nov 2026"
	              "\n 09:59:58 +0100" },
	{ "From", " Denis <denis@example.net>" },
	{ "To", " <contact@example.fr>" },
	{ "Subject", " Une question" },
	{ "Date", " Sat, 21 Nov 2026 09:59:57 +0100" },
	{ "Message-ID", " <%s@example.net>" },
};

static const char short_body[] =
	"Bonjour,\r\n\r\nvoici ce que nous vous devons de dire.\r\n"
	"\r\nCordialement\r\n-- \r\nExample\r\n";

static const struct sample kinds[] = {
	{ "notice", true, "<recouvrement@example.fr>", "<anne@example.com>",
	  notice_headers, COUNT(notice_headers), short_body,
	  sizeof(short_body) - 1 },
	{ "newsletter", true, "<news@example.fr>", "<bruno@example.com>",
	  newsletter_headers, COUNT(newsletter_headers), short_body,
	  sizeof(short_body) - 1 },
	{ "order", true, "<no-reply@example.fr>", "<chloe@example.com>",
	  order_headers, COUNT(order_headers), short_body,
	  sizeof(short_body) - 1 },
	{ "transit", false, "<denis@example.net>", "<contact@example.fr>",
	  transit_headers, COUNT(transit_headers), short_body,
	  sizeof(short_body) - 1 },
};

static const char *
filler(struct arena *arena, size_t len)
{
	static const char line[] =
		"Vingt mots de plus pour que la lettre soit longue.\r\n";
	char *text = arena_alloc(arena, len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = line[i % (sizeof(line) - 1)];
	return text;
}

static const struct sample *
shaped(struct arena *arena, const struct sample *kind,
       const struct sample_shape *shape)
{
	struct sample *sample = arena_alloc(arena, sizeof(*sample));
	size_t count = kind->header_count + shape->extra_headers;
	struct sample_header *headers =
		arena_array(arena, count, sizeof(*headers));

	*sample = *kind;
	for (size_t i = 0; i < count; i++)
		headers[i] = i < kind->header_count
		                     ? kind->headers[i]
		                     : (struct sample_header){ "X-Filler",
			                                       " one of many" };
	sample->headers = headers;
	sample->header_count = count;
	if (shape->body_bytes != 0) {
		sample->body = filler(arena, shape->body_bytes);
		sample->body_len = shape->body_bytes;
	}
	return sample;
}

static const struct sample *
find_kind(struct span name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (span_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static enum result
add_share(struct arena *arena, struct span item,
          const struct sample_shape *shape, struct sample_mix *mix,
          struct error *err)
{
	size_t sign = span_find(item, '=', 0);
	const struct sample *kind = find_kind(span_take(item, sign));
	struct span digits = span_skip(item, sign + 1);
	const char *number = arena_strndup(arena, digits.at, digits.len);
	long share = digits.len == 0 ? 1 : strtol(number, NULL, 10);
	const struct sample *sample;

	if (kind == NULL || share < 1 ||
	    (size_t)share > SAMPLE_MIX_MAX - mix->count) {
		error_set(err,
		          "\"%.*s\": kinds are notice, newsletter, order, "
		          "transit; all shares together at most %d",
		          SPAN_ARG(item), SAMPLE_MIX_MAX);
		return RESULT_BAD;
	}
	sample = shaped(arena, kind, shape);
	while (share-- > 0)
		mix->items[mix->count++] = sample;
	return RESULT_OK;
}

enum result
sample_mix_read(struct arena *arena, const char *text,
                const struct sample_shape *shape, struct sample_mix *mix_r,
                struct error *err)
{
	struct span rest = span_of(text);

	mix_r->count = 0;
	while (rest.len > 0) {
		size_t comma = span_find(rest, ',', 0);
		struct span item = span_take(rest, comma);

		if (add_share(arena, item, shape, mix_r, err) != RESULT_OK)
			return RESULT_BAD;
		rest = span_skip(rest, comma + 1);
	}
	if (mix_r->count == 0) {
		error_set(err, "no kind of message is named");
		return RESULT_BAD;
	}
	return RESULT_OK;
}

static const char *
path_in(struct arena *arena, const struct header_list *list, const char *name)
{
	const char *text = header_text(arena, list, name);
	struct span value = span_of(text);
	size_t open = span_find(value, '<', 0);
	size_t close = span_find(value, '>', open);

	if (close == value.len)
		return arena_printf(arena, "<%s>", text);
	return arena_strndup(arena, value.at + open, close + 1 - open);
}

enum result
sample_file(struct arena *arena, const char *path, struct sample_mix *mix_r,
            struct error *err)
{
	struct sample *sample = arena_alloc(arena, sizeof(*sample));
	struct header_list list = { 0 };
	struct sample_header *headers;
	struct span bytes;
	size_t used;
	enum result result = file_read(arena, path, FILE_LIMIT, &bytes, err);

	if (result != RESULT_OK)
		return result;
	header_read(arena, bytes, FIELDS_LIMIT, &list, &used);
	headers = arena_array(arena, list.count + 1, sizeof(*headers));
	for (size_t i = 0; i < list.count; i++)
		headers[i] = (struct sample_header){ list.items[i].name,
			                             list.items[i].value };
	*sample = (struct sample){ .name = path,
		                   .is_ours = true,
		                   .sender = path_in(arena, &list, "From"),
		                   .recipient = path_in(arena, &list, "To"),
		                   .headers = headers,
		                   .header_count = list.count,
		                   .body = bytes.at + used,
		                   .body_len = bytes.len - used };
	mix_r->items[0] = sample;
	mix_r->count = 1;
	return RESULT_OK;
}
