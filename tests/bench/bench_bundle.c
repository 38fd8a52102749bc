/*
 * bench_bundle flip FOLDER SEAL_CA TSA_CA: flips one bit of every byte of
 * every file of a bundle, one at a time (BND-4), of each 13th in files over
 * 4 KiB; each must be caught by a step that names the file. Prints how many
 * flips there were; exits 1 at the first that is not caught.
 *
 * bench_bundle seal LOG...: reads segments as sealing does, and prints bytes
 * and seconds for `make bench`.
 *
 * bench_bundle verify FOLDER: reads a writer's journal as `avis journal
 * verify` does: checksums, chain, and each payload opened and compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "record/bundle_check.h"
#include "record/leaves.h"
#include "record/merkle.h"
#include "record/reader.h"

static size_t
step_in(struct span bytes)
{
	return bytes.len > 4096 ? 13 : 1;
}

static struct span
read_or_exit(struct arena *arena, const char *path)
{
	struct span text;
	struct error err;

	if (file_read(arena, path, (size_t)1 << 20, &text, &err) == RESULT_OK)
		return text;
	fprintf(stderr, "%s\n", err.text);
	exit(2);
}

static bool
is_caught(const struct fileset *set, const struct check_trust *trust,
          const char *name)
{
	struct arena *arena = arena_new();
	struct bundle_check check;
	bool is_named = false;

	bundle_check(arena, set, trust, &check);
	for (size_t i = 0; i < check.count; i++)
		is_named |= check.items[i].kind == CHECK_FAILED &&
		            strstr(check.items[i].text, name) != NULL;
	arena_free(&arena);
	return is_named;
}

static bool
flip_file(struct arena *arena, const struct fileset *set, size_t index,
          const struct check_trust *trust)
{
	struct fileset_file *file = &set->items[index];
	struct span good = file->bytes;
	char *bent = arena_strndup(arena, good.at, good.len);
	bool is_good = true;

	file->bytes = span_make(bent, good.len);
	for (size_t at = 0; is_good && at < good.len; at += step_in(good)) {
		char bit = at % 3 == 0 ? 0x20 : at % 3 == 1 ? 0x01 : 0x40;

		bent[at] ^= bit;
		is_good = is_caught(set, trust, file->name);
		if (!is_good)
			printf("%s, byte %zu: not caught\n", file->name, at);
		bent[at] ^= bit;
	}
	file->bytes = good;
	return is_good;
}

static int
flip(char **words)
{
	struct arena *arena = arena_new();
	struct check_trust trust = { .at = 0 };
	struct bundle_check check;
	struct fileset set;
	struct error err;
	size_t flips = 0;
	bool is_good = true;

	trust.seal_ca = read_or_exit(arena, words[1]);
	trust.tsa_ca = read_or_exit(arena, words[2]);
	if (fileset_read(arena, words[0], &set, &err) != RESULT_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	bundle_check(arena, &set, &trust, &check);
	if (check.failures > 0)
		return 2;
	for (size_t i = 0; is_good && i < set.count; i++) {
		is_good = flip_file(arena, &set, i, &trust);
		flips += (set.items[i].bytes.len + step_in(set.items[i].bytes) -
		          1) /
		         step_in(set.items[i].bytes);
	}
	if (is_good)
		printf("%zu flips in %zu files, all caught\n", flips,
		       set.count);
	arena_free(&arena);
	return is_good ? 0 : 1;
}

static void
grow(void *context, uint64_t index, struct span entry,
     const uint8_t leaf[DIGEST_BYTES])
{
	(void)index;
	(void)entry;
	merkle_add(context, leaf);
}

static int
seal(int count, char **logs)
{
	struct leaves_limit limit = { 0, 0 };
	uint64_t bytes = 0, entries = 0;
	int64_t start_us = clock_steady_us();

	for (int i = 0; i < count; i++) {
		struct merkle tree;
		struct leaves_report report;
		struct error err;
		struct stat status;

		merkle_init(&tree);
		if (stat(logs[i], &status) != 0 ||
		    leaves_read(logs[i], limit, grow, &tree, &report, &err) !=
		            RESULT_OK)
			return 1;
		bytes += (uint64_t)status.st_size;
		entries += report.count;
	}
	printf("{\"bytes\":%llu,\"entries\":%llu,\"seconds\":%.6f}\n",
	       (unsigned long long)bytes, (unsigned long long)entries,
	       (double)(clock_steady_us() - start_us) / 1e6);
	return 0;
}

static int
verify(const char *folder)
{
	int64_t start_us = clock_steady_us();
	struct verify_report report;
	struct error err;

	if (reader_verify(folder, NULL, &report, &err) != RESULT_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("{\"entries\":%llu,\"seconds\":%.6f}\n",
	       (unsigned long long)report.entries,
	       (double)(clock_steady_us() - start_us) / 1e6);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "verify") == 0)
		return verify(argv[2]);
	if (argc == 5 && strcmp(argv[1], "flip") == 0)
		return flip(argv + 2);
	if (argc > 2 && strcmp(argv[1], "seal") == 0)
		return seal(argc - 2, argv + 2);
	fputs("usage: bench_bundle flip FOLDER SEAL_CA TSA_CA\n"
	      "       bench_bundle seal LOG...\n"
	      "       bench_bundle verify FOLDER\n",
	      stderr);
	return 2;
}
