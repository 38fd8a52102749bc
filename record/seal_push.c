#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "record/sealer.h"

/*
 * Copies for those outside (CHAIN-4). For each custodian a file beside the
 * heads holds the number of the last one that it has.
 */
#define MAIL_EVERY_S                                                           \
	(INT64_C(20) * 3600) /* one mail a day, whatever the minute */
#define TIMEOUT_MS 20000
#define MAIL_LIMIT ((size_t)1024 * 1024)
#define LINE_BYTES 57 /* 76 letters of base64 */

struct pushing {
	struct sealer *sealer;
	struct arena *arena;
	const char *writer;
	const char *folder;
	const char *custodian;
	const char *note; /* the file with the number */
};

static const char *
note_path(struct arena *arena, const char *folder, const char *custodian)
{
	uint8_t sum[DIGEST_BYTES];
	char hex[DIGEST_HEX_SIZE];

	digest_sha256(custodian, strlen(custodian), sum);
	digest_hex(sum, hex);
	return arena_printf(arena, "%s/custodian-%.16s", folder, hex);
}

uint64_t
seal_custodian_has(const char *heads, const char *custodian)
{
	struct arena *arena = arena_new();
	struct span text = SPAN("");
	struct error ignored;
	uint64_t number = 0;

	if (file_read(arena, note_path(arena, heads, custodian), 64, &text,
	              &ignored) == RESULT_OK)
		number = strtoull(text.at, NULL, 10);
	arena_free(&arena);
	return number;
}

static enum result
write_note(const struct pushing *pushing, uint64_t number, struct error *err)
{
	const char *text = arena_printf(pushing->arena, "%llu\n",
	                                (unsigned long long)number);

	return file_replace(pushing->note, span_of(text), 0640, err);
}

/* --- a folder --------------------------------------------------------- */

/*
 * What lies there under that name must be the same: another head of the same
 * number is what a custodian is for.
 */
static enum result
put_file(const struct pushing *pushing, const char *folder, uint64_t number,
         const char *ending, struct span bytes, struct error *err)
{
	char name[HEAD_NAME_SIZE];
	struct span there;
	const char *path;
	enum result result;

	if (bytes.len == 0)
		return RESULT_OK;
	head_name(number, ending, name);
	path = arena_printf(pushing->arena, "%s/%s", folder, name);
	result = file_read(pushing->arena, path, bytes.len + 1, &there, err);
	if (result == RESULT_OK && span_equal(there, bytes))
		return RESULT_OK;
	if (result != RESULT_NONE) {
		error_set(err,
		          "%s is there and differs: one of the two was made "
		          "anew",
		          path);
		return RESULT_BAD;
	}
	return file_replace(path, bytes, 0644, err);
}

static enum result
push_to_folder(const struct pushing *pushing, const struct head_file *file,
               struct error *err)
{
	const char *folder = arena_printf(pushing->arena, "%s/%s",
	                                  pushing->custodian, pushing->writer);
	uint64_t number = file->head.number;
	struct stat status;
	enum result result;

	/* Not mounted: what would be made here would be our own disk. */
	if (stat(pushing->custodian, &status) != 0) {
		error_set(err, "there is no such folder");
		return RESULT_RETRY;
	}
	result = file_make_folder(folder, 0755, err);
	if (result == RESULT_OK)
		result =
			put_file(pushing, folder, number, "", file->bytes, err);
	if (result == RESULT_OK)
		result = put_file(pushing, folder, number, HEAD_SIGNATURE,
		                  file->signature, err);
	if (result == RESULT_OK)
		result = put_file(pushing, folder, number, HEAD_STAMP,
		                  file->stamp, err);
	return result;
}

/* --- base64 with padding, for what is not ours ------------------------ */

static void
add_base64(struct buf *out, struct span bytes, const char *line_end)
{
	for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
		struct span part = span_take(span_skip(bytes, at), LINE_BYTES);
		char text[ENCODE_BASE64URL_SIZE(LINE_BYTES)];

		encode_base64url(part.at, part.len, text);
		for (char *p = text; *p != '\0'; p++)
			*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
		buf_text(out, text);
		for (size_t i = part.len; i % 3 != 0; i++)
			buf_byte(out, '=');
		buf_text(out, line_end);
	}
}

/* --- HTTP ------------------------------------------------------------- */

static enum result
push_by_http(const struct pushing *pushing, const struct head_file *file,
             struct error *err)
{
	static const char *const headers[] = {
		"Content-Type: application/json",
	};
	struct transfer_answer answer;
	struct buf body;

	buf_init(&body, MAIL_LIMIT);
	buf_text(&body, "{\"head\":");
	buf_span(&body, file->bytes);
	buf_text(&body, ",\"signature\":\"");
	add_base64(&body, file->signature, "");
	buf_text(&body, "\",\"stamp\":\"");
	add_base64(&body, file->stamp, "");
	buf_text(&body, "\"}");
	const struct transfer_request request = {
		.url = pushing->custodian,
		.headers = headers,
		.header_count = 1,
		.is_post = true,
		.body = buf_as_span(&body),
		.timeout_ms = TIMEOUT_MS,
	};
	enum result result =
		transfer_run(pushing->arena, pushing->sealer->transfer,
	                     &request, &answer, err);
	buf_done(&body);
	if (result == RESULT_OK &&
	    (answer.status < 200 || answer.status > 299)) {
		error_set(err, "answers with status %ld", answer.status);
		result = RESULT_RETRY;
	}
	return result;
}

/* --- mail ------------------------------------------------------------- */

