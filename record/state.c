#include "record/state.h"

#define STATES (STATE_CONTRADICTED + 1)

/* Short names, so that the table below can be read as one. */
#define SUB STATE_SUBMITTED
#define REF STATE_REFUSED
#define DLY STATE_DELAYED
#define REL STATE_RELAYED
#define DEL STATE_DELIVERED
#define FAI STATE_FAILED
#define DIS STATE_DISPLAYED
#define REP STATE_REPLIED
#define CON STATE_CONTRADICTED

/*
 * Row: the event. Column: the state before. Events that say nothing about
 * where the message is (a disposition other than displayed, an automatic
 * reply, an unsubscribe...) change none. Expanded counts as handed over:
 * what became of the copies nobody says.
 */
/* clang-format off */
static const unsigned char moves[EVENT_KINDS][STATES] = {
	/* before:              SUB  REF  DLY  REL  DEL  FAI  DIS  REP  CON */
	[EVENT_SUBMITTED] =    { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_REFUSED] =      { REF, REF, REF, CON, CON, FAI, CON, CON, CON },
	[EVENT_RELAYED] =      { REL, CON, REL, REL, DEL, CON, DIS, REP, CON },
	[EVENT_DELIVERED] =    { DEL, CON, DEL, DEL, DEL, CON, DIS, REP, CON },
	[EVENT_EXPANDED] =     { REL, CON, REL, REL, DEL, CON, DIS, REP, CON },
	[EVENT_DELAYED] =      { DLY, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_FAILED] =       { FAI, REF, FAI, CON, CON, FAI, CON, CON, CON },
	[EVENT_DISPLAYED] =    { DIS, CON, DIS, DIS, DIS, CON, DIS, REP, CON },
	[EVENT_DISPOSED] =     { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_REPLIED] =      { REP, CON, REP, REP, REP, CON, REP, REP, CON },
	[EVENT_AUTO_REPLIED] = { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_UNSUBSCRIBED] = { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_UNREADABLE] =   { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_PASSED_ON] =    { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_GAP] =          { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
	[EVENT_STARTED] =      { SUB, REF, DLY, REL, DEL, FAI, DIS, REP, CON },
};
/* clang-format on */

static const struct {
	const char *name;
	const char *words;
} states[STATES] = {
	[STATE_SUBMITTED] = { "submitted", "sent; nothing came back yet" },
	[STATE_REFUSED] = { "refused", "refused here; it was not sent" },
	[STATE_DELAYED] = { "delayed",
	                    "not yet handed over; a mail server keeps trying" },
	[STATE_RELAYED] = { "relayed", "handed over to another mail server" },
	[STATE_DELIVERED] = { "delivered", "delivered to the mailbox service" },
	[STATE_FAILED] = { "failed", "could not be delivered" },
	[STATE_DISPLAYED] = { "displayed",
	                      "displayed by the recipient's mail program" },
	[STATE_REPLIED] = { "replied", "answered by the recipient" },
	[STATE_CONTRADICTED] = { "contradicted",
	                         "the reports contradict each other" },
};

enum state
state_next(enum state now, enum event_kind kind)
{
	return (enum state)moves[kind][now];
}

/*
 * What we did ourselves concerns all. A report or reply of somebody we did
 * not write to says nothing of one of our recipients.
 */
static bool
concerns(const struct event *event, unsigned recipient)
{
	return recipient == 0 || event->recipient == recipient ||
	       (event->recipient == 0 && event->grade == GRADE_OBSERVED);
}

static enum state
state_up_to(const struct event_list *events, unsigned recipient,
            enum event_grade lowest)
{
	enum state state = STATE_SUBMITTED;

	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];

		if (event->grade <= lowest && concerns(event, recipient))
			state = state_next(state, event->kind);
	}
	return state;
}

enum state
state_of(const struct event_list *events, unsigned recipient)
{
	return state_up_to(events, recipient, GRADE_CLAIMED);
}

bool
state_is_claimed(const struct event_list *events, unsigned recipient)
{
	return state_up_to(events, recipient, GRADE_AUTHENTICATED) !=
	       state_of(events, recipient);
}

const char *
state_name(enum state state)
{
	return states[state].name;
}

const char *
state_words(enum state state)
{
	return states[state].words;
}
