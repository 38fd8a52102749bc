#ifndef MAIL_BOUNCE_REASON_H
#define MAIL_BOUNCE_REASON_H

#include <stddef.h>

#include "mail/bounce_address.h"
#include "mail/report.h"

/*
 * Why, by the words of a notice: fills status, diagnostic and remote_mta of
 * a recipient from the lines below its address, else from a transcript that
 * speaks of it, else from the notice as a whole. Members that are set stay.
 */
void bounce_reason(const struct notice *notice, const struct found_list *found,
                   size_t index, struct report_recipient *recipient);

/* The host that wrote the notice, when it says so; "". */
const char *bounce_reporting_mta(const struct notice *notice);

#endif
