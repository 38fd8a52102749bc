#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include "record/person.h"
#include "web/routes.h"

/*
 * Whom a link speaks for. Each of them answers by itself when it gives
 * false, so a handler goes on with true alone.
 */

/* Of the tokens in a message: whoever has the message has them. */
bool target_of_message(struct call *call, struct person_of_token *target_r,
                       struct http_answer *answer);

/* Of a fresh link: whoever has it reads the mailbox. */
bool target_of_mailbox(struct call *call, struct person_of_token *target_r,
                       struct http_answer *answer);

/* The reader is known to be the person: the language on record counts. */
void target_language(struct call *call, const struct person *person);

#endif
