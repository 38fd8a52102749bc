#include "flow/readers.h"

#include "mail/content.h"
#include "mail/html.h"
#include "mail/html_tree.h"
#include "mail/mime.h"
#include "mail/targets.h"

#define PART_LIMIT ((int64_t)2 * 1024 * 1024)
#define TEXT_LIMIT ((size_t)1024 * 1024)

/* Letters of ASCII match in either case; others stand in both. */
static const char *const leaving[] = {
	"unsubscribe",      "opt-out",
	"opt out",          "optout",
	"désabon",          "desabon",
	"désinscri",        "desinscri",
	"ne plus recevoir", "stop receiving",
	"abmelden",         "abbestellen",
	"darse de baja",    "cancelar suscripci",
	"disiscri",         "annulla l'iscri",
	"uitschrijven",     "afmelden",
	"preferences",      "préférences",
	"DÉSABON",          "DÉSINSCRI",
	"PRÉFÉRENCES",
};

/* One version of what readers see. */
struct version {
	struct span text; /* UTF-8, without tags */
	bool has_link;
	bool has_address;
	bool speaks_of_leaving;
};

bool
readers_speak_of_leaving(struct span text)
{
	for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
		if (span_find_text(text, leaving[i], 0) < text.len)
			return true;
	return false;
}

static bool
has_text(struct span text, const char *what)
{
	return span_find_text(text, what, 0) < text.len;
}

/* Links in HTML count wherever they lead; the words may be in the address. */
static bool
read_html(struct arena *arena, struct span html, struct version *version)
{
	struct html_link_list links;

	if (!html_links(arena, html, &links))
		return false;
	version->text = html_text(arena, html, TEXT_LIMIT);
	version->has_link = links.count > 0;
	version->has_address = has_text(html, "mailto:");
	version->speaks_of_leaving = readers_speak_of_leaving(version->text);
	for (size_t i = 0; i < links.count; i++)
		version->speaks_of_leaving |=
			readers_speak_of_leaving(span_of(links.items[i].url));
	return true;
}

static void
read_plain(struct span text, struct version *version)
{
	version->text = text;
	version->has_link = has_text(text, "http://") ||
	                    has_text(text, "https://") ||
	                    has_text(text, "www.");
	version->has_address = span_find(text, '@', 0) < text.len;
	version->speaks_of_leaving = readers_speak_of_leaving(text);
}

static bool
read_version(struct arena *arena, const struct outline_part *part,
             const struct body_source *source, struct version *version_r)
{
	int64_t size = part->end - part->body;
	const char *charset =
		content_parameter(arena, part->type_value, "charset");
	struct span text;
	char *bytes;

	if (size > PART_LIMIT)
		return false;
	bytes = arena_alloc(arena, (size_t)size + 1);
	if (!body_read(source, part->body, (size_t)size, bytes))
		return false;
	text = mime_decode_body(arena, span_make(bytes, (size_t)size),
	                        part->encoding, (size_t)size);
	text = mime_to_utf8(arena, text, charset);
	*version_r = (struct version){ .text = text };
	if (text_is(part->type, "text/html"))
		return read_html(arena, text, version_r);
	read_plain(text, version_r);
	return true;
}

void
readers_look(struct message *message, const struct outline_list *outline,
             const struct body_source *source)
{
	struct arena *arena = message->arena;
	const char *missing = "";
	bool has_link = false;
	struct targets targets;

	targets_find(arena, outline, &targets);
	if (targets.kind != TARGET_PARTS)
		return;
	for (size_t i = 0; i < targets.count; i++) {
		const struct outline_part *part =
			&outline->items[targets.parts[i]];
		struct version version;

		if (!read_version(arena, part, source, &version))
			return;
		has_link |= version.has_link;
		if (!version.speaks_of_leaving ||
		    (!version.has_link && !version.has_address))
			missing = text_is(part->type, "text/html") ? "the HTML"
			                                           : "the text";
	}
	message->is_text_read = true;
	message->has_link = has_link;
	message->visible_link =
		missing[0] == '\0' ? VISIBLE_THERE : VISIBLE_MISSING;
	message->link_missing_in = missing;
}
