#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "conf/tree.h"

/*
 * The library can include files, but looks for all of them in one folder
 * and says no more than "cannot open include file" when one is missing. So
 * includes are put in here, line by line.
 */
#define SOURCE_BYTES ((size_t)1024 * 1024)
#define SOURCE_DEPTH 8
#define SOURCE_FILES 64

struct reading {
	struct arena *arena;
	struct finding_list *findings;
	struct source *source;
	struct buf text;
	size_t line_room;
	const char *top; /* its folder is cut off the names people see */
	unsigned depth;
	unsigned files;
};

static bool read_into(struct reading *reading, const char *path,
                      struct place from);

static void
complain(struct reading *reading, struct place place, const char *text)
{
	finding_add(reading->arena, reading->findings,
	            (struct finding){ .place = place,
	                              .setting = "",
	                              .text = text,
	                              .remedy = "" });
}

static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static void
add_line(struct reading *reading, struct span line, struct place place)
{
	struct place *slot =
		arena_push(reading->arena, (void **)&reading->source->lines,
	                   &reading->source->line_count, &reading->line_room,
	                   sizeof(*slot));

	*slot = place;
	buf_span(&reading->text, line);
	buf_byte(&reading->text, '\n');
}

/* Is a comment of several lines open at the end of this line? */
static bool
comment_is_open(struct span line, bool is_open)
{
	bool is_text = false;

	for (size_t i = 0; i < line.len; i++) {
		struct span rest = span_skip(line, i);

		if (is_open) {
			is_open = !span_starts(rest, "*/");
			i += is_open ? 0 : 1;
		} else if (is_text) {
			is_text = rest.at[0] != '"';
			i += rest.at[0] == '\\' ? 1 : 0;
		} else if (rest.at[0] == '#' || span_starts(rest, "//")) {
			return false;
		} else if (span_starts(rest, "/*")) {
			is_open = true;
			i++;
		} else {
			is_text = rest.at[0] == '"';
		}
	}
	return is_open;
}

/* @include "name", with what stands behind it. */
static bool
is_include(struct span line, struct span *name_r, struct span *rest_r)
{
	line = span_trim(line);
	if (!span_starts(line, "@include"))
		return false;
	line = span_trim(span_skip(line, strlen("@include")));

	size_t end = span_find(line, '"', 1);

	if (line.len == 0 || line.at[0] != '"' || end == line.len)
		return false;
	*name_r = span_make(line.at + 1, end - 1);
	*rest_r = span_skip(line, end + 1);
	return true;
}

static bool
include(struct reading *reading, const char *path, struct span name,
        struct place place)
{
	size_t folder = name.at[0] == '/' ? 0 : folder_len(path);

	if (memchr(name.at, '\0', name.len) != NULL) {
		complain(reading, place, "this is not the name of a file");
		return false;
	}
	return read_into(reading,
	                 arena_printf(reading->arena, SPAN_FMT SPAN_FMT,
	                              (int)folder, path, SPAN_ARG(name)),
	                 place);
}

static const char *
shown_name(const struct reading *reading, const char *path)
{
	size_t folder = folder_len(reading->top);

	return strncmp(path, reading->top, folder) == 0 ? path + folder : path;
}

static bool
read_lines(struct reading *reading, const char *path, struct span bytes)
{
	struct place place = { .file = shown_name(reading, path) };
	struct span line, name, rest;
	bool is_comment = false;

	while (!reading->text.is_full && span_line(&bytes, &line)) {
		place.line++;
		if (line.len > 0 && memchr(line.at, '\0', line.len) != NULL) {
			complain(reading, place, "has a byte 0 in it");
			return false;
		}
		if (!is_comment && is_include(line, &name, &rest)) {
			if (!include(reading, path, name, place))
				return false;
			line = rest;
		}
		add_line(reading, line, place);
		is_comment = comment_is_open(line, is_comment);
	}
	return true;
}

static bool
read_into(struct reading *reading, const char *path, struct place from)
{
	struct span bytes;
	struct error err;

	if (reading->depth == SOURCE_DEPTH || reading->files == SOURCE_FILES) {
		complain(reading, from,
		         "files that include files: 8 deep and 64 together "
		         "is the limit");
		return false;
	}
	reading->files++;

	enum result result =
		file_read(reading->arena, path, SOURCE_BYTES, &bytes, &err);

	if (result == RESULT_NONE)
		error_set(&err, "%s: there is no such file", path);
	if (result != RESULT_OK) {
		complain(reading, from, arena_strdup(reading->arena, err.text));
		return false;
	}
	reading->depth++;

	bool is_read = read_lines(reading, path, bytes);

	reading->depth--;
	return is_read;
}

bool
source_read(struct arena *arena, const char *path, struct source *source_r,
            struct finding_list *findings)
{
	struct reading reading = { .arena = arena,
		                   .findings = findings,
		                   .source = source_r,
		                   .top = path };
	struct place top = { .file = "" };

	*source_r = (struct source){ .text = SPAN("") };
	buf_init(&reading.text, SOURCE_BYTES);

	bool is_read = read_into(&reading, path, top);

	if (is_read && reading.text.is_full) {
		top.file = shown_name(&reading, path);
		complain(&reading, top,
		         "is more than 1 MiB with what it includes");
		is_read = false;
	}
	source_r->text = span_make(
		arena_strndup(arena, reading.text.data, reading.text.len),
		reading.text.len);
	buf_done(&reading.text);
	return is_read;
}

struct place
source_place(const struct source *source, unsigned line)
{
	if (source->line_count == 0)
		return (struct place){ .file = "", .line = 0 };
	if (line < 1)
		line = 1;
	if (line > source->line_count)
		line = (unsigned)source->line_count;
	return source->lines[line - 1];
}
