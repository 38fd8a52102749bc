#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "record/bundle.h"
#include "record/bundle_form.h"
#include "record/cms.h"
#include "record/seal.h"

#define SEAL_LIMIT ((size_t)256 * 1024)

enum result
bundle_ask_seal(const struct settings *settings, struct error *err)
{
	struct arena *arena = arena_new();
	enum result result = file_replace(
		arena_printf(arena, "%s/now", settings->seal.requests),
		SPAN("now\n"), 0640, err);

	arena_free(&arena);
	return result;
}

static struct span
manifest_of(const struct fileset *set)
{
	return fileset_find(set, BUNDLE_MANIFEST)->bytes;
}

enum result
bundle_ask(struct arena *arena, const struct settings *settings,
           const struct fileset *set, struct error *err)
{
	struct span manifest = manifest_of(set);
	char name[MANIFEST_ID_SIZE];

	manifest_request_name(manifest, name);
	return file_replace(arena_printf(arena, "%s/%s.json",
	                                 settings->seal.requests, name),
	                    manifest, 0640, err);
}

static enum result
read_answer(struct arena *arena, const struct settings *settings,
            struct span manifest, const char *ending, struct span *bytes_r,
            struct error *err)
{
	char name[MANIFEST_ID_SIZE];

	manifest_request_name(manifest, name);
	return file_read(arena,
	                 arena_printf(arena, "%s/bundles/%s%s",
	                              settings->seal.folder, name, ending),
	                 SEAL_LIMIT, bytes_r, err);
}

/*
 * The sums of what SHA256SUMS cannot cover: against damage, not against
 * people. So each byte of the bundle is under a sum.
 */
static void
add_sealed(struct arena *arena, struct fileset *set)
{
	static const char *const names[] = { BUNDLE_SUMS, BUNDLE_MANIFEST,
		                             BUNDLE_SIGNATURE, BUNDLE_STAMP };
	struct span text = SPAN("");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct fileset_file *file = fileset_find(set, names[i]);
		char hex[DIGEST_HEX_SIZE];
		uint8_t sum[DIGEST_BYTES];

		if (file == NULL)
			continue;
		digest_sha256(file->bytes.at, file->bytes.len, sum);
		digest_hex(sum, hex);
		text = span_of(arena_printf(arena, SPAN_FMT "%s  %s\n",
		                            SPAN_ARG(text), hex, names[i]));
	}
	fileset_add(arena, set, BUNDLE_SEALED, text);
}

enum result
bundle_finish(struct arena *arena, const struct settings *settings,
              struct fileset *set, struct error *err)
{
	struct span manifest = manifest_of(set), signature, stamp;
	enum result result = read_answer(arena, settings, manifest,
	                                 HEAD_SIGNATURE, &signature, err);

	if (result != RESULT_OK)
		return result;
	if (settings->seal.authority[0] != '\0') {
		result = read_answer(arena, settings, manifest, HEAD_STAMP,
		                     &stamp, err);
		if (result != RESULT_OK)
			return result == RESULT_NONE ? RESULT_RETRY : result;
		fileset_add(arena, set, BUNDLE_STAMP, stamp);
	}
	fileset_add(arena, set, BUNDLE_SIGNATURE, signature);
	add_sealed(arena, set);
	return RESULT_OK;
}

const char *
bundle_name(struct arena *arena, const struct fileset *set)
{
	struct manifest manifest;
	struct error ignored;

	if (manifest_read(arena, manifest_of(set), &manifest, &ignored) !=
	    RESULT_OK)
		return "bundle";
	return arena_printf(arena, "bundle-%s", manifest.id);
}
