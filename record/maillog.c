#include "record/maillog.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/maillog_event.h"
#include "record/state.h"

#define QUEUES       4096
#define ASK_AGAIN_US 400000 /* the forwarder may be behind */
#define ID_LIMIT     998

struct maillog {
	struct maillog_options options;
	struct maillog_counts counts;
	struct maillog_queues *queues;
	struct maillog_tls *tls;
	struct arena *arena; /* of one line */
};

struct maillog *
maillog_new(const struct maillog_options *options)
{
	struct maillog *log = memory_zeroed(1, sizeof(*log));

	log->options = *options;
	log->queues = maillog_queues_new(QUEUES);
	log->tls = maillog_tls_new();
	log->arena = arena_new();
	return log;
}

void
maillog_free(struct maillog **log)
{
	if (*log == NULL)
		return;
	maillog_queues_free(&(*log)->queues);
	maillog_tls_free(&(*log)->tls);
	arena_free(&(*log)->arena);
	free(*log);
	*log = NULL;
}

const struct maillog_counts *
maillog_counted(const struct maillog *log)
{
	return &log->counts;
}

struct maillog_counts *
maillog_count(struct maillog *log)
{
	return &log->counts;
}

/* --- what belongs together -------------------------------------------- */

static void
set_id(char id_r[MAILLOG_ID_SIZE], struct span id)
{
	id = span_take(id, MAILLOG_ID_SIZE - 1);
	memcpy(id_r, id.at, id.len);
	id_r[id.len] = '\0';
}

/* What comes out under child came in as parent. */
static void
follow(struct maillog *log, struct span child, struct span parent,
       unsigned recipient)
{
	struct maillog_queue *to, *from;
	char root[MAILLOG_ID_SIZE];

	if (span_equal(child, parent))
		return;
	set_id(root, parent);
	from = maillog_queue_find(log->queues, parent);
	if (from != NULL && from->root[0] != '\0')
		memcpy(root, from->root, sizeof(root));
	if (from != NULL && from->root_recipient != 0 && recipient == 0)
		recipient = from->root_recipient;
	to = maillog_queue_get(log->queues, child);
	memcpy(to->root, root, sizeof(root));
	to->root_recipient = recipient;
	/* It may have been asked for under its own name, in vain. */
	if (to->known == MAILLOG_UNKNOWN)
		to->known = MAILLOG_NOT_ASKED;
}

static void
note_entered(struct maillog *log, const struct maillog_fact *fact)
{
	struct maillog_queue *queue;

	/* F-13: a short id begins a new life. */
	maillog_queue_drop(log->queues, fact->queue_id);
	queue = maillog_queue_get(log->queues, fact->queue_id);
	queue->is_entered = true;
	if (fact->next_id.len > 0)
		follow(log, fact->queue_id, fact->next_id, 0);
}

static void
note_message_id(struct maillog *log, const struct maillog_fact *fact)
{
	struct maillog_queue *queue =
		maillog_queue_get(log->queues, fact->queue_id);
	struct span id = span_take(fact->message_id, ID_LIMIT);

	free(queue->message_id);
	queue->message_id = memory_zeroed(1, id.len + 1);
	memcpy(queue->message_id, id.at, id.len);
	queue->is_entered = true;
}

static bool
same_message_id(const struct maillog_queue *a, const struct maillog_queue *b)
{
	return a->message_id == NULL || b->message_id == NULL ||
	       strcmp(a->message_id, b->message_id) == 0;
}

/*
 * Handed to a content filter that gives it back: the server's "queued as"
 * names a queue file that this very log saw begin.
 */
static bool
comes_back(struct maillog *log, const struct maillog_queue *queue,
           const struct maillog_fact *fact)
{
	struct maillog_queue *next;

	if (fact->outcome != MAILLOG_SENT || fact->next_id.len == 0 ||
	    fact->is_forwarded || span_equal(fact->next_id, span_of(queue->id)))
		return false;
	next = maillog_queue_find(log->queues, fact->next_id);
	return next != NULL && next->is_entered && same_message_id(queue, next);
}

/* --- which message ---------------------------------------------------- */

