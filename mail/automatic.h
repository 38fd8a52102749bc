#ifndef MAIL_AUTOMATIC_H
#define MAIL_AUTOMATIC_H

#include <stdbool.h>

#include "mail/letter.h"

/*
 * Is the letter an answer that a machine gave: vacation, ticket, challenge?
 * One clear sign in the header is enough; wording needs a second sign, as
 * people write about their absences too.
 */
bool automatic_is_reply(const struct letter *letter);

#endif