static void
add_part(struct buf *out, const char *boundary, const char *type,
         const char *name, struct span bytes)
{
	if (bytes.len == 0)
		return;
	buf_printf(out,
	           "--%s\r\nContent-Type: %s\r\n"
	           "Content-Transfer-Encoding: base64\r\n"
	           "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n",
	           boundary, type, name);
	add_base64(out, bytes, "\r\n");
}

static void
write_mail(const struct pushing *pushing, const struct head_file *file,
           const char *from, const char *to, struct buf *out)
{
	char date[CLOCK_TEXT_SIZE + 16], hex[DIGEST_HEX_SIZE];
	char name[3][HEAD_NAME_SIZE];
	uint8_t sum[DIGEST_BYTES];

	clock_format_mail(clock_now(), date);
	digest_sha256(file->bytes.at, file->bytes.len, sum);
	digest_hex(sum, hex);
	head_name(file->head.number, "", name[0]);
	head_name(file->head.number, HEAD_SIGNATURE, name[1]);
	head_name(file->head.number, HEAD_STAMP, name[2]);
	buf_printf(out,
	           "From: avis <%s>\r\nTo: <%s>\r\nDate: %s\r\n"
	           "Subject: avis: head %llu of %s\r\n"
	           "Message-ID: <%.32s.seal@%s>\r\n"
	           "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	           "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
	           "--%s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
	           from, to, date, (unsigned long long)file->head.number,
	           pushing->writer, hex, strchr(from, '@') + 1, hex, hex);
	buf_text(out, "Please keep this mail. It fixes the record of mail up "
	              "to this moment:\r\nif the record is ever shown to you "
	              "with another head of this number,\r\nit was made "
	              "anew.\r\n\r\n");
	buf_span(out, file->bytes);
	buf_text(out, "\r\n\r\n");
	add_part(out, hex, "application/json", name[0], file->bytes);
	add_part(out, hex, "application/pkcs7-signature", name[1],
	         file->signature);
	add_part(out, hex, "application/timestamp-reply", name[2], file->stamp);
	buf_printf(out, "--%s--\r\n", hex);
}

static enum result
push_by_mail(const struct pushing *pushing, const struct head_file *file,
             struct error *err)
{
	const struct settings *settings = pushing->sealer->settings;
	const char *to = pushing->custodian + strlen("mailto:");
	const char *from = settings->seal.mail_from;
	struct buf message;

	if (from[0] == '\0')
		from = arena_printf(pushing->arena, "postmaster%s",
		                    strchr(settings->receipts, '@'));
	buf_init(&message, MAIL_LIMIT);
	write_mail(pushing, file, from, to, &message);
	const struct transfer_mail mail = {
		.url = settings->relay,
		.from = from,
		.to = &to,
		.to_count = 1,
		.message = buf_as_span(&message),
		.timeout_ms = TIMEOUT_MS,
	};
	enum result result =
		transfer_send(pushing->sealer->transfer, &mail, err);
	buf_done(&message);
	return result;
}

/* --- who gets what ---------------------------------------------------- */

static const struct way {
	const char *start;
	enum result (*push)(const struct pushing *pushing,
	                    const struct head_file *file, struct error *err);
	bool is_daily; /* only the newest, which names those before it */
} ways[] = {
	{ "mailto:", push_by_mail, true },
	{ "http", push_by_http, false },
	{ "/", push_to_folder, false },
};

static bool
was_lately(const struct pushing *pushing)
{
	struct stat status;

	return !pushing->sealer->is_now && stat(pushing->note, &status) == 0 &&
	       clock_now() / 1000 - status.st_mtime < MAIL_EVERY_S;
}

static enum result
push_head(struct pushing *pushing, const struct way *way, uint64_t number,
          struct error *err)
{
	struct head_file file;
	enum result result =
		head_load(pushing->arena, pushing->folder, number, &file, err);

	if (result == RESULT_OK)
		result = way->push(pushing, &file, err);
	if (result == RESULT_OK)
		result = write_note(pushing, number, err);
	if (result == RESULT_OK)
		pushing->sealer->report.pushed++;
	return result;
}

static void
push_all(struct pushing *pushing, const struct way *way)
{
	uint64_t last = head_last(pushing->folder);
	uint64_t done = seal_custodian_has(pushing->folder, pushing->custodian);
	struct error err;

	if (way->is_daily && (done >= last || was_lately(pushing)))
		return;
	if (way->is_daily)
		done = last - 1;
	for (uint64_t n = done + 1; n <= last; n++)
		if (push_head(pushing, way, n, &err) != RESULT_OK) {
			sealer_complain(pushing->sealer,
			                "custodian %s, head %llu of %s: %s",
			                pushing->custodian,
			                (unsigned long long)n, pushing->writer,
			                err.text);
			return;
		}
}

void
seal_push(struct sealer *sealer, const char *writer)
{
	const struct text_list *custodians = &sealer->settings->seal.custodians;
	struct arena *arena = arena_new();

	for (size_t i = 0; i < custodians->count; i++) {
		struct pushing pushing = {
			.sealer = sealer,
			.arena = arena,
			.writer = writer,
			.folder = seal_writer_folder(arena, sealer->settings,
			                             writer),
			.custodian = custodians->items[i],
		};

		pushing.note =
			note_path(arena, pushing.folder, pushing.custodian);
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++)
			if (text_starts(pushing.custodian, ways[w].start)) {
				push_all(&pushing, &ways[w]);
				break;
			}
	}
	arena_free(&arena);
}
