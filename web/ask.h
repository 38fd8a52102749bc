#ifndef WEB_ASK_H
#define WEB_ASK_H

#include "record/person.h"
#include "web/routes.h"

/*
 * /p/TOKEN and /d/TOKEN, the links of a message to one's choices and one's
 * data. A message is forwarded, and its links with it; so these pages show
 * nothing of the person, change nothing but the list of that very message
 * (they lead to /u/), and what they do is to mail a link of its own to the
 * address the message went to (web/fresh.h). The mails to one address are
 * counted in the store, over all hosts, so that nobody is flooded.
 */
#define ASK_MAILS_A_DAY 3

route_handler ask_show_choices;
route_handler ask_send_choices;
route_handler ask_show_data;
route_handler ask_send_data;

/* For who has such a link already and wants one for erasure. */
void ask_send_erasure(struct call *call, const struct person_of_token *target,
                      struct http_answer *answer);

#endif
