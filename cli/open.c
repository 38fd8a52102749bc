#include "cli/open.h"

#include <stdarg.h>
#include <stdio.h>

#include "record/archive.h"

#define BUDGET_MS 5000 /* someone waits at a terminal, no mail does */

void
opened_init(struct opened *opened, const char *command)
{
	*opened = (struct opened){ .command = command, .arena = arena_new() };
}

void
opened_done(struct opened *opened)
{
	store_close(&opened->store);
	keyring_free(&opened->keys);
	arena_free(&opened->arena);
}

void
opened_say(const struct opened *opened, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", opened->command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

bool
open_settings(struct opened *opened, const char *conf)
{
	struct finding_list findings = { 0 };
	struct error err;

	if (settings_read(opened->arena, conf, &opened->settings, &findings,
	                  &err) == RESULT_OK)
		return true;
	for (size_t i = 0; i < findings.count; i++)
		if (!findings.items[i].is_warning)
			fprintf(stderr, "%s\n",
			        finding_text(opened->arena,
			                     &findings.items[i]));
	opened_say(opened, "%s", err.text);
	return false;
}

bool
open_keys(struct opened *opened)
{
	struct error err;
	enum result result =
		keyring_read(opened->settings->keys, &opened->keys, &err);

	if (result == RESULT_OK)
		return true;
	opened_say(opened, "%s%s", err.text,
	           result == RESULT_NONE ? "; `avis key create` makes it" : "");
	return false;
}

bool
open_store(struct opened *opened)
{
	struct store_options options = {
		.url = opened->settings->store,
		.budget_ms = BUDGET_MS,
		.keys = opened->keys,
		.consent_keep_ms = opened->settings->consent_keep_ms,
	};
	struct error err;

	if (store_open(&options, &opened->store, &err) == RESULT_OK)
		return true;
	opened_say(opened, "%s", err.text);
	return false;
}

struct archive *
open_archive(struct opened *opened)
{
	const char *folder = opened->settings->archive.folder;
	struct archive *archive = NULL;
	struct error err;

	if (folder[0] == '\0')
		return NULL;
	enum result result =
		archive_open(folder, opened->keys, false, &archive, &err);
	if (result != RESULT_OK && result != RESULT_NONE)
		opened_say(opened, "the archive is not looked at: %s",
		           err.text);
	return result == RESULT_OK ? archive : NULL;
}
