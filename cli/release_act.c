#include <stdio.h>

#include "cli/release.h"

static const struct {
	enum fate fate;
	enum mta_order order;
} orders[] = {
	{ FATE_GOES, MTA_RELEASE },
	{ FATE_ENDS, MTA_DELETE },
};

static void
event_of(const struct release *release, const struct verdict_on_held *verdict,
         enum event_kind kind, struct event *event_r)
{
	const struct held *held = verdict->held;

	*event_r = (struct event){
		.time = release->now,
		.kind = kind,
		.grade = GRADE_OBSERVED,
		.source = SOURCE_OPERATOR,
		.has_message = true,
		.message = held->message,
		.class_name = held->class_name,
		.queue_id = held->queue_id,
		.status = "",
		.detail = "",
		.retention_ms = verdict->class != NULL
		                        ? verdict->class->retention_ms
		                        : 0,
	};
}

static void
record(struct release *release, const struct event *event)
{
	struct error err;

	if (ledger_append(release->ledger, event, &err) == RESULT_OK)
		return;
	opened_say(&release->opened, "%s: not recorded: %s", event->queue_id,
	           err.text);
	release->problems++;
}

/* Refused before it is deleted: what ends without a record was lost. */
static void
record_end(struct release *release, const struct verdict_on_held *verdict)
{
	struct event event;

	event_of(release, verdict, EVENT_REFUSED, &event);
	event.status = "5.7.1";
	event.detail = HELD_REFUSED;
	event_fact_add(release->opened.arena, &event, "reason", verdict->why);
	record(release, &event);
	ask_give_back(release->opened.arena, release->store, verdict->class,
	              verdict->counted_as, &verdict->facts, NULL);
}

/* What the filter asked for on the first pass (DSN-2). */
static const char *
notify_of(const struct release *release, const struct verdict_on_held *verdict)
{
	unsigned delivery = verdict->class->receipts.delivery;

	if (delivery == 0)
		return "";
	return arena_printf(release->opened.arena, "%sfailure%s",
	                    (delivery & DELIVERY_SUCCESS) != 0 &&
	                                    verdict->class->purpose !=
	                                            PURPOSE_MARKETING
	                            ? "success,"
	                            : "",
	                    (delivery & DELIVERY_DELAY) != 0 ? ",delay" : "");
}

static size_t
people_left(const struct release *release,
            const struct verdict_on_held *verdict, const char ***to_r)
{
	const struct facts *facts = &verdict->facts;
	const char **to = arena_array(release->opened.arena,
	                              facts->recipient_count, sizeof(*to));
	size_t count = 0;

	for (size_t i = 0; i < facts->recipient_count; i++)
		if (!verdict->decision.drops[i])
			to[count++] = facts->recipients[i].address;
	*to_r = to;
	return count;
}

static void
order(struct release *release, enum fate fate, enum mta_order what,
      const struct verdict_on_held *verdicts, size_t count)
{
	struct arena *arena = release->opened.arena;
	const char **ids = arena_array(arena, count, sizeof(*ids));
	size_t id_count = 0;
	struct error err;

	for (size_t i = 0; i < count; i++)
		if (verdicts[i].fate == fate)
			ids[id_count++] = verdicts[i].held->queue_id;
	if (id_count > 0 && mta_queue_order(arena, release->postfix, what, ids,
	                                    id_count, &err) != RESULT_OK) {
		opened_say(&release->opened, "%s (postsuper needs root)",
		           err.text);
		release->problems++;
	}
}

