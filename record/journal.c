#include "record/journal.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "record/appender.h"

#define WORD_SIZE   65
#define BATCH_BYTES ((size_t)1024 * 1024) /* written with one sync */
#define QUEUE_BYTES ((size_t)256 * 1024 * 1024)
#define RUNS        256

/* Numbers that no queued event has. */
#define TICKET_TOO_LARGE 0
#define TICKET_NO_ROOM   UINT64_MAX

/* An event in the queue: its words are its own, its payload is written. */
struct queued {
	struct queued *next;
	struct event event;
	char words[4][WORD_SIZE];
	uint8_t commitment[DIGEST_BYTES];
	size_t plain_len;
	char plain[]; /* salt and payload */
};

/*
 * What became of tickets: from number `first` on up to the next run they
 * failed, or got the sequence number + shift. Runs grow only when fortune
 * changes; of very old ones nothing is known any more.
 */
struct run {
	uint64_t first;
	bool is_ok;
	uint64_t shift; /* wraps around when negative */
};

struct journal {
	char writer[EVENT_WRITER_SIZE];
	struct appender *appender; /* the thread's own */
	pthread_t thread;
	bool has_failed; /* the thread's own: the last batch did */
	struct log_gate gate;

	pthread_mutex_t lock; /* over all below */
	pthread_cond_t work;
	pthread_cond_t done;
	struct queued *head;
	struct queued **tail;
	size_t queued_bytes;
	uint64_t last_number; /* given out */
	uint64_t done_number; /* on disk or failed */
	struct run runs[RUNS];
	size_t run_count;
	struct error failure; /* of the last batch that failed */
	bool is_stopping;
	void (*on_sync)(void *);
	void *on_sync_context;
};

static const char *
keep_word(char word_r[WORD_SIZE], const char *word)
{
	snprintf(word_r, WORD_SIZE, "%s", word);
	return word_r;
}

/* NULL: larger than a frame may be. */
static struct queued *
queued_new(const struct event *event)
{
	struct queued *queued = NULL;
	char salt[FRAME_SALT_BYTES];
	struct buf plain;

	random_bytes(salt, sizeof(salt));
	buf_init(&plain, FRAME_PLAIN_LIMIT);
	buf_add(&plain, salt, sizeof(salt));
	event_write_payload(event, &plain);
	if (!plain.is_full) {
		queued = memory_get(sizeof(*queued) + plain.len);
		queued->next = NULL;
		queued->event = *event;
		queued->event.class_name =
			keep_word(queued->words[0], event->class_name);
		queued->event.queue_id =
			keep_word(queued->words[1], event->queue_id);
		queued->event.status =
			keep_word(queued->words[2], event->status);
		queued->event.detail =
			keep_word(queued->words[3], event->detail);
		memcpy(queued->plain, plain.data, plain.len);
		queued->plain_len = plain.len;
		digest_sha256(plain.data, plain.len, queued->commitment);
	}
	buf_done(&plain);
	return queued;
}

static void
queued_add(struct queued *queued, struct appender *appender)
{
	struct appender_item item = {
		.event = &queued->event,
		.plain = span_make(queued->plain, queued->plain_len),
	};

	memcpy(item.commitment, queued->commitment, DIGEST_BYTES);
	appender_add(appender, &item);
}

static void
queued_free(struct queued *queued)
{
	explicit_bzero(queued->plain, queued->plain_len);
	free(queued);
}

/* Called with the lock held. */
static void
note_run(struct journal *journal, uint64_t first, bool is_ok, uint64_t sequence)
{
	struct run run = { first, is_ok, is_ok ? sequence - first : 0 };
	size_t count = journal->run_count;
	const struct run *last = count > 0 ? &journal->runs[count - 1] : NULL;

	if (last != NULL && last->is_ok == is_ok && last->shift == run.shift)
		return;
	if (count == RUNS) {
		memmove(journal->runs, journal->runs + 1,
		        (RUNS - 1) * sizeof(run));
		count--;
	}
	journal->runs[count] = run;
	journal->run_count = count + 1;
}

static void
log_outcome(struct journal *journal, enum result result,
            const struct error *err)
{
	if (result != RESULT_OK)
		log_warn_gated(&journal->gate,
		               "journal %s: %s; mail that needs a record is "
		               "put off",
		               journal->writer, err->text);
	else if (journal->has_failed)
		log_info("journal %s: writes again", journal->writer);
	journal->has_failed = result != RESULT_OK;
}

