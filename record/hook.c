#include "record/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "record/appender.h"
#include "record/bounce.h"
#include "record/find.h"
#include "record/hook_post.h"
#include "record/local.h"
#include "record/person.h"

/*
 * Journals are merged by the time of recording. One that is being written may
 * still get an entry that is a moment older than what another one has.
 */
#define SETTLED_MS   1000
#define SAVE_MS      1000
#define LOOK_MS      5000 /* for new journals */
#define FIRST_WAIT   INT64_C(1000)
#define LONGEST_WAIT (INT64_C(300) * 1000)

struct source {
	char writer[EVENT_WRITER_SIZE];
	struct reader *reader;
	struct arena *arena; /* of its head */
	bool has_head;       /* an event to be told, read and not yet taken */
	struct event head;
};

struct hook {
	struct hook_options options;
	struct hook_secrets secrets;
	struct arena *arena; /* as long as the hook */
	struct arena *scratch;
	struct transfer *transfer;
	char *path;  /* of the cursor */
	char *aside; /* of what was refused */
	int lock;
	struct hook_cursor cursor;
	bool is_changed; /* since it was saved */
	int64_t saved_us;
	int64_t looked_us;
	struct source **sources;
	size_t count;
	size_t room;
	unsigned failures; /* in a row */
	int64_t refusals;  /* of this event */
};

static const struct {
	const char *word;
	unsigned bit;
	enum event_kind kind;
} words[] = {
	{ "unsubscribed", HOOK_UNSUBSCRIBED, EVENT_UNSUBSCRIBED },
	{ "consent", HOOK_CONSENT, EVENT_CONSENT },
	{ "preference", HOOK_PREFERENCE, EVENT_PREFERENCE },
	{ "suppressed", HOOK_SUPPRESSED, EVENT_SUPPRESSED },
	{ "readmitted", HOOK_READMITTED, EVENT_READMITTED },
	{ "restricted", HOOK_RESTRICTED, EVENT_RESTRICTED },
	{ "hard-bounce", HOOK_HARD_BOUNCE, EVENT_FAILED },
	{ "confirmed", HOOK_CONFIRMED, EVENT_CONFIRMED },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* As hard_bounces has it (STAT-4): not what anyone could have written. */
static bool
is_hard(const struct event *event)
{
	return event->grade != GRADE_CLAIMED && bounce_is_hard(event->status);
}

unsigned
hook_event_of(const struct event *event)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].kind == event->kind)
			return event->kind != EVENT_FAILED || is_hard(event)
			               ? words[i].bit
			               : 0;
	return 0;
}

const char *
hook_event_word(unsigned bit)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].bit == bit)
			return words[i].word;
	return "";
}

const char *
hook_name(const struct hook *hook)
{
	return hook->options.hook->name;
}

static bool
is_wanted(const struct hook *hook, const struct event *event)
{
	const struct hook_settings *of = hook->options.hook;
	unsigned bit = hook_event_of(event);
	bool is_class = of->classes.count == 0 || event->class_name[0] == '\0';

	if (bit == 0 || (of->events != 0 && (of->events & bit) == 0) ||
	    event->recorded < hook->cursor.since)
		return false;
	for (size_t i = 0; !is_class && i < of->classes.count; i++)
		is_class = strcmp(of->classes.items[i], event->class_name) == 0;
	return is_class;
}

/* --- opening ------------------------------------------------------------ */

static enum result
take_lock(struct hook *hook, const char *folder, struct error *err)
{
	const char *path =
		hook_path(hook->arena, folder, hook_name(hook), "lock");

	hook->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (hook->lock < 0) {
		error_errno(err, errno, "cannot open %s", path);
		return RESULT_BAD;
	}
	if (flock(hook->lock, LOCK_EX | LOCK_NB) == 0)
		return RESULT_OK;
	error_set(err, "another process serves the hook %s", hook_name(hook));
	return RESULT_BAD;
}

