#include "base/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

#define FILE_BYTES ((size_t)64 * 1024)

struct key {
	time_ms_t made; /* 0: no such version */
	uint8_t bytes[KEY_BYTES];
};

struct keyring {
	struct key keys[KEY_KINDS][KEY_VERSIONS + 1];
	unsigned newest[KEY_KINDS];
};

static const char *const kind_names[KEY_KINDS] = {
	[KEY_TOKEN] = "token",
	[KEY_ADDRESS] = "address",
	[KEY_STORE] = "store",
};

const char *
key_kind_name(enum key_kind kind)
{
	return kind_names[kind];
}

static bool
kind_by_name(const char *name, enum key_kind *kind_r)
{
	for (int i = 0; i < KEY_KINDS; i++)
		if (strcmp(name, kind_names[i]) == 0) {
			*kind_r = (enum key_kind)i;
			return true;
		}
	return false;
}

static enum result
read_line(struct keyring *keys, struct span line, struct error *err)
{
	char text[256], kind_name[16], hex[80], made[40];
	enum key_kind kind;
	unsigned version;
	struct key key;

	snprintf(text, sizeof(text), SPAN_FMT, SPAN_ARG(line));
	if (sscanf(text, "%15s %u %79s %39s", kind_name, &version, hex, made) !=
	    4) {
		error_set(err, "wants: kind version key date");
		return RESULT_BAD;
	}
	if (!kind_by_name(kind_name, &kind)) {
		error_set(err, "no such kind of key: %s", kind_name);
		return RESULT_BAD;
	}
	if (version < 1 || version > KEY_VERSIONS) {
		error_set(err, "version must be 1 to %d", KEY_VERSIONS);
		return RESULT_BAD;
	}
	if (!decode_hex(span_of(hex), key.bytes, KEY_BYTES)) {
		error_set(err, "a key is %d hex digits", KEY_BYTES * 2);
		return RESULT_BAD;
	}
	if (!clock_parse(made, &key.made) || key.made == 0) {
		error_set(err, "not a date: %s", made);
		return RESULT_BAD;
	}
	if (keys->keys[kind][version].made != 0) {
		error_set(err, "%s %u stands here twice", kind_name, version);
		return RESULT_BAD;
	}
	keys->keys[kind][version] = key;
	if (version > keys->newest[kind])
		keys->newest[kind] = version;
	explicit_bzero(&key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	explicit_bzero(hex, sizeof(hex));
	return RESULT_OK;
}

static enum result
read_lines(struct keyring *keys, struct span bytes, const char *path,
           struct error *err)
{
	struct span line;
	unsigned number = 0;

	while (span_line(&bytes, &line)) {
		number++;
		line = span_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (read_line(keys, line, err) != RESULT_OK) {
			error_prefix(err, "%s:%u", path, number);
			return RESULT_BAD;
		}
	}
	for (int i = 0; i < KEY_KINDS; i++)
		if (keys->newest[i] == 0) {
			error_set(err, "%s: no key of kind \"%s\"", path,
			          kind_names[i]);
			return RESULT_BAD;
		}
	return RESULT_OK;
}

static enum result
check_mode(const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		error_errno(err, errno, "cannot look at %s", path);
		return errno == ENOENT ? RESULT_NONE : RESULT_BAD;
	}
	if ((status.st_mode & 0037) != 0) {
		error_set(err,
		          "%s: mode %04o lets others in; chmod 0600 it (0640 "
		          "with a group of its own)",
		          path, (unsigned)status.st_mode & 07777);
		return RESULT_BAD;
	}
	return RESULT_OK;
}

enum result
keyring_read(const char *path, struct keyring **keys_r, struct error *err)
{
	struct arena *arena;
	struct keyring *keys;
	struct span bytes;
	enum result result = check_mode(path, err);

	if (result != RESULT_OK)
		return result;
	arena = arena_new();
	keys = memory_zeroed(1, sizeof(*keys));
	result = file_read(arena, path, FILE_BYTES, &bytes, err);
	if (result == RESULT_OK) {
		result = read_lines(keys, bytes, path, err);
		explicit_bzero((char *)(uintptr_t)bytes.at, bytes.len);
	}
	arena_free(&arena);
	if (result == RESULT_OK)
		*keys_r = keys;
	else
		keyring_free(&keys);
	return result;
}