/* Writes some of the list with one sync; gives back the rest. */
static struct queued *
write_batch(struct journal *journal, struct queued *list, uint64_t *number)
{
	uint64_t sequence = appender_sequence(journal->appender) + 1;
	uint64_t first = *number;
	void (*call)(void *);
	void *context;
	struct error err;

	while (list != NULL &&
	       (*number == first ||
	        appender_pending(journal->appender) < BATCH_BYTES)) {
		struct queued *next = list->next;

		queued_add(list, journal->appender);
		queued_free(list);
		list = next;
		(*number)++;
	}
	enum result result = appender_commit(journal->appender, &err);
	log_outcome(journal, result, &err);

	pthread_mutex_lock(&journal->lock);
	note_run(journal, first, result == RESULT_OK, sequence);
	if (result != RESULT_OK)
		journal->failure = err;
	journal->done_number = *number - 1;
	call = journal->on_sync;
	context = journal->on_sync_context;
	pthread_cond_broadcast(&journal->done);
	pthread_mutex_unlock(&journal->lock);
	if (result == RESULT_OK && call != NULL)
		call(context);
	return list;
}

static void *
journal_thread(void *context)
{
	struct journal *journal = context;

	for (;;) {
		pthread_mutex_lock(&journal->lock);
		while (journal->head == NULL && !journal->is_stopping)
			pthread_cond_wait(&journal->work, &journal->lock);
		struct queued *list = journal->head;
		uint64_t number = journal->done_number + 1;
		journal->head = NULL;
		journal->tail = &journal->head;
		journal->queued_bytes = 0;
		pthread_mutex_unlock(&journal->lock);
		if (list == NULL)
			return NULL;
		while (list != NULL)
			list = write_batch(journal, list, &number);
	}
}

/* Straight to disk, before the thread runs. */
static enum result
write_own(struct journal *journal, struct event *event, struct error *err)
{
	event->time = clock_now();
	event->grade = GRADE_OBSERVED;
	event->source = SOURCE_JOURNAL;
	event->class_name = event->queue_id = event->status = "";

	struct queued *queued = queued_new(event);

	assert(queued != NULL);
	queued_add(queued, journal->appender);
	queued_free(queued);
	return appender_commit(journal->appender, err);
}

static enum result
write_gap(struct journal *journal, struct arena *arena,
          const struct appender_gap *gap, struct error *err)
{
	struct event event = {
		.kind = EVENT_GAP,
		.detail = gap->is_damaged ? "damage" : "torn-tail",
	};

	event_fact_add(arena, &event, "segment",
	               arena_printf(arena, "%08u", (unsigned)gap->segment));
	event_fact_add(arena, &event, "offset",
	               arena_printf(arena, "%lld", (long long)gap->offset));
	event_fact_add(arena, &event, "bytes",
	               arena_printf(arena, "%lld", (long long)gap->bytes));
	if (gap->is_damaged)
		log_error("journal %s: segment %08u is damaged at byte %lld; "
		          "nothing was cut, a new segment is begun",
		          journal->writer, (unsigned)gap->segment,
		          (long long)gap->offset);
	else
		log_warn("journal %s: segment %08u ended in %lld bytes of an "
		         "unfinished entry at byte %lld; they were cut",
		         journal->writer, (unsigned)gap->segment,
		         (long long)gap->bytes, (long long)gap->offset);
	return write_own(journal, &event, err);
}

static enum result
write_first(struct journal *journal, const struct appender_gap *gap,
            struct error *err)
{
	struct event started = { .kind = EVENT_STARTED, .detail = "" };
	struct arena *arena = arena_new();
	enum result result = RESULT_OK;

	event_fact_add(arena, &started, "version", AVIS_VERSION);
	if (gap->is_found)
		result = write_gap(journal, arena, gap, err);
	if (result == RESULT_OK)
		result = write_own(journal, &started, err);
	arena_free(&arena);
	return result;
}

/* The writer's name is a folder's name and stands in each entry. */
static enum result
name_writer(struct journal *journal, const struct journal_options *options,
            struct error *err)
{
	int len = snprintf(journal->writer, sizeof(journal->writer), "%s.%s",
	                   options->host, options->program);

	if (len < 0 || (size_t)len >= sizeof(journal->writer) ||
	    options->host[0] == '\0' || options->host[0] == '.') {
		error_set(err,
		          "\"%s\" cannot name a writer: 1 to %d letters, "
		          "digits, - or . are wanted",
		          options->host, EVENT_WRITER_SIZE - 16);
		return RESULT_BAD;
	}
	for (char *p = journal->writer; *p != '\0'; p++)
		if (!ascii_is_alnum(*p) && *p != '.' && *p != '-')
			*p = '_';
	return RESULT_OK;
}

static enum result
open_appender(struct journal *journal, const struct journal_options *options,
              struct error *err)
{
	char folder[PATH_MAX];
	struct appender_gap gap;
	struct appender_options appending = {
		.folder = folder,
		.writer = journal->writer,
		.segment_bytes = options->segment_bytes,
		.segment_age_ms = options->segment_age_ms,
		.io = options->io != NULL ? options->io : &segment_io_system,
	};
	int len = snprintf(folder, sizeof(folder), "%s/%s", options->folder,
	                   journal->writer);