static enum result
open_files(struct hook *hook, struct error *err)
{
	const char *folder = hook->options.settings->hook_state;
	enum result result = file_make_folder(folder, 0750, err);

	hook->path = hook_path(hook->arena, folder, hook_name(hook), "json");
	hook->aside = hook_path(hook->arena, folder, hook_name(hook), "aside");
	if (result == RESULT_OK)
		result = hook_read_secrets(hook->arena,
		                           hook->options.hook->secret,
		                           &hook->secrets, err);
	if (result == RESULT_OK)
		result = take_lock(hook, folder, err);
	if (result == RESULT_OK)
		result = hook_cursor_read(hook->arena, hook->path,
		                          &hook->cursor, err);
	if (result != RESULT_NONE)
		return result;
	/* A new receiver hears what comes from now on. */
	hook->cursor.since = clock_now();
	return hook_cursor_write(hook->path, &hook->cursor, err);
}

enum result
hook_open(const struct hook_options *options, struct hook **hook_r,
          struct error *err)
{
	struct hook *hook = memory_zeroed(1, sizeof(*hook));

	hook->options = *options;
	hook->arena = arena_new();
	hook->scratch = arena_new();
	hook->transfer = transfer_new();
	hook->lock = -1;
	if (open_files(hook, err) != RESULT_OK) {
		hook_close(&hook);
		return RESULT_BAD;
	}
	*hook_r = hook;
	return RESULT_OK;
}

static void
save(struct hook *hook)
{
	struct error err;

	if (!hook->is_changed)
		return;
	hook->saved_us = clock_steady_us();
	if (hook_cursor_write(hook->path, &hook->cursor, &err) == RESULT_OK)
		hook->is_changed = false;
	else
		log_error("hook %s: %s; what is posted now may be posted again",
		          hook_name(hook), err.text);
}

void
hook_close(struct hook **hook)
{
	struct hook *old = *hook;

	if (old == NULL)
		return;
	save(old);
	for (size_t i = 0; i < old->count; i++) {
		reader_close(&old->sources[i]->reader);
		arena_free(&old->sources[i]->arena);
	}
	transfer_free(&old->transfer);
	if (old->lock >= 0)
		close(old->lock);
	arena_free(&old->scratch);
	arena_free(&old->arena);
	free(old);
	*hook = NULL;
}

/* --- the journals, merged ----------------------------------------------- */

static void
add_source(struct hook *hook, const char *writer)
{
	struct source *source;

	for (size_t i = 0; i < hook->count; i++)
		if (strcmp(hook->sources[i]->writer, writer) == 0)
			return;
	source = arena_alloc(hook->arena, sizeof(*source));
	snprintf(source->writer, sizeof(source->writer), "%s", writer);
	source->arena = arena_new();
	*(struct source **)arena_push(hook->arena, (void **)&hook->sources,
	                              &hook->count, &hook->room,
	                              sizeof(struct source *)) = source;
}

static void
look_for_journals(struct hook *hook)
{
	struct local_writers writers = { NULL, 0, 0 };
	struct error ignored;

	if (hook->looked_us != 0 &&
	    clock_steady_us() - hook->looked_us < (int64_t)LOOK_MS * 1000)
		return;
	hook->looked_us = clock_steady_us();
	arena_reset(hook->scratch);
	if (local_writers(hook->scratch, hook->options.settings->journal,
	                  &writers, &ignored) == RESULT_OK)
		for (size_t i = 0; i < writers.count; i++)
			add_source(hook, writers.items[i]);
}

static enum result
begin_source(struct hook *hook, struct source *source, struct error *err)
{
	char folder[PATH_MAX];
	uint64_t synced;

	snprintf(folder, sizeof(folder), "%s/%s",
	         hook->options.settings->journal, source->writer);
	if (source->reader == NULL &&
	    reader_open(folder,
	                *hook_cursor_place(hook->arena, &hook->cursor,
	                                   source->writer),
	                &source->reader, err) != RESULT_OK)
		return RESULT_BAD;
	if (appender_read_synced(folder, &synced) && reader_is_live(folder))
		reader_set_limit(source->reader, synced);
	else
		reader_set_limit(source->reader, UINT64_MAX);
	return RESULT_OK;
}

/* Where it goes on after a kill: behind what needs not be told again. */
static void
note_place(struct hook *hook, const struct source *source)
{
	*hook_cursor_place(hook->arena, &hook->cursor, source->writer) =
		reader_where(source->reader);
	hook->is_changed = true;
}

