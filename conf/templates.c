#include "conf/templates.h"

#include <dirent.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"

#define SETTING "pages.templates"

static const char *const names[] = {
	"frame.html",         "unsubscribe.html", "unsubscribed.html",
	"choices-ask.html",   "data-ask.html",    "sent.html",
	"choices.html",       "saved.html",       "data-show.html",
	"data.html",          "erase.html",       "erase-asked.html",
	"problem.html",       "mail-choices.txt", "mail-data.txt",
	"mail-erase.txt",     "confirm.html",     "confirmed.html",
	"mail-confirmed.txt", "style.css",        NULL,
};

/* What a template may ask for; avis-web(8) says what each of them is. */
static const char *const known[] = {
	"lang",          "base",          "title",
	"org_name",      "address",       "contact",
	"telephone",     "telephone_url", "hours",
	"privacy",       "other_lang",    "other_language",
	"wish",          "class",         "token",
	"token_p",       "token_u",       "token_d",
	"token_v",       "hours_good",    "mails_most",
	"needs_address", "is_suggested",  "classes",
	"number",        "name",          "is_on",
	"is_none",       "caps",          "value",
	"label",         "is_chosen",     "asks_receipts",
	"is_measured",   "channels",      "languages",
	"changes",       "today",         "person_address",
	"is_restricted", "choices",       "consents",
	"messages",      "date",          "state",
	"until",         "is_cut",        "messages_most",
	"is_erasure",    "text",          "link",
	"from",          "subject",       "answer",
	"confirmed",     "message_id",    NULL,
};

const char *
templates_name(size_t index)
{
	return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

static void
warn(struct arena *arena, struct finding_list *findings, struct place place,
     const char *text, const char *remedy)
{
	struct finding finding = { .place = place,
		                   .is_warning = true,
		                   .setting = SETTING,
		                   .text = text,
		                   .remedy = remedy };

	finding_add(arena, findings, finding);
}

static struct place
whole_file(const char *path)
{
	struct place place = { .file = path };

	return place;
}

static const char *
path_of(struct arena *arena, const struct settings *settings, const char *name)
{
	return arena_printf(arena, "%s/%s", settings->pages.templates, name);
}

enum result
templates_bytes(struct arena *arena, const struct settings *settings,
                const char *name, struct span *bytes_r,
                struct finding_list *findings)
{
	const char *path = path_of(arena, settings, name);
	struct error err;
	enum result result;

	if (settings->pages.templates[0] == '\0')
		return RESULT_NONE;
	result = file_read(arena, path, TEMPLATE_BYTES, bytes_r, &err);
	if (result != RESULT_OK && result != RESULT_NONE) {
		warn(arena, findings, whole_file(path),
		     arena_strdup(arena, err.text),
		     "until then the one that comes with avis is shown");
		result = RESULT_BAD;
	}
	return result;
}

enum result
templates_parse(struct arena *arena, const char *path, struct span bytes,
                struct template **template_r, struct finding_list *findings)
{
	bool is_plain = span_ends(span_of(path), ".txt");
	struct place place = { .file = path };
	struct error err;
	enum result result;

	result = template_parse(
		arena,
		&(const struct template_source){ is_plain ? TEMPLATE_PLAIN
	                                                  : TEMPLATE_HTML,
	                                         bytes, known },
		template_r, &place.line, &err);
	if (result != RESULT_OK)
		warn(arena, findings, place, arena_strdup(arena, err.text),
		     "until then the one that comes with avis is shown; see "
		     "avis-web(8), TEMPLATES");
	return result;
}

enum result
templates_read(struct arena *arena, const struct settings *settings,
               const char *name, struct template **template_r,
               struct finding_list *findings)
{
	struct span bytes;
	enum result result =
		templates_bytes(arena, settings, name, &bytes, findings);

	if (result != RESULT_OK)
		return result;
	return templates_parse(arena, path_of(arena, settings, name), bytes,
	                       template_r, findings);
}

static const char *
name_at(const void *table, size_t index)
{
	const char *const *items = table;

	return items[index];
}

static bool
is_known(const char *name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
check_names(struct arena *arena, const struct settings *settings,
            struct finding_list *findings)
{
	const char *folder = settings->pages.templates;
	DIR *entries = opendir(folder);
	struct dirent *entry;

	if (entries == NULL) {
		warn(arena, findings,
		     settings_place(settings, SETTING, whole_file("")),
		     arena_printf(arena, "%s cannot be read", folder),
		     "until then the templates that come with avis are taken");
		return;
	}
	while ((entry = readdir(entries)) != NULL) {
		struct span name = span_of(entry->d_name);
		const char *near;

		if ((!span_ends(name, ".html") && !span_ends(name, ".txt")) ||
		    is_known(entry->d_name))
			continue;
		near = nearest_name(entry->d_name, name_at, names);
		warn(arena, findings,
		     whole_file(path_of(arena, settings, entry->d_name)),
		     "no page has a template of this name",
		     near[0] == '\0'
		             ? "avis-web(8), TEMPLATES, lists them"
		             : arena_printf(arena, "did you mean \"%s\"?",
		                            near));
	}
	closedir(entries);
}

void
templates_check(struct arena *arena, const struct settings *settings,
                struct finding_list *findings)
{
	if (settings->pages.templates[0] == '\0')
		return;
	check_names(arena, settings, findings);
	for (size_t i = 0; names[i] != NULL; i++) {
		bool is_style = span_ends(span_of(names[i]), ".css");
		struct template *template;
		struct span bytes;
		/* What is wrong stands in the findings. */
		enum result result =
			is_style ? templates_bytes(arena, settings, names[i],
		                                   &bytes, findings)
				 : templates_read(arena, settings, names[i],
		                                  &template, findings);

		(void)result;
	}
}