static enum result
ask(struct maillog *log, struct maillog_queue *queue, const char *id,
    const struct maillog_line *line, struct error *err)
{
	const struct maillog_options *options = &log->options;
	bool is_any = strcmp(options->log_host, "*") == 0;
	const struct maillog_question question = {
		.queue_id = id,
		.message_id =
			queue->message_id != NULL ? queue->message_id : "",
		.host = is_any ? arena_strndup(log->arena, line->host.at,
		                               line->host.len)
		               : options->host,
		.time = line->time,
	};
	enum result result = options->find(options->context, queue->arena,
	                                   &question, &queue->events, err);

	for (size_t i = 0; result == RESULT_OK && i < queue->events.count; i++)
		if (queue->events.items[i].kind == EVENT_SUBMITTED)
			queue->submitted = &queue->events.items[i];
	if (result == RESULT_OK && queue->submitted == NULL)
		return RESULT_NONE;
	return result;
}

static enum result
look_up(struct maillog *log, struct maillog_queue *queue,
        const struct maillog_line *line, struct error *err)
{
	enum result result;

	if (queue->known == MAILLOG_FOUND)
		return RESULT_OK;
	if (queue->known == MAILLOG_UNKNOWN &&
	    clock_steady_us() < queue->asked_us + ASK_AGAIN_US)
		return RESULT_NONE;
	queue->arena = arena_new();
	result = ask(log, queue, queue->id, line, err);
	if (result == RESULT_NONE && queue->root[0] != '\0')
		result = ask(log, queue, queue->root, line, err);
	if (result == RESULT_OK) {
		queue->known = MAILLOG_FOUND;
		return result;
	}
	arena_free(&queue->arena);
	queue->events = (struct event_list){ NULL, 0, 0 };
	queue->submitted = NULL;
	if (result == RESULT_NONE) {
		queue->known = MAILLOG_UNKNOWN;
		queue->asked_us = clock_steady_us();
	}
	return result;
}

/* --- which recipient -------------------------------------------------- */

static unsigned
recipient_of(struct maillog *log, const struct maillog_queue *queue,
             struct span to, struct span original)
{
	const struct span names[] = { original, to };

	for (size_t i = 0; i < 2; i++) {
		const char *address =
			arena_strndup(log->arena, names[i].at, names[i].len);
		unsigned number =
			event_recipient_number(queue->submitted, address);

		if (number != 0)
			return number;
	}
	return queue->root_recipient;
}

/* --- recording -------------------------------------------------------- */

static bool
was_recorded(const struct maillog_queue *queue, const char *line_id,
             unsigned recipient)
{
	for (size_t i = 0; i < queue->events.count; i++) {
		const struct event *event = &queue->events.items[i];

		if (event->source == SOURCE_MAILLOG &&
		    event->recipient == recipient &&
		    strcmp(event_fact(event, "line_id"), line_id) == 0)
			return true;
	}
	return false;
}

/* Keeps what the next lines of this message ask for. */
static void
remember(struct maillog_queue *queue, const struct event *event)
{
	struct event kept = { .kind = event->kind,
		              .grade = event->grade,
		              .source = event->source,
		              .time = event->time,
		              .recipient = event->recipient };
	size_t at = (size_t)(queue->submitted - queue->events.items);

	event_fact_add(queue->arena, &kept, "line_id",
	               event_fact(event, "line_id"));
	*(struct event *)arena_push(queue->arena, (void **)&queue->events.items,
	                            &queue->events.count, &queue->events.room,
	                            sizeof(kept)) = kept;
	queue->submitted = &queue->events.items[at];
}

static enum result
record(struct maillog *log, struct maillog_queue *queue,
       struct maillog_sight *sight, struct error *err)
{
	char *line_id = arena_alloc(log->arena, MAILLOG_LINE_ID_SIZE);
	struct event event;

	maillog_line_id(sight->line, line_id);
	if (was_recorded(queue, line_id, sight->recipient)) {
		log->counts.again++;
		return RESULT_OK;
	}
	if ((int64_t)queue->events.count >= log->options.event_limit)
		return RESULT_OK;
	sight->line_id = line_id;
	maillog_event(log->arena, sight, &event);
	enum result result =
		log->options.record(log->options.context, &event, err);
	if (result != RESULT_OK)
		return result;
	log->counts.recorded++;
	remember(queue, &event);
	return RESULT_OK;
}

static enum result
record_attempts(struct maillog *log, struct maillog_queue *queue,
                struct maillog_sight *sight, struct error *err)
{
	const struct maillog_fact *fact = sight->fact;
	struct span rest = fact->recipients;
	enum result result = RESULT_OK;

