#include <string.h>

#include "cli/release.h"
#include "record/find.h"

/* The event is on disk before the MTA has the message in its hold queue. */
#define FRESH_MS ((time_ms_t)5 * 60 * 1000)

static void
set_people(struct release *release, const struct event *submitted,
           struct facts *facts)
{
	struct arena *arena = release->opened.arena;

	facts->recipient_count = submitted->recipient_count;
	facts->recipients = arena_array(arena, facts->recipient_count + 1,
	                                sizeof(*facts->recipients));
	for (size_t i = 0; i < facts->recipient_count; i++) {
		facts->recipients[i].address = submitted->recipients[i].address;
		facts->recipients[i].suppressed_since = "";
		facts->recipients[i].channel = "";
	}
}

/* The milter counts it under the Message-ID it came with, or its queue id. */
static const char *
name_of(const struct event *submitted, const struct held *held)
{
	const char *id = event_fact(submitted, "message_id");

	return id[0] != '\0' ? id : held->queue_id;
}

static void
stays(struct verdict_on_held *verdict, const char *why)
{
	verdict->fate = FATE_STAYS;
	verdict->why = why;
}

static enum fate
fate_of(const struct release *release, const struct verdict_on_held *verdict)
{
	const struct decision *decision = &verdict->decision;
	size_t all = verdict->facts.recipient_count;

	switch (decision->verdict) {
	case VERDICT_REFUSE:
		return FATE_ENDS;
	case VERDICT_DEFER:
	case VERDICT_UNTOUCHED:
		return FATE_STAYS;
	case VERDICT_HOLD:
		if (release->now_id[0] != '\0')
			break;
		return decision->hold_until > verdict->held->due ? FATE_LATER
		                                                 : FATE_STAYS;
	case VERDICT_PASS:
		break;
	}
	if (decision->drop_count == 0)
		return FATE_GOES;
	return decision->drop_count == all ? FATE_ENDS : FATE_SOME;
}

static void
judge_people(struct release *release, const struct event *submitted,
             struct verdict_on_held *verdict)
{
	struct arena *arena = release->opened.arena;
	bool is_counted = !release->is_dry && !release->is_list;

	verdict->counted_as = name_of(submitted, verdict->held);
	verdict->facts = (struct facts){ .now = release->now,
		                         .is_local_submission = true,
		                         .mta_can_hold = true };
	set_people(release, submitted, &verdict->facts);
	ask_people(arena, release->store, verdict->class,
	           is_counted ? verdict->counted_as : "", &verdict->facts);
	decide_again(arena, release->ruleset.rules, verdict->class,
	             &verdict->facts, &verdict->decision);
	verdict->fate = fate_of(release, verdict);
	verdict->why = decision_line(arena, &verdict->decision);
}

/* Before its time nothing goes, whatever would be decided now. */
static void
wait_for_time(const struct release *release, const struct event_list *events,
              struct verdict_on_held *verdict)
{
	const char *reason = "";

	if (release->now_id[0] != '\0' || verdict->held->due <= release->now ||
	    (verdict->fate != FATE_GOES && verdict->fate != FATE_SOME))
		return;
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind == EVENT_HELD)
			reason = events->items[i].detail;
	stays(verdict,
	      arena_printf(release->opened.arena, "not due: %s", reason));
}

static bool
is_fresh(const struct release *release, const struct event_list *events)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind == EVENT_HELD &&
		    events->items[i].time + FRESH_MS > release->now)
			return true;
	return false;
}

static const struct event *
submission_in(const struct event_list *events)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->items[i].kind == EVENT_SUBMITTED)
			return &events->items[i];
	return NULL;
}

void
release_judge(struct release *release, const struct held *held,
              struct verdict_on_held *verdict_r)
{
	struct event_list events = { .items = NULL };
	const struct event *submitted = NULL;
	struct error err;

	*verdict_r = (struct verdict_on_held){ .held = held,
		                               .counted_as = "",
		                               .why = "" };
	verdict_r->class =
		settings_class(release->opened.settings, held->class_name);
	if (find_events(release->opened.arena, release->store, held->message,
	                &events, &err) == RESULT_OK)
		submitted = submission_in(&events);
	if (mta_queue_find(&release->queue, held->queue_id) == NULL) {
		verdict_r->fate =
			is_fresh(release, &events) ? FATE_STAYS : FATE_IS_GONE;
		verdict_r->why = "not in the hold queue";
	} else if (verdict_r->class == NULL) {
		stays(verdict_r, "its class is no longer in the rules");
	} else if (submitted == NULL) {
		stays(verdict_r, "whom it is for is no longer on record");
	} else {
		judge_people(release, submitted, verdict_r);
		wait_for_time(release, &events, verdict_r);
	}
}
