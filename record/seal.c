#include "record/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/extents.h"
#include "record/local.h"
#include "record/sealer.h"

#define TRUST_LIMIT ((size_t)256 * 1024)

void
sealer_complain(struct sealer *sealer, const char *format, ...)
{
	struct error line;
	va_list args;

	va_start(args, format);
	vsnprintf(line.text, sizeof(line.text), format, args);
	va_end(args);
	sealer->report.problems++;
	sealer->complain(line.text);
}

const char *
seal_writer_folder(struct arena *arena, const struct settings *settings,
                   const char *writer)
{
	return arena_printf(arena, "%s/%s", settings->seal.folder, writer);
}

/*
 * Certificates stay for as long as what they signed: under the name of their
 * own digest, so that a new one comes beside the old one.
 */
static enum result
keep_certificates(struct arena *arena, const struct settings *settings,
                  const char *kind, const char *path, struct error *err)
{
	const char *folder =
		arena_printf(arena, "%s/trust", settings->seal.folder);
	uint8_t sum[DIGEST_BYTES];
	char hex[DIGEST_HEX_SIZE];
	struct span bytes;
	enum result result;

	if (path[0] == '\0')
		return RESULT_OK;
	result = file_read(arena, path, TRUST_LIMIT, &bytes, err);
	if (result == RESULT_OK)
		result = file_make_folder(folder, 0750, err);
	if (result != RESULT_OK)
		return RESULT_BAD;
	digest_sha256(bytes.at, bytes.len, sum);
	digest_hex(sum, hex);
	const char *name =
		arena_printf(arena, "%s/%s-%.16s.pem", folder, kind, hex);
	if (access(name, F_OK) == 0)
		return RESULT_OK;
	return file_replace(name, bytes, 0640, err);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The last certificate in a text of them. */
static struct span
last_of(struct span text)
{
	static const char start[] = "-----BEGIN CERTIFICATE-----";
	size_t at = span_find_text(text, start, 0), next;

	while ((next = span_find_text(text, start, at + 1)) < text.len)
		at = next;
	return span_skip(text, at);
}

/* All files of a kind, or the last certificate of each, in order of names. */
static struct span
gather_trust(struct arena *arena, const struct settings *settings,
             const char *kind, bool wants_last)
{
	const char *folder =
		arena_printf(arena, "%s/trust", settings->seal.folder);
	const char **names = NULL;
	size_t count = 0, room = 0;
	DIR *dir = opendir(folder);
	struct dirent *file;
	struct span text = SPAN("");

	while (dir != NULL && (file = readdir(dir)) != NULL)
		if (text_starts(file->d_name, kind) &&
		    span_ends(span_of(file->d_name), ".pem"))
			*(const char **)arena_push(arena, (void **)&names,
			                           &count, &room,
			                           sizeof(*names)) =
				arena_strdup(arena, file->d_name);
	if (dir != NULL)
		closedir(dir);
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		struct span one;
		struct error ignored;

		if (file_read(arena,
		              arena_printf(arena, "%s/%s", folder, names[i]),
		              TRUST_LIMIT, &one, &ignored) != RESULT_OK)
			continue;
		one = wants_last ? last_of(one) : one;
		if (span_find_text(text, one.at, 0) == text.len)
			text = span_of(arena_printf(arena, "%.*s%.*s",
			                            SPAN_ARG(text),
			                            SPAN_ARG(one)));
	}
	return text;
}

struct span
seal_trust(struct arena *arena, const struct settings *settings,
           const char *kind)
{
	return gather_trust(arena, settings, kind, false);
}

struct span
seal_roots(struct arena *arena, const struct settings *settings)
{
	return gather_trust(arena, settings, "seal", true);
}

/* One pass at a time: heads are numbered. */
static enum result
take_lock(struct sealer *sealer, struct arena *arena, struct error *err)
{
	const char *folder = sealer->settings->seal.folder;
	const char *path = arena_printf(arena, "%s/lock", folder);
	enum result result = file_make_folder(folder, 0750, err);

	if (result != RESULT_OK)
		return result;
	sealer->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (sealer->lock < 0) {
		error_errno(err, errno, "cannot open %s", path);
		return RESULT_BAD;
	}
	if (flock(sealer->lock, LOCK_EX) == 0)
		return RESULT_OK;
	error_errno(err, errno, "cannot lock %s", path);
	return RESULT_RETRY;
}

enum result
sealer_open(struct arena *arena, const struct settings *settings,
            struct sealer **sealer_r, struct error *err)
{
	const struct seal_settings *seal = &settings->seal;
	struct sealer *sealer = memory_zeroed(1, sizeof(*sealer));
	enum result result = RESULT_BAD;

	sealer->settings = settings;
	sealer->lock = -1;
	if (seal->key[0] == '\0' || seal->certificate[0] == '\0')
		error_set(err, "seal.key and seal.certificate are not set: "
		               "nothing is sealed");
	else
		result = cms_signer_open(seal->key, seal->certificate,
		                         &sealer->signer, err);
	if (result == RESULT_OK)
		result = take_lock(sealer, arena, err);
	if (result == RESULT_OK)
		result = keep_certificates(arena, settings, "seal",
		                           seal->certificate, err);
	if (result == RESULT_OK)
		result = keep_certificates(arena, settings, "authority",
		                           seal->authority_ca, err);
	if (result != RESULT_OK) {
		sealer_close(&sealer);
		return result;
	}
	sealer->transfer = transfer_new();
	*sealer_r = sealer;
	return RESULT_OK;
}

void
sealer_close(struct sealer **sealer)
{
	struct sealer *old = *sealer;

	if (old == NULL)
		return;
	cms_signer_free(&old->signer);
	transfer_free(&old->transfer);
	if (old->lock >= 0)
		close(old->lock);
	free(old);
	*sealer = NULL;
}

void
sealer_run(struct sealer *sealer, bool is_now,
           void (*complain)(const char *text), struct seal_report *report_r)
{
	struct arena *arena = arena_new();
	struct local_writers writers = { NULL, 0, 0 };
	struct error err;

	sealer->complain = complain;
	sealer->is_now = is_now;
	sealer->is_away = false;
	sealer->report = (struct seal_report){ .heads = 0 };
	if (local_writers(arena, sealer->settings->journal, &writers, &err) ==
	    RESULT_BAD)
		sealer_complain(sealer, "%s", err.text);
	for (size_t i = 0; i < writers.count; i++)
		seal_writer(sealer, writers.items[i]);
	seal_requests(sealer);
	for (size_t i = 0; i < writers.count; i++)
		seal_push(sealer, writers.items[i]);
	*report_r = sealer->report;
	arena_free(&arena);
}

enum result
seal_unsealed(struct arena *arena, const struct settings *settings,
              const char *writer, uint64_t *count_r, struct error *err)
{
	const char *journal =
		arena_printf(arena, "%s/%s", settings->journal, writer);
	const char *heads = seal_writer_folder(arena, settings, writer);
	uint64_t number = head_last(heads), sealed = 0;
	struct extent_list extents;
	struct head_file file;
	enum result result = extents_read(arena, journal, &extents, err);

	if (result == RESULT_OK && number > 0) {
		result = head_load(arena, heads, number, &file, err);
		if (result == RESULT_OK)
			sealed = file.head.first + file.head.size - 1;
	}
	if (result != RESULT_OK)
		return result;
	uint64_t end = extents_end(&extents);
	if (sealed == 0 && extents.count > 0)
		sealed = extents.items[0].first - 1;
	*count_r = end > sealed + 1 ? end - 1 - sealed : 0;
	return RESULT_OK;
}
