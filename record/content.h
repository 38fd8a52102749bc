#ifndef RECORD_CONTENT_H
#define RECORD_CONTENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/span.h"
#include "base/token.h"

/*
 * A whole message, encrypted, in a file of its own: for classes that keep
 * more than digests. Its key stands in the payload of the submitted event
 * and nowhere else, so whatever destroys that payload destroys the message,
 * in every backup too (CHAIN-6).
 *
 *     FOLDER/ab/abcdefgh...    two letters of the message's name, the name
 *     file    "AVISCM1\n", chunks
 *     chunk   u32 length of text, AES-256-GCM(key, text): 12 bytes of nonce,
 *             at most CONTENT_CHUNK of text, 16 of tag; little endian
 *
 * The text is header and body as they left, CRLF line ends. While its event
 * is not on disk yet the name ends in ".new".
 */
#define CONTENT_CHUNK ((size_t)64 * 1024)

/* What opens and proves it; in the payload. */
struct content {
	uint8_t key[SEAL_KEY_BYTES];
	uint8_t sum[DIGEST_BYTES]; /* SHA-256 of the text */
	int64_t size_bytes;
};

/* --- writing: memory is bounded whatever the size --------------------- */

struct content_writer;

/* RETRY: the disk is full, or the folder not to be written. */
enum result content_create(const char *folder, struct message_id id,
                           struct content_writer **writer_r,
                           struct error *err) MUST_CHECK;
enum result content_add(struct content_writer *writer, struct span bytes,
                        struct error *err) MUST_CHECK;
/* All of it is on disk; it has its name after content_commit. */
enum result content_finish(struct content_writer *writer,
                           struct content *content_r,
                           struct error *err) MUST_CHECK;
/* Its event is on disk. Frees the writer. */
void content_commit(struct content_writer **writer);
/* It is not wanted. Frees the writer. */
void content_drop(struct content_writer **writer);

/* --- reading ---------------------------------------------------------- */

/* For facts of an event. */
struct content_text {
	char key[64];
	char sum[DIGEST_HEX_SIZE];
	char size[24];
};
void content_write_text(const struct content *content,
                        struct content_text *text_r);
bool content_read_text(const char *key, const char *sum, const char *size,
                       struct content *content_r);

/*
 * Gives the text piece by piece to take, which says false to stop. NONE: no
 * such file. BAD: a byte of it was changed, or it is not the one that was
 * recorded: known for sure only at the end.
 */
enum result content_read(const char *folder, struct message_id id,
                         const struct content *content,
                         bool (*take)(void *context, struct span piece),
                         void *context, struct error *err) MUST_CHECK;

/* OK also when there is none. */
enum result content_delete(const char *folder, struct message_id id,
                           struct error *err) MUST_CHECK;

/*
 * Files whose event never came: names with ".new", older than that. Whoever
 * asks looks whether the message is in the record before it deletes one.
 */
struct content_orphans {
	struct message_id *items;
	size_t count;
	size_t room;
};
enum result content_orphans(struct arena *arena, const char *folder,
                            int64_t age_ms, struct content_orphans *list_r,
                            struct error *err) MUST_CHECK;

#endif