void
keyring_free(struct keyring **keys)
{
	if (*keys == NULL)
		return;
	explicit_bzero(*keys, sizeof(**keys));
	free(*keys);
	*keys = NULL;
}

static void
write_key(struct buf *out, enum key_kind kind, unsigned version,
          const struct key *key)
{
	char hex[KEY_BYTES * 2 + 1], made[CLOCK_TEXT_SIZE];

	encode_hex(key->bytes, KEY_BYTES, hex);
	clock_format(key->made, made);
	buf_printf(out, "%-7s %u %s %s\n", kind_names[kind], version, hex,
	           made);
	explicit_bzero(hex, sizeof(hex));
}

static enum result
write_all(const char *path, const struct keyring *keys, struct error *err)
{
	struct buf out;
	enum result result;

	buf_init(&out, FILE_BYTES);
	buf_text(&out, "# Keys of avis(1). Secret: keep a copy apart. Lose it "
	               "and old links and receipts\n# are no longer "
	               "recognised; leak it and they can be forged.\n");
	for (int i = 0; i < KEY_KINDS; i++)
		for (unsigned v = 1; v <= keys->newest[i]; v++)
			if (keys->keys[i][v].made != 0)
				write_key(&out, (enum key_kind)i, v,
				          &keys->keys[i][v]);
	result = file_replace(path, buf_as_span(&out), 0600, err);
	explicit_bzero(out.data, out.len);
	buf_done(&out);
	return result;
}

static void
add_key(struct keyring *keys, enum key_kind kind)
{
	struct key *key = &keys->keys[kind][++keys->newest[kind]];

	key->made = clock_now();
	random_bytes(key->bytes, KEY_BYTES);
}

struct keyring *
keyring_passing(void)
{
	struct keyring *keys = memory_zeroed(1, sizeof(*keys));

	for (int i = 0; i < KEY_KINDS; i++)
		add_key(keys, (enum key_kind)i);
	return keys;
}

enum result
keyring_create(const char *path, struct error *err)
{
	struct keyring *keys = keyring_passing();
	enum result result = write_all(path, keys, err);

	keyring_free(&keys);
	return result;
}

enum result
keyring_rotate(const char *path, enum key_kind kind, unsigned *version_r,
               struct error *err)
{
	struct keyring *keys;
	enum result result = keyring_read(path, &keys, err);

	if (result != RESULT_OK)
		return result;
	if (keys->newest[kind] == KEY_VERSIONS) {
		error_set(err, "%s: %s has reached version %d", path,
		          kind_names[kind], KEY_VERSIONS);
		result = RESULT_BAD;
	} else {
		add_key(keys, kind);
		*version_r = keys->newest[kind];
		result = write_all(path, keys, err);
	}
	keyring_free(&keys);
	return result;
}

unsigned
keyring_newest(const struct keyring *keys, enum key_kind kind)
{
	return keys->newest[kind];
}

const uint8_t *
keyring_key(const struct keyring *keys, enum key_kind kind, unsigned version)
{
	if (version < 1 || version > KEY_VERSIONS ||
	    keys->keys[kind][version].made == 0)
		return NULL;
	return keys->keys[kind][version].bytes;
}

time_ms_t
keyring_made(const struct keyring *keys, enum key_kind kind, unsigned version)
{
	if (version < 1 || version > KEY_VERSIONS)
		return 0;
	return keys->keys[kind][version].made;
}

void
keyring_hash(const struct keyring *keys, const char *label, struct span text,
             char hash_r[KEYED_HASH_SIZE])
{
	uint8_t sum[DIGEST_BYTES];
	struct buf input;

	buf_init(&input, (size_t)64 * 1024);
	buf_text(&input, label);
	buf_byte(&input, '\0');
	buf_span(&input, text);
	digest_hmac(keyring_key(keys, KEY_ADDRESS,
	                        keyring_newest(keys, KEY_ADDRESS)),
	            KEY_BYTES, input.data, input.len, sum);
	buf_done(&input);
	encode_hex(sum, (KEYED_HASH_SIZE - 1) / 2, hash_r);
}
