#ifndef MAIL_BOUNCE_H
#define MAIL_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/letter.h"
#include "mail/report.h"

/*
 * Bounces that say it in words only. Signs are weighed: who sends it, what
 * the subject and the text say, what comes back with it.
 */
bool bounce_is_one(const struct letter *letter);

/* Does it come from a mail system by its sender address or name? */
bool bounce_is_from_daemon(const struct letter *letter);

/*
 * The recipients by the words of the notice, with action, status, reason
 * and host. sent: see report_read.
 */
void bounce_read(const struct letter *letter, const char *const *sent,
                 size_t sent_count, struct report *report);

#endif