/* The next event of this journal that is wanted. NONE: none for now. */
static enum result
fill_head(struct hook *hook, struct source *source, struct error *err)
{
	while (!source->has_head) {
		struct reader_entry entry;
		enum result result = reader_next(source->reader, &entry, err);

		if (result == RESULT_BAD) {
			log_error("hook %s: %s; going on behind it",
			          hook_name(hook), err->text);
			result = reader_skip(source->reader, err);
			if (result == RESULT_OK)
				continue;
		}
		if (result != RESULT_OK)
			return result;
		arena_reset(source->arena);
		if (event_read(source->arena, entry.entry, entry.payload,
		               &source->head, err) == RESULT_OK &&
		    is_wanted(hook, &source->head))
			source->has_head = true;
		else
			note_place(hook, source);
	}
	return RESULT_OK;
}

/* The oldest of all heads; NULL: nothing that is settled. */
static struct source *
choose(struct hook *hook)
{
	struct source *first = NULL;
	struct error err;

	for (size_t i = 0; i < hook->count; i++) {
		struct source *source = hook->sources[i];

		if (begin_source(hook, source, &err) != RESULT_OK) {
			log_error("hook %s: %s", hook_name(hook), err.text);
			continue;
		}
		if (fill_head(hook, source, &err) == RESULT_OK &&
		    (first == NULL ||
		     source->head.recorded < first->head.recorded))
			first = source;
	}
	if (first != NULL && first->head.recorded > clock_now() - SETTLED_MS)
		return NULL;
	return first;
}

/* --- one event ---------------------------------------------------------- */

/*
 * Who it is about: the payload says so, or the message it belongs to. RETRY:
 * the store would know, but is away.
 */
static enum result
find_address(struct hook *hook, const struct event *event,
             struct hook_letter *letter, struct error *err)
{
	const char *address = event_fact(event, "address");
	struct person_of_token found;
	struct event submitted;
	enum result result = RESULT_OK;
	unsigned number = event->recipient;

	if (address[0] == '\0' && event->has_message) {
		result = find_submission(hook->scratch, hook->options.store,
		                         event->message, &submitted, err);
		if (result == RESULT_OK && number == 0 &&
		    submitted.recipient_count == 1)
			number = 1;
		if (result == RESULT_OK && number > 0 &&
		    number <= submitted.recipient_count)
			address = submitted.recipients[number - 1].address;
		if (result == RESULT_NONE)
			result = person_by_message(hook->scratch,
			                           hook->options.store,
			                           event->message, &found, err);
		if (result == RESULT_OK && address[0] == '\0' &&
		    letter->person[0] == '\0' &&
		    person_by_message(hook->scratch, hook->options.store,
		                      event->message, &found,
		                      err) == RESULT_OK &&
		    !found.is_shared)
			letter->person =
				arena_strdup(hook->scratch, found.person);
	}
	letter->address = address;
	if (address[0] != '\0' && letter->person[0] == '\0') {
		char *name = arena_alloc(hook->scratch, PERSON_SIZE);

		person_name(hook->options.keys, address, name);
		letter->person = name;
	}
	return result == RESULT_RETRY ? RESULT_RETRY : RESULT_OK;
}

/* Exponential, with chance in it so that many hosts do not come at once. */
static int64_t
back_off(unsigned failures)
{
	int64_t wait_ms = FIRST_WAIT;
	uint16_t chance;

	for (unsigned i = 1; i < failures && wait_ms < LONGEST_WAIT; i++)
		wait_ms *= 2;
	if (wait_ms > LONGEST_WAIT)
		wait_ms = LONGEST_WAIT;
	random_bytes(&chance, sizeof(chance));
	return wait_ms * 3 / 4 + wait_ms / 2 * chance / UINT16_MAX;
}

/* Which one and why, without whose it is: the journal has the rest. */
static enum result
put_aside(struct hook *hook, const struct hook_letter *letter, long status,
          struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	enum result result;
	const char *line;
	int fd = open(hook->aside, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	              0640);

	if (fd < 0) {
		error_errno(err, errno, "cannot open %s", hook->aside);
		return RESULT_RETRY;
	}
	clock_format(clock_now(), now);
	line = arena_printf(hook->scratch, "%s %s %s %ld\n", now, letter->id,
	                    letter->word, status);
	result = file_write_all(fd, line, strlen(line), err);
	if (result == RESULT_OK && fdatasync(fd) != 0) {
		error_errno(err, errno, "cannot sync %s", hook->aside);
		result = RESULT_RETRY;
	}
	close(fd);
	if (result == RESULT_OK)
		log_error("hook %s: %s (%s) was refused with %ld and is put "
		          "aside",
		          hook_name(hook), letter->id, letter->word, status);
	return result;
}

