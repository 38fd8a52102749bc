#include "cli/mta_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jread.h"
#include "cli/process.h"

#define LIST_BYTES    ((size_t)1 << 30)
#define CONTENT_BYTES ((size_t)256 << 20)
#define LIST_MS       120000
#define ORDER_BYTES   60000
#define ORDER_MS      120000

static int
compare_ids(const void *a, const void *b)
{
	const struct mta_held *left = a;
	const struct mta_held *right = b;

	return strcmp(left->id, right->id);
}

/* One JSON object a line (postqueue(1), JSON OBJECT FORMAT). */
static enum result
read_line(struct arena *arena, struct span line, struct mta_queue *queue,
          struct error *err)
{
	struct jread_doc *doc;
	const struct jread_value *top;

	if (jread_parse(line, &doc, err) != RESULT_OK) {
		error_prefix(err, "postqueue");
		return RESULT_BAD;
	}
	top = jread_top(doc);
	if (strcmp(jread_get_text(top, "queue_name"), "hold") == 0)
		*(struct mta_held *)arena_push(arena, (void **)&queue->items,
		                               &queue->count, &queue->room,
		                               sizeof(*queue->items)) =
			(struct mta_held){
				jread_copy_text(arena, top, "queue_id"),
				jread_copy_text(arena, top, "sender"),
			};
	jread_free(&doc);
	return RESULT_OK;
}

enum result
mta_queue_read(struct arena *arena, const char *folder,
               struct mta_queue *queue_r, struct error *err)
{
	const char *const with_folder[] = { "postqueue", "-c", folder, "-j",
		                            NULL };
	const char *const plain[] = { "postqueue", "-j", NULL };
	const struct process_request request = {
		.argv = folder[0] != '\0' ? with_folder : plain,
		.limit = LIST_BYTES,
		.budget_ms = LIST_MS,
	};
	const char *text = "";
	struct span rest, line;
	enum result result = process_run(arena, &request, &text, err);

	*queue_r = (struct mta_queue){ .items = NULL };
	rest = span_of(text);
	while (result == RESULT_OK && span_line(&rest, &line))
		result = read_line(arena, line, queue_r, err);
	if (result == RESULT_OK && queue_r->count > 0)
		qsort(queue_r->items, queue_r->count, sizeof(*queue_r->items),
		      compare_ids);
	return result;
}

const struct mta_held *
mta_queue_find(const struct mta_queue *queue, const char *id)
{
	const struct mta_held key = { .id = id };

	return queue->count == 0 ? NULL
	                         : bsearch(&key, queue->items, queue->count,
	                                   sizeof(*queue->items), compare_ids);
}

static enum result
run_order(struct arena *arena, const char *folder, const char *option,
          struct span ids, struct error *err)
{
	const char *const with_folder[] = { "postsuper", "-c",   folder, option,
		                            "-",         "hold", NULL };
	const char *const plain[] = { "postsuper", option, "-", "hold", NULL };
	const struct process_request request = {
		.argv = folder[0] != '\0' ? with_folder : plain,
		.input = ids,
		.limit = ORDER_BYTES,
		.budget_ms = ORDER_MS,
	};
	const char *text;

	return process_run(arena, &request, &text, err);
}

enum result
mta_queue_order(struct arena *arena, const char *folder, enum mta_order order,
                const char *const *ids, size_t count, struct error *err)
{
	static const char *const options[] = {
		[MTA_RELEASE] = "-H",
		[MTA_DELETE] = "-d",
	};
	enum result result = RESULT_OK;
	struct buf lines;

	buf_init(&lines, ORDER_BYTES);
	for (size_t i = 0; result == RESULT_OK && i < count; i++) {
		buf_printf(&lines, "%s\n", ids[i]);
		if (i + 1 < count &&
		    lines.len + strlen(ids[i + 1]) + 2 < ORDER_BYTES)
			continue;
		result = run_order(arena, folder, options[order],
		                   buf_as_span(&lines), err);
		buf_done(&lines);
		buf_init(&lines, ORDER_BYTES);
	}
	buf_done(&lines);
	return result;
}

/* Header and body as they stand in the queue. */
static enum result
read_content(struct arena *arena, const char *folder, const char *id,
             const char **text_r, struct error *err)
{
	const char *const with_folder[] = { "postcat", "-c", folder,
		                            "-qbh",    id,   NULL };
	const char *const plain[] = { "postcat", "-qbh", id, NULL };
	const struct process_request request = {
		.argv = folder[0] != '\0' ? with_folder : plain,
		.limit = CONTENT_BYTES,
		.budget_ms = ORDER_MS,
	};

	return process_run(arena, &request, text_r, err);
}

/* RET as the filter set it (DSN-10). */
static const char *const *
copy_words(struct arena *arena, const char *folder, const struct mta_copy *copy)
{
	const char **words =
		arena_array(arena, copy->to_count + 16, sizeof(*words));
	size_t count = 0;

	words[count++] = "sendmail";
	if (folder[0] != '\0') {
		words[count++] = "-C";
		words[count++] = folder;
	}
	words[count++] = "-i";
	if (copy->envid[0] != '\0') {
		words[count++] = "-V";
		words[count++] = copy->envid;
		words[count++] = "-R";
		words[count++] = "hdrs";
	}
	if (copy->notify[0] != '\0') {
		words[count++] = "-N";
		words[count++] = copy->notify;
	}
	words[count++] = "-f";
	words[count++] = copy->sender;
	words[count++] = "--";
	for (size_t i = 0; i < copy->to_count; i++)
		words[count++] = copy->to[i];
	words[count] = NULL;
	return words;
}

enum result
mta_queue_copy(struct arena *arena, const char *folder,
               const struct mta_copy *copy, struct error *err)
{
	struct process_request request = { .limit = ORDER_BYTES,
		                           .budget_ms = ORDER_MS };
	const char *content, *said;
	enum result result =
		read_content(arena, folder, copy->id, &content, err);

	if (result != RESULT_OK)
		return result;
	request.argv = copy_words(arena, folder, copy);
	request.input = span_of(content);
	return process_run(arena, &request, &said, err);
}
