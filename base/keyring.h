#ifndef BASE_KEYRING_H
#define BASE_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

/*
 * The secrets of an installation, one line each in a file of mode 0600:
 *
 *     token   1 <64 hex digits> 2026-11-21T09:00:00.000Z
 *     address 1 <64 hex digits> 2026-11-21T09:00:00.000Z
 *     store   1 <64 hex digits> 2026-11-21T09:00:00.000Z
 *
 * Each kind is versioned on its own: the highest version makes new ones,
 * all of them go on verifying (LST-12, CHAIN-7). `address` is never rotated
 * alone: hashes made with it are the suppression list.
 */
#define KEY_BYTES    32
#define KEY_VERSIONS 99

enum key_kind {
	KEY_TOKEN,   /* signs what stands in addresses and links */
	KEY_ADDRESS, /* hashes addresses for the indexes */
	KEY_STORE,   /* encrypts personal payloads in Redis */
	KEY_KINDS
};

struct keyring;

/*
 * NONE: there is no such file. BAD: a line is broken, a kind is missing, or
 * others than the owner may read the file; the text says which line.
 */
enum result keyring_read(const char *path, struct keyring **keys_r,
                         struct error *err) MUST_CHECK;
void keyring_free(struct keyring **keys);

/* One fresh key of each kind, and the file they are written to. */
enum result keyring_create(const char *path, struct error *err) MUST_CHECK;

/* Fresh keys that are never written: for trying things out. */
struct keyring *keyring_passing(void);

/* Adds the next version of a kind to the file. BAD after version 99. */
enum result keyring_rotate(const char *path, enum key_kind kind,
                           unsigned *version_r, struct error *err) MUST_CHECK;

/* The version new things are made with. */
unsigned keyring_newest(const struct keyring *keys, enum key_kind kind);

/* KEY_BYTES bytes, or NULL when there is no such version. */
const uint8_t *keyring_key(const struct keyring *keys, enum key_kind kind,
                           unsigned version);

/* When that version was made; 0 when there is none. For `avis key list`. */
time_ms_t keyring_made(const struct keyring *keys, enum key_kind kind,
                       unsigned version);
const char *key_kind_name(enum key_kind kind);

/*
 * A keyed hash of text (an address already normalised, a Message-ID) with
 * the newest address key, as 32 hex digits (128 bits).
 */
#define KEYED_HASH_SIZE 33
void keyring_hash(const struct keyring *keys, const char *label,
                  struct span text, char hash_r[KEYED_HASH_SIZE]);

#endif
