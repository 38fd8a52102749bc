#include "record/head.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/jread.h"
#include "base/jwrite.h"

#define TYPE        "avis-head-1"
#define SEAL_LIMIT  ((size_t)256 * 1024) /* of a signature or a stamp */
#define NAME_DIGITS 8

static void
write_sum(struct jwrite *json, const char *name,
          const uint8_t sum[DIGEST_BYTES])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(sum, hex);
	jwrite_text(json, name, hex);
}

void
head_write(const struct head *head, struct buf *out)
{
	char time[CLOCK_TEXT_SIZE];
	struct jwrite json;

	clock_format(head->time, time);
	jwrite_init(&json, out, true);
	jwrite_object(&json, NULL);
	jwrite_int(&json, "first", (int64_t)head->first);
	write_sum(&json, "last", head->last);
	jwrite_text(&json, "log_id", head->writer);
	jwrite_int(&json, "number", (int64_t)head->number);
	write_sum(&json, "prev", head->prev);
	write_sum(&json, "root", head->root);
	jwrite_int(&json, "segment", head->segment);
	jwrite_int(&json, "size", (int64_t)head->size);
	jwrite_text(&json, "time", time);
	jwrite_text(&json, "type", TYPE);
	jwrite_end(&json);
}

static bool
read_sum(const struct jread_value *top, const char *name,
         uint8_t sum_r[DIGEST_BYTES])
{
	return decode_hex(span_of(jread_get_text(top, name)), sum_r,
	                  DIGEST_BYTES);
}

static bool
read_members(const struct jread_value *top, struct head *head)
{
	int64_t number = jread_get_int(top, "number");
	int64_t segment = jread_get_int(top, "segment");
	int64_t first = jread_get_int(top, "first");
	int64_t size = jread_get_int(top, "size");

	if (number < 1 || segment < 1 || segment > UINT32_MAX || first < 1 ||
	    size < 1 || !read_sum(top, "root", head->root) ||
	    !read_sum(top, "last", head->last) ||
	    !read_sum(top, "prev", head->prev) ||
	    !clock_parse(jread_get_text(top, "time"), &head->time))
		return false;
	head->number = (uint64_t)number;
	head->segment = (uint32_t)segment;
	head->first = (uint64_t)first;
	head->size = (uint64_t)size;
	snprintf(head->writer, sizeof(head->writer), "%s",
	         jread_get_text(top, "log_id"));
	return true;
}

enum result
head_read(struct span bytes, struct head *head_r, struct error *err)
{
	struct head head = { .number = 0 };
	struct jread_doc *doc;
	struct buf again;

	if (bytes.len > HEAD_LIMIT) {
		error_set(err, "too long for a tree head");
		return RESULT_BAD;
	}
	if (jread_parse(bytes, &doc, err) != RESULT_OK)
		return RESULT_BAD;
	bool is_head = read_members(jread_top(doc), &head);
	jread_free(&doc);
	buf_init(&again, HEAD_LIMIT);
	if (is_head)
		head_write(&head, &again);
	is_head = is_head && span_equal(buf_as_span(&again), bytes);
	buf_done(&again);
	if (!is_head) {
		error_set(err, "not a tree head as we write it");
		return RESULT_BAD;
	}
	*head_r = head;
	return RESULT_OK;
}

void
head_name(uint64_t number, const char *ending, char name_r[HEAD_NAME_SIZE])
{
	snprintf(name_r, HEAD_NAME_SIZE, "%0*llu.json%s", NAME_DIGITS,
	         (unsigned long long)number, ending);
}

static enum result
load_part(struct arena *arena, const char *folder, uint64_t number,
          const char *ending, struct span *bytes_r, struct error *err)
{
	char path[PATH_MAX], name[HEAD_NAME_SIZE];

	head_name(number, ending, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_read(arena, path, SEAL_LIMIT, bytes_r, err);
}

enum result
head_load(struct arena *arena, const char *folder, uint64_t number,
          struct head_file *file_r, struct error *err)
{
	struct head_file file = { .stamp = SPAN("") };
	struct error ignored;
	enum result result =
		load_part(arena, folder, number, "", &file.bytes, err);

	if (result != RESULT_OK)
		return result;
	result = head_read(file.bytes, &file.head, err);
	if (result == RESULT_OK)
		result = load_part(arena, folder, number, HEAD_SIGNATURE,
		                   &file.signature, err);
	if (result == RESULT_OK &&
	    load_part(arena, folder, number, HEAD_STAMP, &file.stamp,
	              &ignored) != RESULT_OK)
		file.stamp = SPAN("");
	if (result == RESULT_OK && file.head.number != number) {
		error_set(err, "it is head %llu",
		          (unsigned long long)file.head.number);
		result = RESULT_BAD;
	}
	if (result != RESULT_OK) {
		error_prefix(err, "%s, head %llu", folder,
		             (unsigned long long)number);
		return RESULT_BAD;
	}
	*file_r = file;
	return RESULT_OK;
}

uint64_t
head_last(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *file;
	uint64_t last = 0;

	while (dir != NULL && (file = readdir(dir)) != NULL) {
		char *end;
		uint64_t number = strtoull(file->d_name, &end, 10);

		if (end - file->d_name >= NAME_DIGITS &&
		    strcmp(end, ".json") == 0 && number > last)
			last = number;
	}
	if (dir != NULL)
		closedir(dir);
	return last;
}

bool
head_has_stamp(const char *folder, uint64_t number)
{
	char path[PATH_MAX], name[HEAD_NAME_SIZE];

	head_name(number, HEAD_STAMP, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}
