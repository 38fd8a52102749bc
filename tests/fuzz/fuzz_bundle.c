/*
 * avis verify on a bundle that somebody hands in: a tar file, any bytes. The
 * sums are made good first, or nothing would get past them.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "record/bundle_check.h"
#include "record/bundle_form.h"

#define SUMS_LIMIT ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/avis-fuzz-bundle-XXXXXX.tar";
static int fd = -1;

static void
leave(void)
{
	unlink(path);
}

static void
write_file(const uint8_t *data, size_t size)
{
	if (fd < 0) {
		fd = mkstemps(path, 4);
		assert(fd >= 0);
		atexit(leave);
	}
	assert(ftruncate(fd, 0) == 0);
	assert(pwrite(fd, data, size, 0) == (ssize_t)size);
}

/* The sum of each block's header, which a change of it spoils. */
static void
mend(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 512 <= size && data[at] != 0;) {
		uint8_t *head = data + at;
		unsigned sum = 0;
		char text[8];
		size_t len;

		for (size_t i = 0; i < 512; i++)
			sum += i >= 148 && i < 156 ? ' ' : head[i];
		snprintf(text, sizeof(text), "%06o", sum);
		memcpy(head + 148, text, 7);
		len = strtoul((const char *)head + 124, NULL, 8);
		if (len > size)
			return;
		at += 512 + (len + 511) / 512 * 512;
	}
}

static void
add_sums(struct arena *arena, struct fileset *set)
{
	char hex[DIGEST_HEX_SIZE];
	uint8_t sum[DIGEST_BYTES];
	struct buf text;

	buf_init(&text, SUMS_LIMIT);
	for (size_t i = 0; i < set->count; i++) {
		const struct fileset_file *file = &set->items[i];

		if (!bundle_is_summed(file->name))
			continue;
		digest_sha256(file->bytes.at, file->bytes.len, sum);
		digest_hex(sum, hex);
		buf_printf(&text, "%s  %s\n", hex, file->name);
	}
	fileset_add(
		arena, set, BUNDLE_SUMS,
		span_make(arena_strndup(arena, text.data, text.len), text.len));
	buf_done(&text);
}

/* Without a certificate that is ours nothing is ever good. */
static void
check(struct arena *arena, const struct fileset *set, size_t size)
{
	const struct check_trust trust = { .seal_ca = SPAN("-----"),
		                           .tsa_ca = SPAN("-----") };
	struct bundle_check found;

	bundle_check(arena, set, &trust, &found);
	assert(found.failures > 0);
	assert(found.count <= 100 + size);
	for (size_t i = 0; i < found.count; i++)
		assert(found.items[i].text != NULL &&
		       found.items[i].step != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	uint8_t *copy = malloc(size + 1);
	struct fileset set;
	struct error err;

	memcpy(copy, data, size);
	mend(copy, size);
	write_file(copy, size);
	if (fileset_read(arena, path, &set, &err) == RESULT_OK) {
		for (size_t i = 0; i < set.count; i++)
			assert(strstr(set.items[i].name, "..") == NULL &&
			       set.items[i].name[0] != '/');
		check(arena, &set, size);
		add_sums(arena, &set);
		check(arena, &set, size);
	}
	arena_free(&arena);
	free(copy);
	return 0;
}
