#include "conf/blocks.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"

#define NAME_BYTES 64

/* Fields that a block may use; flow/plan_blocks.c fills them. */
static const char *const known[] = { "organisation", "contact",     "telephone",
	                             "address",      "hours",       "privacy",
	                             "title",        "reading",     "confirm",
	                             "preferences",  "unsubscribe", "way_on",
	                             "delivery",     "measured",    NULL };

static const char *const languages[] = { "en", "fr" };
#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

struct block {
	const char *name;
	struct block_text texts[LANGUAGES];
	struct place place; /* of the file that was read last */
};

struct blocks {
	struct arena *arena;
	const struct settings *settings;
	struct finding_list *findings;
	struct block *items;
	size_t count;
	size_t room;
};

static void
complain(struct blocks *blocks, struct place place, const char *text,
         const char *remedy)
{
	finding_add(blocks->arena, blocks->findings,
	            (struct finding){ .place = place,
	                              .setting = "blocks",
	                              .text = text,
	                              .remedy = remedy });
}

/* "NAME.fr.html" taken apart; false: it is no file of a block. */
static bool
take_apart(struct arena *arena, const char *file, const char **name_r,
           size_t *language_r, bool *is_html_r)
{
	struct span span = span_of(file);

	*is_html_r = span_ends(span, ".html");
	if (!*is_html_r && !span_ends(span, ".txt"))
		return false;
	span.len -= *is_html_r ? 5 : 4;
	for (size_t i = 0; i < LANGUAGES; i++) {
		const char *ending = arena_printf(arena, ".%s", languages[i]);

		if (!span_ends(span, ending))
			continue;
		span.len -= strlen(ending);
		*language_r = i;
		*name_r = arena_strndup(arena, span.at, span.len);
		return span.len > 0 && span.len < NAME_BYTES;
	}
	return false;
}

static struct block *
block_named(struct blocks *blocks, const char *name)
{
	struct block *block;

	for (size_t i = 0; i < blocks->count; i++)
		if (strcmp(blocks->items[i].name, name) == 0)
			return &blocks->items[i];
	block = arena_push(blocks->arena, (void **)&blocks->items,
	                   &blocks->count, &blocks->room, sizeof(*block));
	*block = (struct block){ .name = name };
	return block;
}

static void
add_file(struct blocks *blocks, const char *path, const char *file,
         struct span bytes)
{
	struct place place = { .file = path };
	struct template *template;
	const char *name;
	size_t language;
	bool is_html;
	struct error err;

	if (!take_apart(blocks->arena, file, &name, &language, &is_html)) {
		complain(blocks, place, "is no file of a block",
		         "its name is NAME.fr.txt, NAME.fr.html, NAME.en.txt "
		         "or NAME.en.html");
		return;
	}
	if (template_parse(blocks->arena,
	                   &(const struct template_source){
				   is_html ? TEMPLATE_HTML : TEMPLATE_PLAIN,
				   bytes, known },
	                   &template, &place.line, &err) != RESULT_OK) {
		complain(blocks, place, arena_strdup(blocks->arena, err.text),
		         "see avis-policy(5), BLOCKS");
		return;
	}

	struct block *block = block_named(blocks, name);
	struct block_text *text = &block->texts[language];

	block->place = place;
	if (is_html)
		text->html = template;
	else
		text->text = template;
}

static void
read_folder(struct blocks *blocks, const char *folder)
{
	DIR *entries = opendir(folder);
	struct place place = settings_place(blocks->settings, "blocks",
	                                    (struct place){ folder, 0 });
	struct dirent *entry;

	if (entries == NULL) {
		complain(blocks, place,
		         arena_printf(blocks->arena, "%s cannot be read",
		                      folder),
		         "make the folder, or leave the setting out");
		return;
	}
	while ((entry = readdir(entries)) != NULL) {
		const char *path = arena_printf(blocks->arena, "%s/%s", folder,
		                                entry->d_name);
		struct span bytes;
		struct error err;

		if (entry->d_name[0] == '.')
			continue;
		if (file_read(blocks->arena, path, TEMPLATE_BYTES, &bytes,
		              &err) != RESULT_OK)
			complain(blocks, (struct place){ path, 0 },
			         arena_strdup(blocks->arena, err.text), "");
		else
			add_file(blocks, path,
			         arena_strdup(blocks->arena, entry->d_name),
			         bytes);
	}
	closedir(entries);
}