/* A sender without our token counts its own bounces, or nobody does. */
static bool
copy_to_some(struct release *release, const struct verdict_on_held *verdict)
{
	const struct mta_held *held =
		mta_queue_find(&release->queue, verdict->held->queue_id);
	char envid[TOKEN_ENVID_SIZE] = "";
	const char **to;
	struct mta_copy copy = { .id = held->id,
		                 .sender = held->sender,
		                 .envid = envid,
		                 .notify = notify_of(release, verdict) };
	struct error err;

	if (copy.notify[0] != '\0')
		token_for_envid(release->opened.keys, verdict->held->message,
		                envid);
	copy.to_count = people_left(release, verdict, &to);
	copy.to = to;
	/* One after the other, so that a crash doubles one at most. */
	if (mta_queue_copy(release->opened.arena, release->postfix, &copy,
	                   &err) == RESULT_OK) {
		order(release, FATE_SOME, MTA_DELETE, verdict, 1);
		return true;
	}
	opened_say(&release->opened, "%s: %s", held->id, err.text);
	release->problems++;
	return false;
}

/* Each that is left out stands in the record as refused. */
static void
record_left_out(struct release *release, const struct verdict_on_held *verdict)
{
	for (size_t i = 0; i < verdict->facts.recipient_count; i++) {
		struct event event;

		if (!verdict->decision.drops[i])
			continue;
		event_of(release, verdict, EVENT_REFUSED, &event);
		event.status = "5.7.1";
		event.detail = "left-out";
		event.recipient = (unsigned)i + 1;
		event_fact_add(release->opened.arena, &event, "reason",
		               verdict->why);
		record(release, &event);
	}
	ask_give_back(release->opened.arena, release->store, verdict->class,
	              verdict->counted_as, &verdict->facts,
	              verdict->decision.drops);
}

static void
record_fate(struct release *release, const struct verdict_on_held *verdict)
{
	struct event event;

	if (verdict->fate == FATE_LATER) {
		event_of(release, verdict, EVENT_HELD, &event);
		event.due = verdict->decision.hold_until;
		event.detail = verdict->decision.hold_reason;
		record(release, &event);
		return;
	}
	if (verdict->fate == FATE_SOME)
		record_left_out(release, verdict);
	event_of(release, verdict, EVENT_RELEASED, &event);
	if (verdict->fate == FATE_IS_GONE)
		event.detail = "by-hand";
	else if (release->now_id[0] != '\0')
		event.detail = "now";
	record(release, &event);
}

static bool
is_ordered(enum fate fate)
{
	return fate == FATE_GOES || fate == FATE_SOME || fate == FATE_ENDS;
}

/* What is still on hold was not let go, whatever the programs said. */
static void
look_again(struct release *release, struct verdict_on_held *verdicts,
           size_t count)
{
	struct mta_queue queue;
	struct error err;
	bool is_read = mta_queue_read(release->opened.arena, release->postfix,
	                              &queue, &err) == RESULT_OK;

	if (!is_read) {
		opened_say(&release->opened, "%s", err.text);
		release->problems++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_ordered(verdicts[i].fate) ||
		    (is_read &&
		     mta_queue_find(&queue, verdicts[i].held->queue_id) ==
		             NULL))
			continue;
		opened_say(&release->opened, "%s is still on hold%s",
		           verdicts[i].held->queue_id,
		           verdicts[i].fate == FATE_SOME
		                   ? ", and its copy is on its way: delete it"
		                   : "");
		/* What was copied must not be copied again. */
		if (verdicts[i].fate != FATE_SOME)
			verdicts[i].fate = FATE_STAYS;
		release->problems++;
	}
}

void
release_act(struct release *release, struct verdict_on_held *verdicts,
            size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (verdicts[i].fate == FATE_ENDS)
			record_end(release, &verdicts[i]);
		else if (verdicts[i].fate == FATE_SOME &&
		         !copy_to_some(release, &verdicts[i]))
			verdicts[i].fate = FATE_STAYS;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		order(release, orders[i].fate, orders[i].order, verdicts,
		      count);
	look_again(release, verdicts, count);
	for (size_t i = 0; i < count; i++)
		if (verdicts[i].fate != FATE_STAYS &&
		    verdicts[i].fate != FATE_ENDS)
			record_fate(release, &verdicts[i]);
}