static void
taken(struct hook *hook, struct source *source)
{
	source->has_head = false;
	note_place(hook, source);
	hook->failures = 0;
	hook->refusals = 0;
	hook->cursor.trouble[0] = '\0';
	if (clock_steady_us() - hook->saved_us > (int64_t)SAVE_MS * 1000)
		save(hook);
}

/* Refused for good, not for now: RFC 9110, 15.5. */
static bool
is_refusal(long status)
{
	return status >= 300 && status < 500 && status != 408 &&
	       status != 425 && status != 429;
}

static enum result
not_taken(struct hook *hook, long status, int64_t *wait_ms_r, struct error *err)
{
	hook->failures++;
	*wait_ms_r = back_off(hook->failures);
	if (status != 0)
		error_set(err, "answer %ld", status);
	/* Told once by the caller's log, and by `avis hook status`. */
	if (strcmp(hook->cursor.trouble, err->text) != 0) {
		snprintf(hook->cursor.trouble, sizeof(hook->cursor.trouble),
		         "%s", err->text);
		hook->is_changed = true;
	}
	save(hook);
	return RESULT_RETRY;
}

static enum result
post(struct hook *hook, struct source *source, int64_t *wait_ms_r,
     struct error *err)
{
	const struct event *event = &source->head;
	struct hook_letter letter = {
		.word = hook_event_word(hook_event_of(event)),
		.person = event->person,
		.address = "",
		.event = event,
	};
	long status = 0;
	enum result result;

	arena_reset(hook->scratch);
	letter.id = arena_printf(hook->scratch, "%s/%llu", event->writer,
	                         (unsigned long long)event->sequence);
	result = find_address(hook, event, &letter, err);
	if (result == RESULT_OK)
		result = hook_post(hook->scratch, hook->transfer,
		                   hook->options.hook, &hook->secrets, &letter,
		                   &status, err);
	if (result == RESULT_OK && status >= 200 && status < 300) {
		hook->cursor.delivered++;
		hook->cursor.last = clock_now();
		taken(hook, source);
		return RESULT_OK;
	}
	if (is_refusal(status) &&
	    ++hook->refusals >= hook->options.hook->tries &&
	    put_aside(hook, &letter, status, err) == RESULT_OK) {
		hook->cursor.aside++;
		taken(hook, source);
		save(hook);
		return RESULT_OK;
	}
	return not_taken(hook, status, wait_ms_r, err);
}

enum result
hook_step(struct hook *hook, int64_t *wait_ms_r, struct error *err)
{
	struct source *source;

	look_for_journals(hook);
	source = choose(hook);
	if (source != NULL)
		return post(hook, source, wait_ms_r, err);
	if (clock_steady_us() - hook->saved_us > (int64_t)SAVE_MS * 1000)
		save(hook);
	return RESULT_NONE;
}

bool
hook_has_more(const struct hook *hook)
{
	for (size_t i = 0; i < hook->count; i++)
		if (hook->sources[i]->has_head)
			return true;
	return false;
}

enum result
hook_try(const struct hook_options *options, long *status_r, struct error *err)
{
	struct arena *arena = arena_new();
	struct transfer *transfer = transfer_new();
	struct hook_secrets secrets;
	const struct hook_letter letter = {
		.id = arena_printf(arena, "%s.test/%lld",
		                   options->settings->host,
		                   (long long)clock_now()),
		.word = "test",
		.address = "",
		.person = "",
	};
	enum result result =
		hook_read_secrets(arena, options->hook->secret, &secrets, err);

	if (result == RESULT_OK)
		result = hook_post(arena, transfer, options->hook, &secrets,
		                   &letter, status_r, err);
	transfer_free(&transfer);
	arena_free(&arena);
	return result;
}