	if (len < 0 || (size_t)len >= sizeof(folder)) {
		error_set(err, "folder name too long: %s", options->folder);
		return RESULT_BAD;
	}
	enum result result = file_make_folder(options->folder, 0750, err);
	if (result == RESULT_OK)
		result = appender_open(&appending, &journal->appender, &gap,
		                       err);
	if (result == RESULT_OK)
		result = write_first(journal, &gap, err);
	return result;
}

static void
journal_free(struct journal *journal)
{
	appender_close(&journal->appender);
	pthread_mutex_destroy(&journal->lock);
	pthread_cond_destroy(&journal->work);
	pthread_cond_destroy(&journal->done);
	free(journal);
}

enum result
journal_open(const struct journal_options *options, struct journal **journal_r,
             struct error *err)
{
	struct journal *journal = memory_zeroed(1, sizeof(*journal));

	journal->tail = &journal->head;
	pthread_mutex_init(&journal->lock, NULL);
	pthread_cond_init(&journal->work, NULL);
	pthread_cond_init(&journal->done, NULL);

	enum result result = name_writer(journal, options, err);
	if (result == RESULT_OK)
		result = open_appender(journal, options, err);
	if (result == RESULT_OK &&
	    pthread_create(&journal->thread, NULL, journal_thread, journal) !=
	            0) {
		error_set(err, "cannot start a thread");
		result = RESULT_RETRY;
	}
	if (result != RESULT_OK) {
		error_prefix(err, "journal");
		journal_free(journal);
		return result;
	}
	*journal_r = journal;
	return RESULT_OK;
}

void
journal_close(struct journal **journal)
{
	if (*journal == NULL)
		return;
	pthread_mutex_lock(&(*journal)->lock);
	(*journal)->is_stopping = true;
	pthread_cond_signal(&(*journal)->work);
	pthread_mutex_unlock(&(*journal)->lock);
	pthread_join((*journal)->thread, NULL);
	journal_free(*journal);
	*journal = NULL;
}

void
journal_queue(struct journal *journal, const struct event *event,
              struct journal_ticket *ticket_r)
{
	struct queued *queued = queued_new(event);

	ticket_r->sequence = 0;
	ticket_r->number = TICKET_TOO_LARGE;
	if (queued == NULL)
		return;
	pthread_mutex_lock(&journal->lock);
	if (journal->queued_bytes > QUEUE_BYTES) {
		pthread_mutex_unlock(&journal->lock);
		ticket_r->number = TICKET_NO_ROOM;
		queued_free(queued);
		return;
	}
	bool was_empty = journal->head == NULL;
	*journal->tail = queued;
	journal->tail = &queued->next;
	journal->queued_bytes += sizeof(*queued) + queued->plain_len;
	ticket_r->number = ++journal->last_number;
	if (was_empty)
		pthread_cond_signal(&journal->work);
	pthread_mutex_unlock(&journal->lock);
}

/* Called with the lock held, when the ticket's batch is done. */
static enum result
look_up(const struct journal *journal, struct journal_ticket *ticket,
        struct error *err)
{
	for (size_t i = journal->run_count; i-- > 0;) {
		const struct run *run = &journal->runs[i];

		if (run->first > ticket->number)
			continue;
		if (run->is_ok) {
			ticket->sequence = ticket->number + run->shift;
			return RESULT_OK;
		}
		break;
	}
	*err = journal->failure;
	error_prefix(err, "journal");
	return RESULT_RETRY;
}

enum result
journal_wait(struct journal *journal, struct journal_ticket *ticket,
             struct error *err)
{
	if (ticket->number == TICKET_TOO_LARGE) {
		error_set(err, "journal: the event is larger than %zu bytes",
		          FRAME_PLAIN_LIMIT);
		return RESULT_BAD;
	}
	if (ticket->number == TICKET_NO_ROOM) {
		error_set(err, "journal: too many events wait for the disk");
		return RESULT_RETRY;
	}
	pthread_mutex_lock(&journal->lock);
	while (journal->done_number < ticket->number)
		pthread_cond_wait(&journal->done, &journal->lock);
	enum result result = look_up(journal, ticket, err);
	pthread_mutex_unlock(&journal->lock);
	return result;
}

enum result
journal_append(struct journal *journal, const struct event *event,
               struct error *err)
{
	struct journal_ticket ticket;

	journal_queue(journal, event, &ticket);
	return journal_wait(journal, &ticket, err);
}

const char *
journal_writer(const struct journal *journal)
{
	return journal->writer;
}

void
journal_on_sync(struct journal *journal, void (*call)(void *), void *context)
{
	pthread_mutex_lock(&journal->lock);
	journal->on_sync = call;
	journal->on_sync_context = context;
	pthread_mutex_unlock(&journal->lock);
}
