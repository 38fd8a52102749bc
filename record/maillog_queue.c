#include "record/maillog_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct maillog_queues {
	struct maillog_queue **slots;
	size_t slot_count; /* a power of two */
	size_t count;
	size_t limit;
	struct maillog_queue *newest;
	struct maillog_queue *oldest;
};

struct maillog_queues *
maillog_queues_new(size_t limit)
{
	struct maillog_queues *queues = memory_zeroed(1, sizeof(*queues));

	queues->limit = limit;
	queues->slot_count = 1;
	while (queues->slot_count < limit)
		queues->slot_count *= 2;
	/* NOLINTBEGIN(bugprone-sizeof-expression): a table of pointers. */
	queues->slots =
		memory_zeroed(queues->slot_count, sizeof(*queues->slots));
	/* NOLINTEND(bugprone-sizeof-expression) */
	return queues;
}

/* FNV-1a; who chooses ids is our own MTA. */
static struct maillog_queue **
slot_of(struct maillog_queues *queues, struct span id)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < id.len; i++)
		hash = (hash ^ (uint8_t)id.at[i]) * 1099511628211u;
	return &queues->slots[hash & (queues->slot_count - 1)];
}

static void
unlink_age(struct maillog_queues *queues, struct maillog_queue *queue)
{
	if (queue->newer != NULL)
		queue->newer->older = queue->older;
	else
		queues->newest = queue->older;
	if (queue->older != NULL)
		queue->older->newer = queue->newer;
	else
		queues->oldest = queue->newer;
	queue->newer = queue->older = NULL;
}

static void
link_newest(struct maillog_queues *queues, struct maillog_queue *queue)
{
	queue->older = queues->newest;
	if (queues->newest != NULL)
		queues->newest->newer = queue;
	else
		queues->oldest = queue;
	queues->newest = queue;
}

struct maillog_queue *
maillog_queue_find(struct maillog_queues *queues, struct span id)
{
	struct maillog_queue *queue = *slot_of(queues, id);

	while (queue != NULL && !span_equal(span_of(queue->id), id))
		queue = queue->chain;
	if (queue != NULL && queue != queues->newest) {
		unlink_age(queues, queue);
		link_newest(queues, queue);
	}
	return queue;
}

static void
queue_free(struct maillog_queue *queue)
{
	arena_free(&queue->arena);
	free(queue->message_id);
	free(queue);
}

static void
drop(struct maillog_queues *queues, struct maillog_queue *queue)
{
	struct maillog_queue **at = slot_of(queues, span_of(queue->id));

	while (*at != queue)
		at = &(*at)->chain;
	*at = queue->chain;
	unlink_age(queues, queue);
	queue_free(queue);
	queues->count--;
}

struct maillog_queue *
maillog_queue_get(struct maillog_queues *queues, struct span id)
{
	struct maillog_queue *queue = maillog_queue_find(queues, id);
	struct maillog_queue **slot;

	if (queue != NULL)
		return queue;
	if (queues->count == queues->limit)
		drop(queues, queues->oldest);
	queue = memory_zeroed(1, sizeof(*queue));
	id = span_take(id, MAILLOG_ID_SIZE - 1);
	memcpy(queue->id, id.at, id.len);
	slot = slot_of(queues, id);
	queue->chain = *slot;
	*slot = queue;
	link_newest(queues, queue);
	queues->count++;
	return queue;
}

void
maillog_queue_drop(struct maillog_queues *queues, struct span id)
{
	struct maillog_queue *queue = maillog_queue_find(queues, id);

	if (queue != NULL)
		drop(queues, queue);
}

void
maillog_queues_free(struct maillog_queues **queues)
{
	struct maillog_queue *queue, *newer;

	if (*queues == NULL)
		return;
	for (queue = (*queues)->oldest; queue != NULL; queue = newer) {
		newer = queue->newer;
		queue_free(queue);
	}
	free((*queues)->slots);
	free(*queues);
	*queues = NULL;
}
