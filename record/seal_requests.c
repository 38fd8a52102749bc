#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "record/manifest.h"
#include "record/sealer.h"

#define ENDING ".json"

/* "ID.json" of a plain file, whatever else lies there. */
static bool
is_request(const char *path, const char *name)
{
	size_t len = strlen(name), digits = MANIFEST_ID_SIZE - 1;
	struct stat status;

	return len == digits + strlen(ENDING) &&
	       strcmp(name + digits, ENDING) == 0 &&
	       strspn(name, "0123456789abcdef") == digits &&
	       lstat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/*
 * Only what is a manifest byte for byte, and of that very name: a head or
 * anything else cannot be had signed this way.
 */
static enum result
read_request(struct arena *arena, const char *path, const char *name,
             struct span *bytes_r, struct error *err)
{
	char wanted[MANIFEST_ID_SIZE];
	struct manifest manifest;
	enum result result =
		file_read(arena, path, MANIFEST_LIMIT, bytes_r, err);

	if (result == RESULT_OK)
		result = manifest_read(arena, *bytes_r, &manifest, err);
	if (result == RESULT_OK) {
		manifest_request_name(*bytes_r, wanted);
		if (strncmp(wanted, name, strlen(wanted)) != 0) {
			error_set(err, "it is another bundle's manifest");
			result = RESULT_BAD;
		}
	}
	if (result != RESULT_OK)
		error_prefix(err, "%s", path);
	return result;
}

static enum result
sign_request(struct sealer *sealer, struct arena *arena, const char *folder,
             const char *name, struct span bytes, struct error *err)
{
	const char *base = arena_printf(arena, "%s/%.*s", folder,
	                                MANIFEST_ID_SIZE - 1, name);
	const char *path = arena_printf(arena, "%s" HEAD_SIGNATURE, base);
	struct span signature;
	enum result result =
		cms_sign(arena, sealer->signer, bytes, &signature, err);

	if (result == RESULT_OK)
		result = file_replace(path, signature, 0640, err);
	if (result != RESULT_OK)
		return result;
	sealer->report.bundles++;
	path = arena_printf(arena, "%s" HEAD_STAMP, base);
	unlink(path);
	if (seal_stamp(sealer, signature, path, err) == RESULT_RETRY)
		sealer->report.pending++;
	return RESULT_OK;
}

static void
serve_request(struct sealer *sealer, const char *folder, const char *name)
{
	struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/%s",
	                                sealer->settings->seal.requests, name);
	struct span bytes;
	struct error err;
	enum result result = RESULT_OK;

	if (is_request(path, name)) {
		result = read_request(arena, path, name, &bytes, &err);
		if (result == RESULT_OK)
			result = sign_request(sealer, arena, folder, name,
			                      bytes, &err);
	}
	if (result != RESULT_OK)
		sealer_complain(sealer, "%s", err.text);
	/* Served or of no use: it does not wake us again. */
	if (result != RESULT_RETRY)
		unlink(path);
	arena_free(&arena);
}

/* Signatures of bundles whose stamp is still to come. */
static void
stamp_earlier(struct sealer *sealer, struct arena *arena, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *file;

	while (dir != NULL && (file = readdir(dir)) != NULL) {
		struct span name = span_of(file->d_name), signature;
		const char *stamp;
		struct error err;

		if (!span_ends(name, HEAD_SIGNATURE))
			continue;
		stamp = arena_printf(arena, "%s/%.*s" HEAD_STAMP, folder,
		                     (int)(name.len - strlen(HEAD_SIGNATURE)),
		                     name.at);
		if (access(stamp, F_OK) == 0)
			continue;
		if (file_read(
			    arena,
			    arena_printf(arena, "%s/%s", folder, file->d_name),
			    MANIFEST_LIMIT, &signature, &err) == RESULT_OK &&
		    seal_stamp(sealer, signature, stamp, &err) == RESULT_OK)
			sealer->report.stamped++;
	}
	if (dir != NULL)
		closedir(dir);
}

void
seal_requests(struct sealer *sealer)
{
	struct arena *arena = arena_new();
	const char *folder = arena_printf(arena, "%s/bundles",
	                                  sealer->settings->seal.folder);
	DIR *dir = opendir(sealer->settings->seal.requests);
	struct dirent *file;
	struct error err;

	if (file_make_folder(folder, 0750, &err) != RESULT_OK) {
		sealer_complain(sealer, "%s", err.text);
	} else {
		stamp_earlier(sealer, arena, folder);
		while (dir != NULL && (file = readdir(dir)) != NULL)
			if (file->d_name[0] != '.')
				serve_request(sealer, folder, file->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	arena_free(&arena);
}
