#include "record/state.h"

#define STATES (STATE_CONTRADICTED + 1)

/*
 * Short names, so that the table below can be read as one. 0 in it, and a
 * kind that has no row, leave the state as it was.
 */
#define SUB (STATE_SUBMITTED + 1)
#define HEL (STATE_HELD + 1)
#define REF (STATE_REFUSED + 1)
#define DLY (STATE_DELAYED + 1)
#define REL (STATE_RELAYED + 1)
#define DEL (STATE_DELIVERED + 1)
#define FAI (STATE_FAILED + 1)
#define DIS (STATE_DISPLAYED + 1)
#define REP (STATE_REPLIED + 1)
#define CFM (STATE_CONFIRMED + 1)
#define CON (STATE_CONTRADICTED + 1)

/*
 * Row: the event. Column: the state before. Events that say nothing about
 * where the message is (a disposition other than displayed, an automatic
 * reply, an unsubscribe...) have none. Expanded counts as handed over: what
 * became of the copies nobody says.
 */
/* clang-format off */
static const unsigned char moves[EVENT_KINDS][STATES] = {
	/* before:           SUB HEL REF DLY REL DEL FAI DIS REP CFM CON */
	[EVENT_HELD] =      {HEL,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0},
	[EVENT_RELEASED] =  {  0,SUB,  0,  0,  0,  0,  0,  0,  0,  0,  0},
	[EVENT_REFUSED] =   {REF,REF,  0,REF,CON,CON,  0,CON,CON,CON,  0},
	[EVENT_RELAYED] =   {REL,REL,CON,REL,  0,  0,CON,  0,  0,  0,  0},
	[EVENT_DELIVERED] = {DEL,DEL,CON,DEL,DEL,  0,CON,  0,  0,  0,  0},
	[EVENT_EXPANDED] =  {REL,REL,CON,REL,  0,  0,CON,  0,  0,  0,  0},
	[EVENT_DELAYED] =   {DLY,DLY,  0,  0,  0,  0,  0,  0,  0,  0,  0},
	[EVENT_FAILED] =    {FAI,FAI,  0,FAI,CON,CON,  0,CON,CON,CON,  0},
	[EVENT_DISPLAYED] = {DIS,DIS,CON,DIS,DIS,DIS,CON,  0,  0,  0,  0},
	[EVENT_REPLIED] =   {REP,REP,CON,REP,REP,REP,CON,REP,  0,  0,  0},
	[EVENT_CONFIRMED] = {CFM,CFM,CON,CFM,CFM,CFM,CON,CFM,CFM,  0,  0},
};
/* clang-format on */

static const struct {
	const char *name;
	const char *words;
} states[STATES] = {
	[STATE_SUBMITTED] = { "submitted", "sent; nothing came back yet" },
	[STATE_HELD] = { "held", "on hold here; it was not sent yet" },
	[STATE_REFUSED] = { "refused", "refused here; it was not sent" },
	[STATE_DELAYED] = { "delayed",
	                    "not yet handed over; a mail server keeps trying" },
	[STATE_RELAYED] = { "relayed", "handed over to another mail server" },
	[STATE_DELIVERED] = { "delivered", "delivered to the mailbox service" },
	[STATE_FAILED] = { "failed", "could not be delivered" },
	[STATE_DISPLAYED] = { "displayed",
	                      "displayed by the recipient's mail program" },
	[STATE_REPLIED] = { "replied", "answered by the recipient" },
	[STATE_CONFIRMED] = { "confirmed", "confirmed by the recipient" },
	[STATE_CONTRADICTED] = { "contradicted",
	                         "the reports contradict each other" },
};

enum state
state_next(enum state now, enum event_kind kind)
{
	unsigned char next = moves[kind][now];

	return next == 0 ? now : (enum state)(next - 1);
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