	while (result == RESULT_OK &&
	       maillog_next_recipient(&rest, &sight->to)) {
		sight->recipient =
			recipient_of(log, queue, sight->to, fact->original);
		if (sight->recipient == 0) {
			log->counts.strange++;
			continue;
		}
		if (fact->is_forwarded && fact->next_id.len > 0)
			follow(log, fact->next_id, fact->queue_id,
			       sight->recipient);
		result = record(log, queue, sight, err);
	}
	return result;
}

/* Given up or deleted: for each one whose mail is still here. */
static enum result
record_end(struct maillog *log, struct maillog_queue *queue,
           struct maillog_sight *sight, struct error *err)
{
	enum result result = RESULT_OK;

	for (unsigned i = 1;
	     result == RESULT_OK && i <= queue->submitted->recipient_count;
	     i++) {
		enum state state = state_of(&queue->events, i);

		if (state != STATE_SUBMITTED && state != STATE_DELAYED &&
		    state != STATE_HELD)
			continue;
		sight->recipient = i;
		result = record(log, queue, sight, err);
	}
	return result;
}

static enum result
take_sight(struct maillog *log, struct maillog_sight *sight, struct error *err)
{
	const struct maillog_fact *fact = sight->fact;
	struct maillog_queue *queue =
		maillog_queue_get(log->queues, fact->queue_id);
	enum result result;

	if (fact->what == MAILLOG_ATTEMPT) {
		log->counts.attempts++;
		sight->tls = maillog_tls_find(log->tls, sight->line->pid, fact);
		if (comes_back(log, queue, fact)) {
			follow(log, fact->next_id, fact->queue_id, 0);
			return RESULT_OK;
		}
	}
	result = look_up(log, queue, sight->line, err);
	if (result != RESULT_OK)
		return result;
	sight->queue = queue;
	if (fact->what == MAILLOG_ATTEMPT)
		return record_attempts(log, queue, sight, err);
	if (fact->what == MAILLOG_HELD || fact->what == MAILLOG_RELEASED)
		return record(log, queue, sight, err);
	return record_end(log, queue, sight, err);
}

static enum result
take_fact(struct maillog *log, struct maillog_sight *sight, struct error *err)
{
	const struct maillog_fact *fact = sight->fact;
	enum result result = RESULT_OK;

	switch (fact->what) {
	case MAILLOG_ENTERED:
		note_entered(log, fact);
		break;
	case MAILLOG_MESSAGE_ID:
		note_message_id(log, fact);
		break;
	case MAILLOG_TLS:
		maillog_tls_open(log->tls, sight->line->pid, fact);
		break;
	case MAILLOG_TLS_LOST:
		maillog_tls_lost(log->tls, sight->line->pid);
		break;
	case MAILLOG_REMOVED:
		maillog_queue_drop(log->queues, fact->queue_id);
		break;
	case MAILLOG_ATTEMPT:
	case MAILLOG_EXPIRED:
	case MAILLOG_DELETED:
	case MAILLOG_HELD:
	case MAILLOG_RELEASED:
		result = take_sight(log, sight, err);
		break;
	case MAILLOG_OTHER:
	default:
		break;
	}
	return result;
}

/* "mx1" is also "mx1.example.fr": some write the whole name, some do not. */
static bool
is_host(const char *wanted, struct span host)
{
	size_t len = strlen(wanted);

	return strcmp(wanted, "*") == 0 || span_is(host, wanted) ||
	       (span_starts(host, wanted) && host.len > len &&
	        host.at[len] == '.');
}

enum result
maillog_take(struct maillog *log, const struct maillog_line *line,
             struct span raw, const char *where, struct error *err)
{
	struct maillog_fact fact;
	struct maillog_sight sight = {
		.line = line, .fact = &fact, .where = where, .raw = raw
	};

	if (!maillog_postfix_read(line, &fact) &&
	    !maillog_sendmail_read(line, &fact))
		return RESULT_OK;
	if (!is_host(log->options.log_host, line->host)) {
		log->counts.other_hosts++;
		return RESULT_OK;
	}
	log->counts.mta_lines++;
	enum result result = take_fact(log, &sight, err);
	arena_reset(log->arena);
	return result;
}
