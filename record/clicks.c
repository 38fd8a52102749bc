#include "record/clicks.h"

#include <string.h>

#define BURST_MS    10000
#define BURST_COUNT 3

uint64_t
click_counts_human(const struct click_counts *counts)
{
	return counts->raw - counts->machine;
}

static bool
is_near(const struct clicks_seen *seen, const struct event *event)
{
	time_ms_t apart = event->time - seen->time;

	return seen->time != 0 && apart < BURST_MS && apart > -BURST_MS &&
	       message_id_same(seen->message, event->message);
}

static void
label_machine(struct clicks_seen *seen)
{
	if (!seen->is_machine)
		seen->counts->machine++;
	seen->is_machine = true;
}

void
clicks_add(struct clicks *clicks, const struct event *event,
           struct click_counts *counts)
{
	struct clicks_seen *seen = &clicks->recent[clicks->next];
	size_t near = 0;

	if (event->kind != EVENT_CLICKED)
		return;
	clicks->next = (clicks->next + 1) % CLICKS_RECENT;
	*seen = (struct clicks_seen){ .message = event->message,
		                      .time = event->time,
		                      .counts = counts };
	counts->raw++;
	if (strcmp(event->detail, "machine") == 0)
		label_machine(seen);
	for (size_t i = 0; i < CLICKS_RECENT; i++)
		near += is_near(&clicks->recent[i], event) ? 1 : 0;
	for (size_t i = 0; near >= BURST_COUNT && i < CLICKS_RECENT; i++)
		if (is_near(&clicks->recent[i], event))
			label_machine(&clicks->recent[i]);
}
