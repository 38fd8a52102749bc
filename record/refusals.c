#include "record/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "record/pool.h"
#include "record/register.h"

#define GROUP 1024 /* sets asked for at once */

static struct span
subject_of(const char *class_name)
{
	return class_name[0] != '\0' ? span_of(class_name) : SPAN(REGISTER_ALL);
}

/* --- all of them ------------------------------------------------------- */

struct looking {
	struct arena *arena; /* of one group of sets */
	refusals_look *look;
	void *context;
	struct refusal *found; /* in one set */
	size_t count;
	size_t room;
};

static void
read_member(struct looking *looking, unsigned bucket, struct span member,
            struct register_value value)
{
	struct refusal refusal = { .since = value.time,
		                   .is_bounce =
		                           value.code == REGISTER_BOUNCED };
	struct span subject;

	if (!register_refuses(value) ||
	    !register_read_member(bucket, member, refusal.person, &subject) ||
	    subject.at[0] == '/')
		return;
	refusal.class_name = span_equal(subject, SPAN(REGISTER_ALL))
	                             ? ""
	                             : arena_strndup(looking->arena, subject.at,
	                                             subject.len);
	*(struct refusal *)arena_push(looking->arena, (void **)&looking->found,
	                              &looking->count, &looking->room,
	                              sizeof(refusal)) = refusal;
}

static int
compare_refusals(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;
	int order = strcmp(x->person, y->person);

	return order != 0 ? order : strcmp(x->class_name, y->class_name);
}

/* A set is in the order of its scores. False: that was enough. */
static bool
read_set(struct looking *looking, unsigned bucket,
         const struct redis_reply *reply)
{
	looking->found = NULL;
	looking->count = looking->room = 0;
	for (size_t i = 0; i + 1 < reply->count; i += 2)
		read_member(looking, bucket, reply->items[i].text,
		            register_read(&reply->items[i + 1]));
	if (looking->count > 1)
		qsort(looking->found, looking->count, sizeof(*looking->found),
		      compare_refusals);
	for (size_t i = 0; i < looking->count; i++)
		if (!looking->look(looking->context, &looking->found[i]))
			return false;
	return true;
}

enum result
refusals_each(struct store *store, refusals_look *look, void *context,
              struct error *err)
{
	struct looking looking = { .arena = arena_new(),
		                   .look = look,
		                   .context = context };
	enum result result = RESULT_OK;
	bool goes_on = true;
	struct batch batch;

	batch_init(&batch);
	for (unsigned first = 0; first < REGISTER_BUCKETS && goes_on;
	     first += GROUP) {
		struct redis_reply *replies;

		arena_reset(looking.arena);
		batch_reset(&batch);
		for (unsigned i = 0; i < GROUP; i++) {
			char key[SCHEMA_KEY_SIZE];

			register_bucket_key(first + i, key);
			BATCH(&batch, SPAN("ZRANGE"), span_of(key), SPAN("0"),
			      SPAN("-1"), SPAN("WITHSCORES"));
		}
		result = store_run(store, &batch, looking.arena, &replies, err);
		if (result != RESULT_OK)
			break;
		for (unsigned i = 0; i < GROUP && goes_on; i++)
			goes_on = read_set(&looking, first + i, &replies[i]);
	}
	batch_done(&batch);
	arena_free(&looking.arena);
	return result;
}

/* --- some of them ------------------------------------------------------ */

static enum refusal_state
state_of_refusal(const struct refusal *refusal, struct register_value value)
{
	if (register_refuses(value))
		return REFUSAL_KNOWN;
	return value.code == REGISTER_YES && value.time > refusal->since
	               ? REFUSAL_OUTDONE
	               : REFUSAL_NEW;
}

enum result
refusals_known(struct store *store, const struct refusal *refusals,
               size_t count, enum refusal_state *states_r, struct error *err)
{
	struct arena *arena = arena_new();
	struct redis_reply *replies;
	struct batch batch;
	enum result result = RESULT_OK;

	batch_init(&batch);
	for (size_t i = 0; i < count; i++) {
		char key[SCHEMA_KEY_SIZE], bytes[REGISTER_MEMBER_SIZE];
		struct span subject = subject_of(refusals[i].class_name);

		register_key(refusals[i].person, key);
		BATCH(&batch, SPAN("ZSCORE"), span_of(key),
		      register_member(refusals[i].person, subject.at, bytes));
	}
	if (count > 0)
		result = store_run(store, &batch, arena, &replies, err);
	for (size_t i = 0; i < count && result == RESULT_OK; i++)
		states_r[i] = state_of_refusal(&refusals[i],
		                               register_read(&replies[i]));
	batch_done(&batch);
	arena_free(&arena);
	return result;
}