/* Text and HTML must say the same thing to whoever sees one of them. */
static void
check_halves(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++)
		for (size_t k = 0; k < LANGUAGES; k++) {
			const struct block *block = &blocks->items[i];
			const struct block_text *text = &block->texts[k];

			if ((text->text == NULL) != (text->html == NULL))
				complain(blocks, block->place,
				         arena_printf(blocks->arena,
				                      "%s.%s has a text and "
				                      "no HTML, or the other "
				                      "way round",
				                      block->name,
				                      languages[k]),
				         "write the file that is missing");
		}
}

static const char *
name_at(const void *context, size_t index)
{
	return blocks_name(context, index);
}

/* A name that a class uses must be one of ours. */
static void
check_name(struct blocks *blocks, const struct class_settings *class,
           const char *member, const char *name)
{
	const char *setting = arena_printf(blocks->arena, "classes.%s.%s",
	                                   class->name, member);
	struct block_text found;
	const char *near;

	if (blocks_find(blocks, name, "en", &found))
		return;
	near = nearest_name(name, name_at, blocks);
	finding_add(
		blocks->arena, blocks->findings,
		(struct finding){
			.place = settings_place(blocks->settings, setting,
	                                        class->place),
			.setting = setting,
			.text = arena_printf(blocks->arena,
	                                     "there is no block \"%s\"", name),
			.remedy = near[0] != '\0'
	                                  ? arena_printf(blocks->arena,
	                                                 "did you mean \"%s\"?",
	                                                 near)
	                                  : "avis-policy(5), BLOCKS, "
	                                    "lists them" });
}

static void
check_classes(struct blocks *blocks)
{
	const struct settings *settings = blocks->settings;

	for (size_t i = 0; i < settings->class_count; i++) {
		const struct class_settings *class = &settings->classes[i];

		if (class->notice[0] != '\0')
			check_name(blocks, class, "notice", class->notice);
		for (size_t k = 0; k < class->footer.count; k++)
			check_name(blocks, class, "footer",
			           class->footer.items[k]);
	}
}

enum result
blocks_read(struct arena *arena, const struct settings *settings,
            struct blocks **blocks_r, struct finding_list *findings)
{
	struct blocks *blocks = arena_alloc(arena, sizeof(*blocks));
	size_t before = finding_errors(findings);
	const char *file;

	*blocks = (struct blocks){ .arena = arena,
		                   .settings = settings,
		                   .findings = findings };
	for (size_t i = 0; (file = block_file_name(i)) != NULL; i++)
		add_file(blocks, file, file, block_file(file));
	if (settings->blocks[0] != '\0')
		read_folder(blocks, settings->blocks);
	check_halves(blocks);
	check_classes(blocks);
	*blocks_r = blocks;
	return finding_errors(findings) == before ? RESULT_OK : RESULT_BAD;
}

bool
blocks_find(const struct blocks *blocks, const char *name, const char *language,
            struct block_text *block_r)
{
	const struct block_text *found = NULL;

	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *block = &blocks->items[i];

		if (strcmp(block->name, name) != 0)
			continue;
		for (size_t k = 0; k < LANGUAGES; k++)
			if (block->texts[k].text != NULL &&
			    (found == NULL ||
			     strcmp(languages[k], language) == 0))
				found = &block->texts[k];
	}
	if (found != NULL)
		*block_r = *found;
	return found != NULL;
}

const char *
blocks_name(const struct blocks *blocks, size_t index)
{
	return index < blocks->count ? blocks->items[index].name : NULL;
}
